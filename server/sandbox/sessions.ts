import { AwsError, validation } from './awsError.ts'
import { permit, permitUnlessDenied } from './authorize.ts'
import { arnOf } from './model.ts'
import type { Session, User } from './model.ts'
import { date, needed } from './parameters.ts'
import type { Action } from './parameters.ts'
import { matchingStep } from './totp.ts'
import type { Xml } from './xml.ts'

function secondsOf(params: URLSearchParams, usual: number, most: number): number {
  const seconds = Number(params.get('DurationSeconds') ?? usual)
  if (Number.isInteger(seconds) && seconds >= 900 && seconds <= most) return seconds
  throw validation(
    `1 validation error detected: Value '${params.get('DurationSeconds')}' at 'durationSeconds' failed to satisfy constraint: Member must have value between 900 and ${most}`,
  )
}

const credentialsXml = ({ id, secret, token, expiresAt }: Session): Xml => ({
  AccessKeyId: id,
  SecretAccessKey: secret,
  SessionToken: token,
  Expiration: date(expiresAt),
})

function takeCode(user: User, params: URLSearchParams, now: number): void {
  const denied = (why: string) => new AwsError(403, 'AccessDenied', `MultiFactorAuthentication failed${why}`)
  const device = user.mfa.find(({ serial }) => serial === params.get('SerialNumber'))
  if (!device)
    throw denied(
      ', unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.',
    )
  const step = matchingStep(device.seed, params.get('TokenCode') ?? '', now)
  if (step === undefined || step <= device.lastStep) throw denied(' with invalid MFA one time pass code. ')
  device.lastStep = step
}

export const sts: Record<string, Action> = {
  /** Needs no permission, even under an explicit deny. */
  GetCallerIdentity({ caller: { user, session } }) {
    const { account } = user
    const arn = (rest: string) => `arn:${account.partition}:sts::${account.id}:${rest}`
    const { kind, role, name = user.name } = session ?? {}
    const Arn =
      kind === 'role' && role
        ? arn(`assumed-role/${role.name}/${name}`)
        : kind === 'federation'
          ? arn(`federated-user/${name}`)
          : arnOf(user)
    return { Arn, UserId: user.uniqueId, Account: account.id }
  },

  GetSessionToken({ world, caller, params, changed }) {
    if (caller.session)
      throw new AwsError(403, 'AccessDenied', 'Cannot call GetSessionToken with session credentials')
    // No policy has to allow it, and one may deny it.
    permitUnlessDenied(caller, 'sts:GetSessionToken')
    const seconds = secondsOf(params, 43_200, 129_600)
    const mfa = params.has('SerialNumber') || params.has('TokenCode')
    if (mfa) takeCode(caller.user, params, world.serverNow())
    const session = world.addSession(caller.user, { mfa, seconds })
    changed(session.id)
    return { Credentials: credentialsXml(session) }
  },

  /** Its session may open the console, and no API of IAM's. */
  GetFederationToken({ world, caller, params, changed }) {
    if (caller.session)
      throw new AwsError(403, 'AccessDenied', 'Cannot call GetFederationToken with session credentials')
    const name = needed({ params }, 'Name')
    permit(caller, 'sts:GetFederationToken', true, `federated-user ${name}`)
    const seconds = secondsOf(params, 43_200, 129_600)
    const session = world.addSession(caller.user, { kind: 'federation', name, seconds })
    changed(session.id)
    const { account } = caller.user
    return {
      Credentials: credentialsXml(session),
      FederatedUser: {
        FederatedUserId: `${account.id}:${name}`,
        Arn: `arn:${account.partition}:sts::${account.id}:federated-user/${name}`,
      },
    }
  },

  /** The role's trust alone decides, unless a policy denies; a session of a role that assumes another lives an hour. */
  AssumeRole({ world, caller, params, changed }) {
    const arn = needed({ params }, 'RoleArn')
    const name = needed({ params }, 'RoleSessionName')
    const { account } = caller.user
    const role = account.roles.find((each) => arn.endsWith(`:role/${each.name}`))
    permitUnlessDenied(caller, 'sts:AssumeRole', arn)
    if (!role || !(role.trusts.has(caller.user.name) || caller.session?.role))
      throw new AwsError(
        403,
        'AccessDenied',
        `User: ${arnOf(caller.user)} is not authorized to perform: sts:AssumeRole on resource: ${arn}`,
      )
    const most = caller.session?.role ? 3_600 : role.maxSeconds
    const session = world.addSession(caller.user, {
      kind: 'role',
      role,
      name,
      seconds: secondsOf(params, Math.min(3_600, most), most),
    })
    changed(session.id)
    return {
      Credentials: credentialsXml(session),
      AssumedRoleUser: {
        AssumedRoleId: `AROA:${name}`,
        Arn: `arn:${account.partition}:sts::${account.id}:assumed-role/${role.name}/${name}`,
      },
    }
  },
}
