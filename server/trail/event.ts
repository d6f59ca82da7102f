import { parseKeyId } from '../profiles/keyId.ts'

/** One event of CloudTrail's history, of which only what is named here goes on: requests and replies can hold session tokens. */
export interface TrailEvent {
  readonly id: string
  /** Milliseconds since the epoch; CloudTrail knows whole seconds. */
  readonly at: number
  /** Such as `CreateUser`. */
  readonly act: string
  /** Such as `iam`. */
  readonly service: string
  readonly region: string
  /** The key or the session that signed. */
  readonly by: string
  /** Where it came from, or the AWS service that acted; empty: it does not say. */
  readonly address: string
  readonly agent: string
  /** AWS refused it. */
  readonly error?: string
  readonly requestId?: string
  /** A session that it made. */
  readonly session?: MadeSession
  /** Facts of the request and the reply that the table of acts asks for. */
  readonly facts?: Facts
}

export interface MadeSession {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly until?: number
  /** Of the role that was assumed; only where there is one. */
  readonly account?: string
}

export type Facts = { readonly [Name in FactName]?: string }

/** Members of requests and replies that say what was done to what; none of them can be a secret. */
const factNames = [
  'userName',
  'groupName',
  'roleName',
  'policyName',
  'policyArn',
  'accessKeyId',
  'status',
  'serialNumber',
  'name',
  'url',
  'sAMLProviderArn',
  'openIDConnectProviderArn',
  'serviceName',
  'serviceSpecificCredentialId',
  'sSHPublicKeyId',
  'certificateId',
  'bucketName',
  'functionName',
  'keyId',
  'secretId',
  'trailName',
  'regionName',
  'principalId',
  'permissionSetArn',
] as const
type FactName = (typeof factNames)[number]

export interface Read {
  readonly event?: TrailEvent
  /** What AWS sent is not what its model promises; what could be read of it is in `event`. */
  readonly broken: boolean
}

type Bag = Readonly<Record<string, unknown>>

/** Longest texts that are kept, in characters: a user agent may be written by a thief, and be any length. */
const longest = { name: 128, address: 128, agent: 512, id: 128, fact: 256 }

/**
 * Reads an event as LookupEvents sent it. Nothing of it is believed: any member may be missing, of another kind, or
 * hostile.
 *
 * @param region whose history it stood in
 * @param by the id that was looked up
 */
export function readEvent(raw: unknown, region: string, by: string): Read {
  const outer = bagOf(raw)
  const inner = bagOf(parsed(outer?.['CloudTrailEvent']))
  const act = textOf(inner?.['eventName'], longest.name) ?? textOf(outer?.['EventName'], longest.name)
  const at = timeOf(inner?.['eventTime']) ?? timeOf(outer?.['EventTime'])
  if (act === undefined || at === undefined) return { broken: true }
  const source = textOf(inner?.['eventSource'], longest.name) ?? textOf(outer?.['EventSource'], longest.name)
  const requestId = textOf(inner?.['requestID'], longest.id)
  const error = textOf(inner?.['errorCode'], longest.name)
  const request = bagOf(inner?.['requestParameters'])
  const reply = bagOf(inner?.['responseElements'])
  const facts = factsOf(request, reply)
  const session = error === undefined ? sessionOf(request, reply) : undefined
  const id =
    textOf(inner?.['eventID'], longest.id) ??
    textOf(outer?.['EventId'], longest.id) ??
    [at, region, act, requestId ?? ''].join(' ')
  return {
    broken: inner === undefined,
    event: {
      id,
      at,
      act,
      service: source?.replace(/\.amazonaws\.com(\.cn)?$/, '') ?? '',
      region: textOf(inner?.['awsRegion'], longest.name) ?? region,
      by,
      address: textOf(inner?.['sourceIPAddress'], longest.address) ?? invokerOf(inner) ?? '',
      agent: textOf(inner?.['userAgent'], longest.agent) ?? '',
      ...(error !== undefined && { error }),
      ...(requestId !== undefined && { requestId }),
      ...(session && { session }),
      ...(facts && { facts }),
    },
  }
}

function parsed(text: unknown): unknown {
  if (typeof text !== 'string') return undefined
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function bagOf(value: unknown): Bag | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Bag) : undefined
}

function textOf(value: unknown, most: number): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  // Half of a pair of surrogates, also one that was cut, is no text, and would break whoever encodes it.
  return (value.length > most ? `${value.slice(0, most)}…` : value).replace(/\p{Surrogate}/gu, '\ufffd')
}

/** Seconds since the epoch, as JSON 1.1 has it, or ISO 8601, as the event itself has. */
function timeOf(value: unknown): number | undefined {
  const ms = typeof value === 'number' ? value * 1_000 : typeof value === 'string' ? Date.parse(value) : NaN
  // CloudTrail began in 2013; what Date cannot show would end the page that shows it.
  return ms > Date.UTC(2013) && ms < Date.UTC(2200) ? ms : undefined
}

/** A service that acts for somebody may be named there alone. */
function invokerOf(inner: Bag | undefined): string | undefined {
  return textOf(bagOf(inner?.['userIdentity'])?.['invokedBy'], longest.address)
}

function factsOf(request: Bag | undefined, reply: Bag | undefined): Facts | undefined {
  // A reply has what it made inside: `{user: {userName}}`, `{accessKey: {accessKeyId}}`.
  const made = Object.values(reply ?? {}).map(bagOf)
  const bags: readonly (Bag | undefined)[] = [request, ...made, reply]
  const facts: { [Name in FactName]?: string } = {}
  for (const name of factNames) {
    for (const bag of bags) {
      const value = bag && Object.hasOwn(bag, name) ? textOf(bag[name], longest.fact) : undefined
      if (value !== undefined) facts[name] ??= value
    }
  }
  return Object.keys(facts).length > 0 ? facts : undefined
}

function sessionOf(request: Bag | undefined, reply: Bag | undefined): MadeSession | undefined {
  const credentials = bagOf(reply?.['credentials'])
  const id = textOf(credentials?.['accessKeyId'], longest.id)
  if (id === undefined || !id.startsWith('ASIA') || !parseKeyId(id)) return undefined
  const until = timeOf(credentials?.['expiration'])
  const account = /^arn:[\w-]+:iam::(\d{12}):role\//.exec(
    textOf(request?.['roleArn'], longest.fact) ?? '',
  )?.[1]
  return { id, ...(until !== undefined && { until }), ...(account !== undefined && { account }) }
}
