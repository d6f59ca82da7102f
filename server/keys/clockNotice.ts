import type { Trouble } from '../api/problem.ts'
import { trustedOffsetMs } from './ports.ts'

/**
 * What is told where this machine's clock is not to be believed.
 * @param offset AWS's clock minus this machine's, in milliseconds; undefined where AWS has not been asked yet
 */
export function clockNotice(offset: number | undefined): Trouble[] {
  if (offset === undefined || Math.abs(offset) <= trustedOffsetMs) return []
  const minutes = Math.round(Math.abs(offset) / 60_000)
  const off = minutes < 120 ? `${minutes} minutes` : `${Math.round(minutes / 60)} hours`
  return [
    {
      name: 'clock-differs',
      title: `This machine’s clock is ${off} ${offset < 0 ? 'ahead of' : 'behind'} AWS’s`,
      detail: 'Until the two agree no kept pair is forgotten, and no old key counts as quiet.',
      remedy: 'Set the clock, then check the keys again.',
    },
  ]
}
