import { AwsError, invalidToken, noSuchKey, noSuchUser, validation } from './awsError.ts'
import { permit } from './authorize.ts'
import type { Caller } from './authorize.ts'
import { arnOf, listedStatus, liveKeys, ownerOf } from './model.ts'
import type { AccessKey, User } from './model.ts'
import { matchingStep } from './totp.ts'
import type { World } from './world.ts'
import type { Xml } from './xml.ts'

export interface ActionContext {
  readonly world: World
  readonly caller: Caller
  readonly params: URLSearchParams
  /** Told of a key that came, changed or went, for the log of calls. */
  readonly changed: (keyId: string) => void
}

type Action = (context: ActionContext) => Xml | void

const date = (ms: number) => new Date(ms).toISOString().replace(/\.\d{3}/, '')

/** The user that a call is about; its own where UserName is omitted, which a session may not do. */
function subject({ caller, params }: ActionContext, action: string): User {
  const name = params.get('UserName')
  if (name === null) {
    if (caller.session) throw validation('Must specify userName when calling with non-User credentials')
    permit(caller, `iam:${action}`, true, `user ${caller.user.name}`)
    return caller.user
  }
  if (!/^[\w+=,.@-]{1,128}$/.test(name))
    throw validation(
      'The specified value for userName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-',
    )
  const { users } = caller.user.account
  const user = users.find((other) => other.name.toLowerCase() === name.toLowerCase() && !other.root)
  // Before 'no such user', as AWS has it: whoever may not ask must not learn who exists.
  permit(caller, `iam:${action}`, user === caller.user, `user ${name}`)
  if (!user) throw noSuchUser(name)
  return user
}

function keyParam({ params }: ActionContext): string {
  const id = params.get('AccessKeyId')
  if (id === null) throw missing('accessKeyId')
  if (!/^\w{16,128}$/.test(id))
    throw validation(
      `1 validation error detected: Value '${id}' at 'accessKeyId' failed to satisfy constraint: Member must have length between 16 and 128 and match [\\w]+`,
    )
  return id
}

const missing = (name: string) =>
  validation(
    `1 validation error detected: Value null at '${name}' failed to satisfy constraint: Member must not be null`,
  )

function keyOf(user: User, id: string): AccessKey {
  const key = liveKeys(user).find((candidate) => candidate.id === id)
  if (!key) throw noSuchKey(id)
  return key
}

const iam: Record<string, Action> = {
  CreateAccessKey(context) {
    const user = subject(context, 'CreateAccessKey')
    const key = context.world.createKey(user)
    context.changed(key.id)
    return {
      AccessKey: {
        UserName: user.name,
        AccessKeyId: key.id,
        Status: key.status,
        SecretAccessKey: key.secret,
        CreateDate: date(key.createdAt),
      },
    }
  },

  ListAccessKeys(context) {
    const user = subject(context, 'ListAccessKeys')
    const { world, params } = context
    const maxItems = Number(params.get('MaxItems') ?? 100)
    if (!Number.isInteger(maxItems) || maxItems < 1 || maxItems > 1000)
      throw validation(
        `1 validation error detected: Value '${params.get('MaxItems')}' at 'maxItems' failed to satisfy constraint: Member must have value between 1 and 1000`,
      )
    const listed = user.keys
      .map((key) => ({ key, status: listedStatus(key, world.now()) }))
      .filter(({ status }) => status !== undefined)
    const marker = params.get('Marker')
    const after = marker === null ? undefined : Buffer.from(marker, 'base64url').toString()
    // The marker is an id, so that a page that begins after a key that went meanwhile skips no other.
    const from = after === undefined ? 0 : user.keys.findIndex(({ id }) => id === after) + 1
    if (after !== undefined && from === 0) throw validation('Invalid Marker.')
    const rest = listed.filter(({ key }) => user.keys.indexOf(key) >= from)
    const page = rest.slice(0, Math.min(maxItems, world.behaviour.maxPage))
    const truncated = page.length < rest.length
    return {
      UserName: user.name,
      AccessKeyMetadata: page.map(({ key, status }) => ({
        UserName: user.name,
        AccessKeyId: key.id,
        Status: status,
        CreateDate: date(key.createdAt),
      })),
      IsTruncated: truncated,
      Marker: truncated ? Buffer.from(page.at(-1)!.key.id).toString('base64url') : undefined,
    }
  },

  UpdateAccessKey(context) {
    const status = context.params.get('Status')
    const id = keyParam(context)
    if (status !== 'Active' && status !== 'Inactive')
      throw status === null
        ? missing('status')
        : validation(
            `1 validation error detected: Value '${status}' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive]`,
          )
    const key = keyOf(subject(context, 'UpdateAccessKey'), id)
    context.world.setStatus(key, status)
    context.changed(id)
  },

  DeleteAccessKey(context) {
    const id = keyParam(context)
    const key = keyOf(subject(context, 'DeleteAccessKey'), id)
    context.world.deleteKey(key)
    context.changed(id)
  },

  GetAccessKeyLastUsed(context) {
    const id = keyParam(context)
    const { account } = context.caller.user
    const found = ownerOf([account], id)
    permit(
      context.caller,
      'iam:GetAccessKeyLastUsed',
      found?.user === context.caller.user,
      `access key ${id}`,
    )
    if (!found || found.key.deletedAt !== undefined) throw noSuchKey(id)
    const lastUsed = context.world.toldUse(found.key)
    return {
      UserName: found.user.name,
      AccessKeyLastUsed: {
        LastUsedDate: lastUsed && date(lastUsed.at),
        ServiceName: lastUsed?.service ?? 'N/A',
        Region: lastUsed?.region ?? 'N/A',
      },
    }
  },

  GetUser(context) {
    const user = subject(context, 'GetUser')
    return {
      User: {
        Path: user.path,
        UserName: user.root ? undefined : user.name,
        UserId: user.uniqueId,
        Arn: arnOf(user),
        CreateDate: date(user.createdAt),
      },
    }
  },

  ListAccountAliases({ caller }) {
    permit(caller, 'iam:ListAccountAliases', true, '*')
    const { alias } = caller.user.account
    return { AccountAliases: alias ? [alias] : [], IsTruncated: false }
  },

  ListMFADevices(context) {
    const user = subject(context, 'ListMFADevices')
    return {
      MFADevices: user.mfa
        ? [{ UserName: user.name, SerialNumber: user.mfa.serial, EnableDate: date(user.mfa.enabledAt) }]
        : [],
      IsTruncated: false,
    }
  },
}

const sts: Record<string, Action> = {
  /** Needs no permission, even under an explicit deny. */
  GetCallerIdentity({ caller: { user } }) {
    return { Arn: arnOf(user), UserId: user.uniqueId, Account: user.account.id }
  },

  GetSessionToken({ world, caller, params }) {
    if (caller.session)
      throw new AwsError(403, 'AccessDenied', 'Cannot call GetSessionToken with session credentials')
    const seconds = Number(params.get('DurationSeconds') ?? 43_200)
    if (!Number.isInteger(seconds) || seconds < 900 || seconds > 129_600)
      throw validation(
        `1 validation error detected: Value '${params.get('DurationSeconds')}' at 'durationSeconds' failed to satisfy constraint: Member must have value between 900 and 129600`,
      )
    const mfa = params.has('SerialNumber') || params.has('TokenCode')
    if (mfa) takeCode(caller.user, params, world.serverNow())
    const session = world.addSession(caller.user, mfa, seconds)
    return {
      Credentials: {
        AccessKeyId: session.id,
        SecretAccessKey: session.secret,
        SessionToken: session.token,
        Expiration: date(session.expiresAt),
      },
    }
  },
}

function takeCode(user: User, params: URLSearchParams, now: number): void {
  const denied = (why: string) => new AwsError(403, 'AccessDenied', `MultiFactorAuthentication failed${why}`)
  const device = user.mfa
  if (!device || params.get('SerialNumber') !== device.serial)
    throw denied(
      ', unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.',
    )
  const step = matchingStep(device.seed, params.get('TokenCode') ?? '', now)
  if (step === undefined || step <= device.lastStep) throw denied(' with invalid MFA one time pass code. ')
  device.lastStep = step
}

const versions = { iam: '2010-05-08', sts: '2011-06-15' } as const

/** Does what the call says, at once and undividedly. @throws AwsError */
export function act(service: 'iam' | 'sts', name: string, context: ActionContext): Xml | void {
  const table = service === 'iam' ? iam : sts
  const version = context.params.get('Version') ?? ''
  if (!Object.hasOwn(table, name) || version !== versions[service])
    throw new AwsError(400, 'InvalidAction', `Could not find operation ${name} for version ${version}`)
  // GetSessionToken without a code gives credentials that IAM does not take.
  if (service === 'iam' && context.caller.session && !context.caller.session.mfa) throw invalidToken()
  return table[name]!(context)
}
