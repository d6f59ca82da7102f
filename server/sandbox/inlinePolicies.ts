import { AwsError } from './awsError.ts'
import { permit } from './authorize.ts'
import type { Group, InlinePolicies, Role } from './model.ts'
import { namedSubject, needed, subject } from './parameters.ts'
import type { Action, ActionContext } from './parameters.ts'

/** Characters without white space, of all inline policies of a user; a role has 10,240. */
const roomOf = { user: 2_048, role: 10_240 } as const

interface Statement {
  readonly Effect?: unknown
  readonly Action?: unknown
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/**
 * Whether an inline policy denies. A condition on `aws:TokenIssueTime` is met by sessions alone: a long-term key's request has no
 * such key, and DateLessThan of an absent key is false. Another condition is not played, and so never met.
 *
 * @param issuedAt of the session that signs; undefined: a long-term key does
 */
export function deniedInline(
  policies: InlinePolicies,
  action: string,
  issuedAt: number | undefined,
  now: number,
): boolean {
  return [...policies.values()]
    .flatMap((versions) => versions.findLast(({ from }) => from <= now)?.document ?? [])
    .flatMap((document) => [
      (JSON.parse(document) as { Statement?: Statement | Statement[] }).Statement ?? [],
    ])
    .flat()
    .some(({ Effect, Action: actions, Condition }) => {
      if (Effect !== 'Deny' || ![actions].flat().some((pattern) => matches(pattern, action))) return false
      if (!Condition) return true
      const { DateLessThan, ...others } = Condition
      const cut = DateLessThan?.['aws:TokenIssueTime']
      if (Object.keys(others).length > 0 || typeof cut !== 'string') return false
      return issuedAt !== undefined && issuedAt < Date.parse(cut)
    })
}

function matches(pattern: unknown, action: string): boolean {
  if (typeof pattern !== 'string') return false
  const text = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*')
  return new RegExp(`^${text}$`, 'i').test(action)
}

const current = (policies: InlinePolicies, name: string) => policies.get(name)?.at(-1)?.document

function readPolicy(policies: InlinePolicies, name: string, whose: string): string {
  const document = current(policies, name)
  if (document === undefined)
    throw new AwsError(404, 'NoSuchEntity', `The ${whose} policy with name ${name} cannot be found.`)
  return document
}

function put(context: ActionContext, policies: InlinePolicies, kind: 'user' | 'role', whose: string): void {
  const name = needed(context, 'PolicyName')
  const document = needed(context, 'PolicyDocument')
  try {
    if (typeof (JSON.parse(document) as { Statement?: unknown }).Statement !== 'object') throw new Error()
  } catch {
    throw new AwsError(400, 'MalformedPolicyDocument', 'Syntax errors in policy.')
  }
  const others = [...policies.keys()].filter((each) => each !== name)
  const size = [...others.map((each) => current(policies, each) ?? ''), document]
    .map((text) => text.replace(/\s/g, '').length)
    .reduce((sum, each) => sum + each, 0)
  if (size > roomOf[kind])
    throw new AwsError(
      409,
      'LimitExceeded',
      `Maximum policy size of ${roomOf[kind]} bytes exceeded for ${kind} ${whose}`,
    )
  change(context, policies, name, document)
}

/** Takes effect after a while, as everything of IAM's. */
function change({ world }: ActionContext, policies: InlinePolicies, name: string, document?: string): void {
  const from = world.now() + world.behaviour.policyLagMs
  policies.set(name, [...(policies.get(name) ?? []), { from, ...(document !== undefined && { document }) }])
}

export function roleOf(context: ActionContext, action: string): Role {
  const name = needed(context, 'RoleName')
  permit(context.caller, `iam:${action}`, false, `role ${name}`)
  const role = context.caller.user.account.roles.find((each) => each.name === name)
  if (!role) throw new AwsError(404, 'NoSuchEntity', `The role with name ${name} cannot be found.`)
  return role
}

export function groupOf(context: ActionContext, action: string): Group {
  const name = needed(context, 'GroupName')
  permit(context.caller, `iam:${action}`, false, `group ${name}`)
  const group = context.caller.user.account.groups.find((each) => each.name === name)
  if (!group) throw new AwsError(404, 'NoSuchEntity', `The group with name ${name} cannot be found.`)
  return group
}

function get(context: ActionContext, policies: InlinePolicies, holder: 'user' | 'role' | 'group') {
  const PolicyName = needed(context, 'PolicyName')
  return { PolicyName, PolicyDocument: encodeURIComponent(readPolicy(policies, PolicyName, holder)) }
}

export const inlinePolicies: Record<string, Action> = {
  PutUserPolicy(context) {
    const user = namedSubject(context, 'PutUserPolicy')
    put(context, user.inlinePolicies, 'user', user.name)
  },

  GetUserPolicy(context) {
    const user = namedSubject(context, 'GetUserPolicy')
    return { UserName: user.name, ...get(context, user.inlinePolicies, 'user') }
  },

  DeleteUserPolicy(context) {
    const user = namedSubject(context, 'DeleteUserPolicy')
    const name = needed(context, 'PolicyName')
    readPolicy(user.inlinePolicies, name, 'user')
    change(context, user.inlinePolicies, name)
  },

  ListUserPolicies(context) {
    const user = subject(context, 'ListUserPolicies')
    const names = [...user.inlinePolicies.keys()].filter((name) => current(user.inlinePolicies, name))
    return { PolicyNames: names, IsTruncated: false }
  },

  PutRolePolicy(context) {
    const role = roleOf(context, 'PutRolePolicy')
    put(context, role.inlinePolicies, 'role', role.name)
  },

  GetRolePolicy(context) {
    const role = roleOf(context, 'GetRolePolicy')
    return { RoleName: role.name, ...get(context, role.inlinePolicies, 'role') }
  },

  GetGroupPolicy(context) {
    const group = groupOf(context, 'GetGroupPolicy')
    return { GroupName: group.name, ...get(context, group.inlinePolicies, 'group') }
  },
}
