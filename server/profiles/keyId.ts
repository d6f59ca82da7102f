declare const parsed: unique symbol

/** An access key id that `parseKeyId` has looked at: it may be shown, sent and kept. */
export type KeyId = string & { readonly [parsed]: true }

/**
 * AWS says 16 to 128 word characters. That alone would let through one in four secrets that stand in the place of the
 * id, so that the prefix counts, too: long-term, temporary, two that services hand out, and LocalStack's own two. No
 * real id has a small letter, and one of X's alone is a template's.
 */
const form = /^(AKIA|ASIA|ABIA|ACCA|LKIA|LSIA)(?!X+$)[A-Z0-9]{12,124}$/

/** @returns undefined where it cannot be a key id, and may be anything, a secret among others */
export function parseKeyId(text: string): KeyId | undefined {
  return form.test(text) ? (text as KeyId) : undefined
}

/** No secret and no placeholder: what was kept under such a name, of whatever length, may stay. */
export function isHarmless(text: string): boolean {
  return /^(AKIA|ASIA|ABIA|ACCA|LKIA|LSIA)[A-Z0-9]*$/.test(text)
}

/** A key id as it is, anything else masked: for words about a value that nobody has looked at yet. */
export function keyIdOrMask(text: string): string {
  return parseKeyId(text) ?? '••••••••'
}
