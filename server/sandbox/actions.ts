import { AwsError, invalidToken, noSuchKey, validation } from './awsError.ts'
import { permit } from './authorize.ts'
import { inlinePolicies } from './inlinePolicies.ts'
import { arnOf, listedStatus, liveKeys, ownerOf } from './model.ts'
import type { AccessKey, User } from './model.ts'
import { managedPolicies } from './managedPolicies.ts'
import { otherCredentials } from './otherCredentials.ts'
import { date, missing, paged, statusParam, subject } from './parameters.ts'
import type { Action, ActionContext } from './parameters.ts'
import { passwords } from './passwords.ts'
import { sts } from './sessions.ts'
import type { Xml } from './xml.ts'

function keyParam({ params }: ActionContext): string {
  const id = params.get('AccessKeyId')
  if (id === null) throw missing('accessKeyId')
  if (!/^\w{16,128}$/.test(id))
    throw validation(
      `1 validation error detected: Value '${id}' at 'accessKeyId' failed to satisfy constraint: Member must have length between 16 and 128 and match [\\w]+`,
    )
  return id
}

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
    const listed = user.keys
      .map((key) => ({ id: key.id, key, status: listedStatus(key, context.world.now()) }))
      .filter(({ status }) => status !== undefined)
    const { page, ...rest } = paged(context, user.keys, listed)
    return {
      UserName: user.name,
      AccessKeyMetadata: page.map(({ key, status }) => ({
        UserName: user.name,
        AccessKeyId: key.id,
        Status: status,
        CreateDate: date(key.createdAt),
      })),
      ...rest,
    }
  },

  UpdateAccessKey(context) {
    const status = statusParam(context)
    const id = keyParam(context)
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
        PasswordLastUsed: user.password?.lastUsed === undefined ? undefined : date(user.password.lastUsed),
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
    const devices = user.mfa.map((device) => ({ id: device.serial, ...device }))
    const { page, ...rest } = paged(context, devices, devices)
    return {
      MFADevices: page.map(({ serial, enabledAt }) => ({
        UserName: user.name,
        SerialNumber: serial,
        EnableDate: date(enabledAt),
      })),
      ...rest,
    }
  },

  ...otherCredentials,
  ...passwords,
  ...inlinePolicies,
  ...managedPolicies,
}

const versions = { iam: '2010-05-08', sts: '2011-06-15' } as const

/** Does what the call says, at once and undividedly. @throws AwsError */
export function act(service: 'iam' | 'sts', name: string, context: ActionContext): Xml | void {
  const table = service === 'iam' ? iam : sts
  const version = context.params.get('Version') ?? ''
  if (!Object.hasOwn(table, name) || version !== versions[service])
    throw new AwsError(400, 'InvalidAction', `Could not find operation ${name} for version ${version}`)
  const { session } = context.caller
  // GetSessionToken without a code gives credentials that IAM does not take, and GetFederationToken never others.
  if (service === 'iam' && session && session.kind !== 'role' && !session.mfa) throw invalidToken()
  return table[name]!(context)
}
