/** All that is not seen and acts: control characters (a terminal's sequences), and what reorders or hides its neighbours. */
const unseen = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
/** What would pass for one that is spelled out. */
const lookalike = /\\(?=u\{)/g
const spelledOut = (char: string): string => `\\u{${char.codePointAt(0)?.toString(16)}}`

/**
 * Names of profiles and users, paths, and AWS's messages come from elsewhere: what is in them could clear the screen,
 * or make one name look like another. They are shown with such characters spelled out, each in a way of its own, on
 * the terminal and on the page.
 */
export function printable(text: string): string {
  return text.replace(lookalike, spelledOut).replace(unseen, spelledOut)
}

/** JSON that means the same and does nothing to a terminal. JSON itself escapes the rest of the control characters. */
export function printableJson(value: unknown): string {
  const inJson = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(value, undefined, 2).replace(unseen, (char) => char.split('').map(inJson).join(''))
}

/**
 * Which of these names a person means, who writes it as it was shown or as it is; the text itself where it is none of them.
 * What is shown goes first: of two names it tells which.
 */
export function nameMeant(text: string, names: readonly string[]): string {
  return names.find((name) => printable(name) === text) ?? text
}
