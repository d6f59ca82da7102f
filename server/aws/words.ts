import type { Trouble } from '../api/problem.ts'
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
])

export function changesSomething(action: Action): boolean {
  return changes.has(action)
}

export function nothingDone(action: Action): string {
  return changes.has(action) ? 'Nothing was changed in AWS.' : 'Nothing was changed.'
}
