import { createHmac } from 'node:crypto'
import { fromBase32 } from './accessKeyId.ts'

const stepMs = 30_000

/** The 30-second step that an instant falls into (RFC 6238). @param at milliseconds since the epoch */
export const totpStep = (at: number) => Math.floor(at / stepMs)

/**
 * The six digits that an authenticator shows (RFC 6238: HMAC-SHA-1, 30 seconds).
 *
 * @param seed the device's secret in Base32, as the QR code has it
 * @param step see {@link totpStep}
 */
export function totp(seed: string, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(step))
  const mac = createHmac('sha1', fromBase32(seed)).update(counter).digest()
  const offset = mac[mac.length - 1]! & 15
  return ((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).toString().padStart(6, '0')
}

/** The step whose code this is: now, or one step to either side, as AWS allows; undefined: wrong code. */
export function matchingStep(seed: string, code: string, at: number): number | undefined {
  return [0, -1, 1].map((drift) => totpStep(at) + drift).find((step) => totp(seed, step) === code)
}
