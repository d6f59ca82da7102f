import type { IAMClient } from '@aws-sdk/client-iam'

/** One user with one key, as a cloud was seeded with it. */
export interface SeededUser {
  readonly name: string
  readonly arn: string
  readonly id: string
  readonly secret: string
}

/** An IAM to be tried against: its endpoint, its users, and its own word on which keys there are. */
export interface Cloud {
  readonly name: string
  readonly url: string
  readonly users: readonly SeededUser[]
  /** The IAM's own listing of a user's keys, not Keyturn's. */
  keys(userName: string): Promise<{ id: string; status: string }[]>
  /** An administrator of the account. */
  readonly admin: IAMClient
  /** Calls seen so far; undefined where the IAM does not count. */
  callCount(): number | undefined
  close(): Promise<void>
}

/** Ten users: plain ones, one with a path, and one whose name has every odd character that IAM allows. */
export const userNames = [
  ...['ada', 'grace', 'edsger', 'barbara', 'donald', 'radia', 'leslie'],
  ...['ci-deploy', 'build.bot_2', 'first+last,x=y@example.com'],
]
/** Has a console password, and no key. */
export const passwordUser = 'holder'
export const userPaths: Readonly<Record<string, string>> = { 'ci-deploy': '/automation/build/' }

/** The five actions of the README's policy, and nothing else: what a careful person grants. */
export const fiveActions = [
  'iam:CreateAccessKey',
  'iam:ListAccessKeys',
  'iam:UpdateAccessKey',
  'iam:DeleteAccessKey',
  'iam:GetAccessKeyLastUsed',
]
