import type { CallOptions, Signer } from '../keys/iam.ts'
import type { DoorLook } from './acts.ts'

/** What is asked of one region's event history. Times: milliseconds since the epoch. */
export interface HistoryQuery {
  /** A key's id, or a session's. */
  readonly keyId: string
  readonly start?: number
  readonly end?: number
  /** Of the page before, with all else the same. */
  readonly token?: string
}

export interface HistoryPage {
  /** As they came: nothing of them is believed yet. */
  readonly events: readonly unknown[]
  /** Absent: this was the last page. */
  readonly next?: string
  /** AWS's own clock, by the reply's Date header. */
  readonly date?: number
}

/** CloudTrail's event history: management events of ninety days, one region at a time. */
export interface EventHistory {
  /**
   * One page, newest first, at most two a second for an account and region.
   * @param signer whose target was made for a region's CloudTrail
   * @throws AwsFailure; `bad-token` where AWS no longer takes the token
   */
  page(signer: Signer, query: HistoryQuery, options?: CallOptions): Promise<HistoryPage>
  /**
   * Whether what an act left behind is still there.
   * @param signer whose target was made for IAM
   * @throws AwsFailure
   */
  isThere(signer: Signer, look: DoorLook, options?: CallOptions): Promise<boolean>
}
