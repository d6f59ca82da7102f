const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/**
 * The account of an access key, computed from the key's id without asking anyone: base32 after the four-letter prefix, first
 * six bytes, bits 7 to 46. Not documented by AWS, so it is always shown as derived; found by Aidan Steele (awsteele.com, 2020-09-26)
 * and Tal Be'ery ('A short note on AWS KEY ID').
 *
 * @returns twelve digits; undefined for ids of the old kind (top bit unset, such as AKIAI… and AKIAJ…), which hold no account
 */
export function accountIdOf(keyId: string): string | undefined {
  if (!/^[A-Z]{4}[A-Z2-7]{16}$/.test(keyId)) return undefined
  // Ten digits of five bits are fifty: the first six bytes and two bits more.
  let bits = 0n
  for (const letter of keyId.slice(4, 14)) bits = (bits << 5n) | BigInt(alphabet.indexOf(letter))
  const bytes = bits >> 2n
  if (bytes >> 47n === 0n) return undefined
  return ((bytes & 0x7fffffffff80n) >> 7n).toString().padStart(12, '0')
}
