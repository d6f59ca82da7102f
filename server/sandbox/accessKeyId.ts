const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** Base32 (RFC 4648, no padding), as AWS writes the part of an id that follows its four-letter prefix. */
export function base32(bytes: Uint8Array): string {
  let bits = 0n
  for (const byte of bytes) bits = (bits << 8n) | BigInt(byte)
  const length = Math.ceil((bytes.length * 8) / 5)
  bits <<= BigInt(length * 5 - bytes.length * 8)
  let text = ''
  for (let i = length - 1; i >= 0; i--) text += alphabet[Number((bits >> BigInt(i * 5)) & 31n)]
  return text
}

/** The bytes of a Base32 text, padding and spaces aside. @throws Error on a character outside the alphabet */
export function fromBase32(text: string): Uint8Array {
  const clean = text.toUpperCase().replace(/[\s=]/g, '')
  const bytes: number[] = []
  let held = 0
  let bits = 0
  for (const character of clean) {
    const value = alphabet.indexOf(character)
    if (value < 0) throw new Error(`not a Base32 character: ${character}`)
    held = (held << 5) | value
    bits += 5
    if (bits >= 8) {
      bits -= 8
      bytes.push((held >> bits) & 255)
      held &= (1 << bits) - 1
    }
  }
  return Uint8Array.from(bytes)
}

/**
 * An access key id that carries its account as AWS's own ids do: the first six bytes after the prefix are a set
 * bit, forty bits of account number, seven bits of anything. AWS does not document it; found by Aidan Steele and
 * Tal Be'ery.
 *
 * @param prefix AKIA for a long-term key, ASIA for a session's
 * @param account twelve digits
 * @param noise ten random bytes
 */
export function accessKeyId(prefix: 'AKIA' | 'ASIA', account: string, noise: Uint8Array): string {
  const bytes = Uint8Array.from(noise.subarray(0, 10))
  const head = (1n << 47n) | (BigInt(account) << 7n) | BigInt(bytes[5]! & 127)
  for (let i = 0; i < 6; i++) bytes[i] = Number((head >> BigInt((5 - i) * 8)) & 255n)
  return prefix + base32(bytes)
}

/** The account that an id carries; undefined for ids of the older generation, which carry none. */
export function accountOf(id: string): string | undefined {
  if (!/^A[KS]IA[A-Z2-7]{16}$/.test(id)) return undefined
  const bytes = fromBase32(id.slice(4))
  let head = 0n
  for (const byte of bytes.subarray(0, 6)) head = (head << 8n) | BigInt(byte)
  if (head >> 47n === 0n) return undefined
  return ((head & 0x7fffffffff80n) >> 7n).toString().padStart(12, '0')
}
