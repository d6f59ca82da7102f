import type { OwnCall } from '../trail/ownCalls.ts'

/** @param keyId the id that signed */
export type OnAnswered = (keyId: string, call: OwnCall) => void

/** What AWS, and later its CloudTrail, calls a call. */
export function answeredCall(act: string, agent: string, headers: Record<string, string>): OwnCall {
  const date = Date.parse(headers['date'] ?? '')
  return {
    id: headers['x-amzn-requestid'] ?? '',
    act,
    at: Number.isFinite(date) ? date : Date.now(),
    agent,
  }
}
