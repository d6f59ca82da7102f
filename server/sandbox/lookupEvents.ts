import type { Caller } from './authorize.ts'
import { permit } from './authorize.ts'
import { AwsError, throttled, unrecognized } from './awsError.ts'
import type { Call } from './call.ts'
import { historyOf } from './cloudTrailEvents.ts'
import type { WireEvent } from './cloudTrailEvents.ts'
import { isOptIn } from './partitions.ts'
import type { World } from './world.ts'

export interface LookupContext {
  readonly world: World
  readonly caller: Caller
  /** Where the call was signed for. */
  readonly region: string
  readonly input: unknown
  readonly calls: readonly Call[]
}

export interface LookupReply {
  readonly Events: readonly WireEvent[]
  readonly NextToken?: string
}

const historyMs = 90 * 86_400_000
const pageSize = 50

const attributes: Readonly<Record<string, (event: WireEvent, value: string) => boolean>> = {
  AccessKeyId: (event, value) => event.AccessKeyId === value,
  EventId: (event, value) => event.EventId === value,
  EventName: (event, value) => event.EventName === value,
  EventSource: (event, value) => event.EventSource === value,
  ReadOnly: (event, value) => event.ReadOnly === value,
  Username: (event, value) => event.Username === value,
  ResourceName: (event, value) => event.Resources.some(({ ResourceName }) => ResourceName === value),
  ResourceType: (event, value) => event.Resources.some(({ ResourceType }) => ResourceType === value),
}

/**
 * CloudTrail's LookupEvents: the last 90 days of one region, newest first, pages of 50, one attribute, two calls a
 * second for an account and region.
 *
 * @throws AwsError
 */
export function lookupEvents(context: LookupContext): LookupReply {
  const { world, caller, region } = context
  const { account } = caller.user
  // To a region that an account has not enabled its keys are unknown.
  if (isOptIn(region) && !account.regions.has(region)) throw unrecognized()
  permit(caller, 'cloudtrail:LookupEvents', true)
  if (world.throttlesLookup(account, region)) throw throttled()
  const input = inputOf(context.input)
  const now = world.now()
  const serverNow = world.serverNow()
  const from = Math.max(input.start ?? 0, serverNow - historyMs)
  const events = historyOf(world, account, context.calls, world.behaviour.trailLagMs)
    .filter((event) => event.region === region && event.toldFrom <= now)
    .filter(({ at }) => at >= from && (input.end === undefined || at <= input.end))
    .filter(({ wire }) => input.matches(wire))
    .sort((a, b) => b.at - a.at || (a.wire.EventId < b.wire.EventId ? 1 : -1))
  const first =
    input.after === undefined ? 0 : events.findIndex(({ wire }) => wire.EventId === input.after) + 1
  if (input.after !== undefined && first === 0) throw invalidToken()
  const page = events.slice(first, first + input.size)
  const last = page.at(-1)
  return {
    Events: page.map(({ wire }) => wire),
    ...(last &&
      first + page.length < events.length && { NextToken: tokenOf(input.asked, last.wire.EventId) }),
  }
}

interface Input {
  readonly size: number
  readonly start?: number
  readonly end?: number
  readonly matches: (event: WireEvent) => boolean
  /** The event that the page before ended with. */
  readonly after?: string
  /** What a token belongs to: used with anything else it is refused. */
  readonly asked: string
}

function inputOf(value: unknown): Input {
  const input = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  const size = input['MaxResults'] ?? pageSize
  if (typeof size !== 'number' || !Number.isInteger(size) || size < 1 || size > pageSize)
    throw new AwsError(400, 'InvalidMaxResultsException', 'MaxResults must be between 1 and 50')
  const start = timeOf(input['StartTime'])
  const end = timeOf(input['EndTime'])
  if (start !== undefined && end !== undefined && start > end)
    throw new AwsError(400, 'InvalidTimeRangeException', 'StartTime must be before EndTime')
  const list = input['LookupAttributes'] ?? []
  if (!Array.isArray(list) || list.length > 1) throw invalidAttributes()
  const [wanted] = list as { AttributeKey?: unknown; AttributeValue?: unknown }[]
  const asked = JSON.stringify([list, start ?? null, end ?? null])
  const token = input['NextToken']
  return {
    size,
    asked,
    matches: matcherOf(wanted),
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end }),
    ...(token !== undefined && { after: afterOf(token, asked) }),
  }
}

function matcherOf(
  wanted: { AttributeKey?: unknown; AttributeValue?: unknown } | undefined,
): Input['matches'] {
  if (!wanted) return () => true
  const { AttributeKey: key, AttributeValue: text } = wanted
  if (typeof key !== 'string' || typeof text !== 'string' || !Object.hasOwn(attributes, key) || text === '')
    throw invalidAttributes()
  return (event) => attributes[key]!(event, text)
}

/** JSON 1.1 has times as seconds since the epoch. */
function timeOf(value: unknown): number | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw new AwsError(400, 'SerializationException', 'a timestamp is not a number')
  return value * 1_000
}

const tokenOf = (asked: string, after: string) =>
  Buffer.from(JSON.stringify([asked, after])).toString('base64')

function afterOf(token: unknown, asked: string): string {
  try {
    const [of, after] = JSON.parse(Buffer.from(String(token), 'base64').toString()) as [unknown, unknown]
    if (of === asked && typeof after === 'string') return after
  } catch {
    // Not one of ours.
  }
  throw invalidToken()
}

const invalidToken = () => new AwsError(400, 'InvalidNextTokenException', 'Invalid pagination token.')
const invalidAttributes = () =>
  new AwsError(400, 'InvalidLookupAttributesException', 'The lookup attributes are not valid.')
