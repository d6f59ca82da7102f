import type { AwsFailureKind } from '../../keys/iam.ts'

/** Each way in which a call can fail, by how far the request got and by who answered: never by the name of an error. */
export interface Way {
  /** Whether its first byte may have left this machine. */
  readonly sent: boolean
  /** Whose answer came, and came whole. */
  readonly answer: 'nobody' | 'AWS' | 'somebody else' | 'unclear'
  /**
   * Whether it is sent again. `wait`: with longer and longer pauses, until patience ends; `slower`: the same, and with fewer
   * calls at once; `briefly`: for a second or so; `corrected`: once, by AWS's clock. What may have acted is sent again only where
   * twice does the same as once: never a CreateAccessKey.
   */
  readonly again: 'wait' | 'slower' | 'briefly' | 'corrected' | 'no'
  /** `ambiguous` is what may have acted: what was sent and not answered by AWS, and AWS's own failures. */
  readonly kind: AwsFailureKind
}

const unsent = (again: Way['again'], kind: AwsFailureKind = 'network') =>
  ({ sent: false, answer: 'nobody', again, kind }) as const
const unanswered = (again: Way['again']) =>
  ({ sent: true, answer: 'nobody', again, kind: 'ambiguous' }) as const
const foreign = (again: Way['again']) =>
  ({ sent: true, answer: 'somebody else', again, kind: 'ambiguous' }) as const
/** AWS's own word, to be believed: it did not act, and would say the same again. */
const refused = (kind: AwsFailureKind) => ({ sent: true, answer: 'AWS', again: 'no', kind }) as const

/** The one table of ways to fail, with the reasons for sending again or not. */
export const ways = {
  // A proxy or a bundle of certificates that cannot be used: only the person can change that.
  setting: unsent('no'),
  aborted: unsent('no', 'aborted'),
  // A name that does not resolve, a host that is not reached or not listening: networks come back.
  lookup: unsent('wait'),
  refused: unsent('wait'),
  unreachable: unsent('wait'),
  'proxy-unreachable': unsent('wait'),
  // A proxy that knows us and says no, a certificate that nobody vouches for, a server that speaks no TLS: none of them passes.
  'proxy-refused': unsent('no'),
  certificate: unsent('no'),
  handshake: unsent('no'),

  'lost-reply': unanswered('wait'),
  // It would be as long again.
  'too-long': unanswered('no'),

  // A sign-in page goes once somebody signs in, a gateway's 502 once it is well again.
  'not-aws': foreign('wait'),
  // An address that somebody typed: a product that is not IAM will not become it; a gateway that starts may take a moment.
  'not-iam': foreign('briefly'),
  'proxy-password': foreign('no'),
  unclear: { sent: true, answer: 'unclear', again: 'wait', kind: 'ambiguous' },

  // AWS's own accidents: it may have acted before it failed.
  'server-error': { sent: true, answer: 'AWS', again: 'wait', kind: 'ambiguous' },
  throttled: { sent: true, answer: 'AWS', again: 'slower', kind: 'throttled' },
  // The time in the signature was wrong, and the answer says what AWS's is.
  clock: { sent: true, answer: 'AWS', again: 'corrected', kind: 'clock-skew' },

  quota: refused('quota'),
  'other-quota': refused('other'),
  'unknown-key': refused('invalid-key'),
  'wrong-secret': refused('bad-signature'),
  'unreadable-signature': refused('other'),
  'session-over': refused('expired-session'),
  'not-subscribed': refused('other'),
  'region-off': refused('other'),
  'not-found': refused('not-found'),
  denied: refused('denied'),
  'denied-outright': refused('denied'),
  organization: refused('denied'),
  boundary: refused('denied'),
  'boundary-outright': refused('denied'),
  'endpoint-policy': refused('denied'),
  'session-policy': refused('denied'),
  quarantine: refused('quarantined'),
  'quarantine-likely': refused('quarantined'),
  'mfa-required': refused('mfa-required'),
  'mfa-code': refused('mfa-code'),
  'mfa-device': refused('other'),
  'session-not-allowed': refused('other'),
  'user-name': refused('other'),
  unsupported: refused('other'),
  other: refused('other'),
} as const satisfies Record<string, Way>

export type WayName = keyof typeof ways

export function wayOf(name: WayName): Way {
  return ways[name]
}
