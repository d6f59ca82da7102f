import { createHash } from 'node:crypto'
import type { Call } from './call.ts'
import { arnOf, ownerOf } from './model.ts'
import type { Account, User } from './model.ts'
import { mainRegionOf } from './partitions.ts'
import type { EventSeed } from './seed.ts'
import type { World } from './world.ts'

/** An event as LookupEvents lists it, with the region whose history it stands in. */
export interface ListedEvent {
  readonly region: string
  /** By AWS's clock, milliseconds since the epoch, whole seconds. */
  readonly at: number
  /** From when it is told, by the injected clock. */
  readonly toldFrom: number
  readonly wire: WireEvent
}

/** The `Event` shape of CloudTrail's model. */
export interface WireEvent {
  readonly EventId: string
  readonly EventName: string
  readonly ReadOnly: string
  readonly AccessKeyId?: string
  readonly EventTime: number
  readonly EventSource: string
  readonly Username?: string
  readonly Resources: readonly { readonly ResourceType?: string; readonly ResourceName?: string }[]
  /** JSON, or whatever a seed has put in its place. */
  readonly CloudTrailEvent: string
}

/** What was seeded into an account's history, and what came in since as calls. @param lag milliseconds */
export function historyOf(
  world: World,
  account: Account,
  calls: readonly Call[],
  lag: number,
): ListedEvent[] {
  return [
    ...account.events.map((seed) => seeded(account, seed)),
    ...calls.flatMap((call) => (call.account === account.id ? called(world, account, call, lag) : [])),
  ]
}

function seeded(account: Account, seed: EventSeed): ListedEvent {
  const at = wholeSeconds(seed.at)
  return {
    region: seed.region ?? mainRegionOf(account.partition),
    at,
    toldFrom: -Infinity,
    wire: wireOf(account, at, { ...seed, region: seed.region ?? mainRegionOf(account.partition) }),
  }
}

/** Nothing of a call by nobody, and none of AWS's refusals to know who signs: only who is known has a history. */
const unlogged =
  /^(pending|dropped-before|InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|ExpiredToken|Throttling)$/

function called(world: World, account: Account, call: Call, lag: number): ListedEvent[] {
  const user = userOf(account, call)
  if (!user || call.keyId === undefined || (!call.acted && unlogged.test(call.outcome))) return []
  const at = wholeSeconds(call.at + world.behaviour.clockOffsetMs)
  // IAM is global and stands in the partition's main region; the others in that of the call.
  const region = call.service === 'iam' ? mainRegionOf(account.partition) : (call.region ?? '')
  const response = call.acted ? responseOf(account, call) : undefined
  const seed: EventSeed & { region: string } = {
    id: uuidOf(call.requestId),
    at,
    name: call.action,
    source: `${call.service}.amazonaws.com`,
    region,
    keyId: call.keyId,
    user: user.name,
    address: world.behaviour.callerAddress,
    agent: call.agent,
    requestId: call.requestId,
    request: camel(call.params),
    ...(response && { response }),
    ...(call.acted ? {} : { error: call.outcome }),
  }
  return [{ region, at, toldFrom: call.at + lag, wire: wireOf(account, at, seed) }]
}

function userOf(account: Account, { keyId = '' }: Call): User | undefined {
  return ownerOf([account], keyId)?.user ?? account.sessions.find(({ id }) => id === keyId)?.user
}

/** What AWS writes of a reply: ids, states, and a session's token, which is in its history in the clear. */
function responseOf(account: Account, { action, changed, at }: Call): EventSeed['response'] {
  if (changed === undefined) return undefined
  const session = account.sessions.find(({ id }) => id === changed)
  if (session)
    return {
      credentials: {
        accessKeyId: changed,
        sessionToken: session.token,
        expiration: new Date(session.expiresAt).toUTCString(),
      },
    }
  const userName = ownerOf([account], changed)?.user.name
  return action === 'CreateAccessKey'
    ? {
        accessKey: {
          accessKeyId: changed,
          status: 'Active',
          userName,
          createDate: new Date(at).toUTCString(),
        },
      }
    : undefined
}

function wireOf(account: Account, at: number, seed: EventSeed & { readonly region: string }): WireEvent {
  const id = seed.id ?? uuidOf(`${account.id} ${at} ${seed.region} ${seed.name} ${seed.requestId ?? ''}`)
  const readOnly = seed.readOnly ?? /^(Get|List|Describe|Lookup)/.test(seed.name)
  const user = account.users.find(({ name }) => name === seed.user)
  const record = {
    eventVersion: '1.11',
    userIdentity: {
      type: seed.keyId?.startsWith('ASIA') ? 'FederatedUser' : 'IAMUser',
      principalId: user?.uniqueId,
      arn: user && arnOf(user),
      accountId: account.id,
      accessKeyId: seed.keyId,
      userName: seed.user,
    },
    eventTime: new Date(at).toISOString().replace('.000', ''),
    eventSource: seed.source,
    eventName: seed.name,
    awsRegion: seed.region,
    sourceIPAddress: seed.address,
    userAgent: seed.agent,
    ...(seed.error && {
      errorCode: seed.error,
      errorMessage: `User: ${user ? arnOf(user) : ''} is not authorized`,
    }),
    requestParameters: seed.request ?? null,
    responseElements: seed.response ?? null,
    requestID: seed.requestId,
    eventID: id,
    readOnly,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: account.id,
    eventCategory: 'Management',
  }
  return {
    EventId: id,
    EventName: seed.name,
    ReadOnly: String(readOnly),
    ...(seed.keyId && { AccessKeyId: seed.keyId }),
    EventTime: at / 1_000,
    EventSource: seed.source,
    ...(seed.user && { Username: seed.user }),
    Resources: Object.values(seed.request ?? {})
      .filter((value) => typeof value === 'string')
      .map((ResourceName) => ({ ResourceName })),
    CloudTrailEvent: seed.raw ?? JSON.stringify(record),
  }
}

const wholeSeconds = (ms: number) => Math.floor(ms / 1_000) * 1_000

/** CloudTrail writes parameters in camel case: `userName`. */
const camel = (params: Readonly<Record<string, string>>) =>
  Object.fromEntries(
    Object.entries(params).map(([name, value]) => [`${name[0]?.toLowerCase() ?? ''}${name.slice(1)}`, value]),
  )

/** The same id for the same text, each time that it is asked for. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    '-',
  )
}
