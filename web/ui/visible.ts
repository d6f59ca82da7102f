/** All that is not seen and acts: control characters, and what reorders or hides its neighbours. */
const unseen = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|\\(?=u\{)/gu
/** Whether there may be any in a text of JSON, which escapes some of them itself. */
const suspect = /\\u00[0-9a-f]{2}|\\[bf]|\\u\{|[\p{Cf}\p{Zl}\p{Zp}\u007f-\u009f]/u

/**
 * A profile is called whatever somebody wrote into a file: a name that runs backwards or hides a part of itself must
 * not look like another. Such characters are spelled out, each in a way of its own.
 */
export function visible(text: string): string {
  return text.replace(unseen, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`)
}

/** What the server sent, for eyes: every text in it visible. Looked through once before, since parsing so is slow. */
export function parseVisibly(json: string): unknown {
  if (!suspect.test(json)) return JSON.parse(json)
  return JSON.parse(json, (_, value: unknown) => (typeof value === 'string' ? visible(value) : value))
}
