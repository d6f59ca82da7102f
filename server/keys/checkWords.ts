import type { LastUsed } from '../api/inventory.ts'
import type { Trouble } from '../api/problem.ts'
import type { AwsFailure } from './iam.ts'
import type { HeldKey } from './ports.ts'

/** @param consoleHost of the partition, where it has one */
export function rootKey(consoleHost?: string): Trouble {
  return {
    name: 'root-key',
    title: 'A root key',
    detail:
      "This key belongs to the account's root user: it may do everything, and no policy can hold it back. Keyturn does not rotate root keys.",
    remedy: `AWS advises to have none: make an IAM user or role for what uses it, then sign in as root and delete it${
      consoleHost ? ` at ${rootConsoleUrl(consoleHost)}` : ''
    }.`,
  }
}

export function rootConsoleUrl(consoleHost: string): string {
  return `https://${consoleHost}/iam/home#/security_credentials`
}

export function notAUser(arn: string): Trouble {
  return {
    name: 'not-a-user',
    title: 'Not the key of an IAM user',
    detail: `AWS says that this key acts as ${arn}: there is no long-term key to rotate.`,
    remedy: 'Renew it with the tool that wrote it.',
  }
}

/**
 * A plain denial read as a wish for MFA, where the profile names a device: many policies allow these actions only with MFA, and AWS does not
 * say so.
 */
export function wantsMfa(failure: AwsFailure, key: HeldKey): Trouble | undefined {
  const named = key.profiles.some(({ settings }) => settings.values.mfa_serial)
  if (failure.kind !== 'denied' || !failure.mfaMayHelp || !named) return undefined
  const { policy: _, ...trouble } = failure.trouble
  return {
    ...trouble,
    name: 'mfa-required',
    title: 'AWS probably wants a code from an MFA device',
    detail: `AWS refused ${trouble.action}, and the profile names an MFA device: a policy may ask for it. Nothing was changed.`,
    remedy: 'A rotation asks for the six digits that the device shows.',
  }
}

/** AWS notes the first use in a span of 15 minutes, and with some delay. */
const grain = 16 * 60_000
const slack = 60_000

/**
 * Whether a recorded use is a call of Keyturn's own: of IAM or STS, and just now or within the span of the check before. Such a
 * use says nothing of the person's programs.
 *
 * @param asked when it was asked for, in milliseconds since the epoch
 * @param checkedBefore when the check before this one was, ISO 8601
 */
export function isOwnUse(used: LastUsed, asked: number, checkedBefore?: string): boolean {
  if (!used.at || (used.service !== 'iam' && used.service !== 'sts')) return false
  const at = Date.parse(used.at)
  if (at >= asked - slack) return true
  if (!checkedBefore) return false
  const before = Date.parse(checkedBefore)
  return at >= before - slack && at <= before + grain
}
