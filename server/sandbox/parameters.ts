import { noSuchUser, validation } from './awsError.ts'
import { permit } from './authorize.ts'
import type { Caller } from './authorize.ts'
import type { User } from './model.ts'
import type { World } from './world.ts'
import type { Xml } from './xml.ts'

export interface ActionContext {
  readonly world: World
  readonly caller: Caller
  readonly params: URLSearchParams
  /** Told of a key that came, changed or went, or a session that came, for the log of calls. */
  readonly changed: (keyId: string) => void
}

export type Action = (context: ActionContext) => Xml | void

export const date = (ms: number) => new Date(ms).toISOString().replace(/\.\d{3}/, '')

/** The user that a call is about; its own where UserName is omitted, which a session may not do. */
export function subject({ caller, params }: ActionContext, action: string): User {
  const name = params.get('UserName')
  if (name === null) {
    if (caller.session) throw validation('Must specify userName when calling with non-User credentials')
    permit(caller, `iam:${action}`, true, `user ${caller.user.name}`)
    return caller.user
  }
  return userNamed({ caller }, name, action)
}

/** For actions that want the name even of who signs. */
export function namedSubject(context: ActionContext, action: string): User {
  return userNamed(context, needed(context, 'UserName'), action)
}

function userNamed({ caller }: Pick<ActionContext, 'caller'>, name: string, action: string): User {
  if (!/^[\w+=,.@-]{1,128}$/.test(name))
    throw validation(
      'The specified value for userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-',
    )
  const { users } = caller.user.account
  const user = users.find((other) => other.name.toLowerCase() === name.toLowerCase() && !other.root)
  // Before 'no such user', as AWS has it: whoever may not ask must not learn who exists.
  permit(caller, `iam:${action}`, user === caller.user && !caller.session?.role, `user ${name}`)
  if (!user) throw noSuchUser(name)
  return user
}

/** @throws AwsError ValidationError where the parameter is not given */
export function needed({ params }: Pick<ActionContext, 'params'>, name: string): string {
  const value = params.get(name)
  if (value === null) throw missing(name.charAt(0).toLowerCase() + name.slice(1))
  return value
}

export const missing = (name: string) =>
  validation(
    `1 validation error detected: Value null at '${name}' failed to satisfy constraint: Member must not be null`,
  )

export function statusParam(context: ActionContext): 'Active' | 'Inactive' {
  const status = needed(context, 'Status')
  if (status === 'Active' || status === 'Inactive') return status
  throw validation(
    `1 validation error detected: Value '${status}' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]`,
  )
}

/**
 * One page of a list, by MaxItems and Marker. A marker is an id, so that a page that begins after something that went meanwhile
 * skips nothing else.
 *
 * @param all whatever was ever there, in order; @param listed what is listed of it now
 */
export function paged<T extends { readonly id: string }>(
  { params, world }: ActionContext,
  all: readonly { readonly id: string }[],
  listed: readonly T[],
): { readonly page: readonly T[]; readonly IsTruncated: boolean; readonly Marker: string | undefined } {
  const maxItems = Number(params.get('MaxItems') ?? 100)
  if (!Number.isInteger(maxItems) || maxItems < 1 || maxItems > 1000)
    throw validation(
      `1 validation error detected: Value '${params.get('MaxItems')}' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and 1000`,
    )
  const marker = params.get('Marker')
  const after = marker === null ? undefined : Buffer.from(marker, 'base64url').toString()
  const at = (wanted: string) => all.findIndex(({ id }) => id === wanted)
  const from = after === undefined ? 0 : at(after) + 1
  if (after !== undefined && from === 0) throw validation('Invalid Marker.')
  const rest = listed.filter(({ id }) => at(id) >= from)
  const page = rest.slice(0, Math.min(maxItems, world.behaviour.maxPage))
  const IsTruncated = page.length < rest.length
  return {
    page,
    IsTruncated,
    Marker: IsTruncated ? Buffer.from(page.at(-1)!.id).toString('base64url') : undefined,
  }
}
