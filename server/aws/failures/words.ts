import type { Trouble } from '../../api/problem.ts'
import type { Target } from '../../keys/iam.ts'
import type { Action } from './classify.ts'

/** The designed part of a failure: what is true now, and what to do next. */
export type Words = Pick<Trouble, 'name' | 'title' | 'detail'> & {
  readonly remedy?: string
  readonly policy?: string
}

const changes: ReadonlySet<Action> = new Set([
  'iam:CreateAccessKey',
  'iam:UpdateAccessKey',
  'iam:DeleteAccessKey',
  'iam:UpdateServiceSpecificCredential',
  'iam:DeleteServiceSpecificCredential',
  'iam:UpdateSSHPublicKey',
  'iam:DeleteSSHPublicKey',
  'iam:UpdateSigningCertificate',
  'iam:DeleteSigningCertificate',
  'iam:PutUserPolicy',
  'iam:DeleteUserPolicy',
])

export function changesSomething(action: Action): boolean {
  return changes.has(action)
}

/** The host that a call goes to. */
export function endpointOf(action: Action, { iam, sts, cloudtrail }: Target): string {
  if (action.startsWith('sts:')) return sts.endpoint
  return (action.startsWith('cloudtrail:') ? cloudtrail : undefined)?.endpoint ?? iam.endpoint
}

export function nothingDone(action: Action): string {
  return changes.has(action) ? 'Nothing was changed in AWS.' : 'Nothing was changed.'
}

/** What is true where nobody knows whether a call was acted on. */
export function perhapsDone(action: Action): string {
  return changes.has(action) ? `AWS may have carried out ${action.slice(4)}, or not.` : 'Nothing was changed.'
}
