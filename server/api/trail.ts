import { Type, type Static } from 'typebox'
import { Trouble } from './problem.ts'
import { oneOf } from './words.ts'

const closed = { additionalProperties: false }
const Time = Type.String({ format: 'date-time' })
const Count = Type.Integer({ minimum: 0 })

export const TrailRequest = Type.Object(
  {
    keys: Type.Array(Type.String({ maxLength: 128 }), { minItems: 1, maxItems: 5000, uniqueItems: true }),
    since: Type.Optional(Type.String({ format: 'date-time', description: 'Not before this time' })),
    regions: Type.Optional(
      Type.Union([
        oneOf(['usual', 'all']),
        Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: 64 }),
      ]),
    ),
    signer: Type.Optional(
      Type.String({ maxLength: 256, description: 'The profile that signs, for keys of its account' }),
    ),
  },
  closed,
)
export type TrailRequest = Static<typeof TrailRequest>

/** Everything from one address by one program. */
export const TrailSource = Type.Object(
  {
    address: Type.String({
      description: 'Or the AWS service that acted; empty where the event does not say',
    }),
    agent: Type.String(),
    mine: Type.Boolean({ description: "Keyturn's own calls with the key came from this address" }),
    service: Type.Boolean({ description: 'An AWS service, not somebody’s address' }),
    events: Count,
    first: Time,
    last: Time,
    acts: Type.Array(Type.String(), { description: 'What was done most, at most a few' }),
  },
  closed,
)
export type TrailSource = Static<typeof TrailSource>

export const TrailDoor = Type.Object(
  {
    id: Type.String({ description: "The event's" }),
    at: Time,
    act: Type.String(),
    target: Type.String(),
    address: Type.String(),
    mine: Type.Boolean(),
    words: Type.String({ description: 'What was done: made the user backup-svc' }),
    todo: Type.String(),
    canLook: Type.Boolean({ description: 'Whether AWS can be asked if it is still there' }),
    still: Type.Optional(oneOf(['asking', 'there', 'gone', 'unknown'])),
    trouble: Type.Optional(Trouble),
  },
  closed,
)
export type TrailDoor = Static<typeof TrailDoor>

export const TrailSession = Type.Object(
  {
    id: Type.String(),
    by: Type.String({ description: 'The key or session that made it' }),
    at: Time,
    until: Type.Optional(Time),
    mine: Type.Boolean(),
    events: Count,
    followed: oneOf(['yes', 'waiting', 'other-account', 'too-deep', 'too-many']),
  },
  closed,
)
export type TrailSession = Static<typeof TrailSession>

export const TrailRegion = Type.Object(
  {
    region: Type.String(),
    events: Count,
    pages: Count,
    back: Type.Optional(
      Type.String({ format: 'date-time', description: 'How far back its pages reach by now' }),
    ),
    done: Type.Boolean({ description: 'Read to its end' }),
    state: oneOf(['waiting', 'asking', 'slowed', 'done', 'stopped', 'denied', 'disabled', 'full', 'failed']),
    denied: Type.Optional(Type.String({ description: 'The permission that is missing' })),
    trouble: Type.Optional(Trouble),
  },
  closed,
)
export type TrailRegion = Static<typeof TrailRegion>

export const TrailKey = Type.Object(
  {
    key: Type.String(),
    account: Type.Optional(Type.String()),
    user: Type.Optional(Type.String()),
    signer: Type.Optional(Type.String({ description: 'The profile that signs' })),
    signers: Type.Array(Type.String(), { description: 'Other profiles of the account that might' }),
    from: Time,
    to: Time,
    says: Type.String({ description: 'The answer in a sentence' }),
    mineKnown: Type.Boolean({
      description: 'An own call has been found: it is known which address is this machine’s',
    }),
    events: Count,
    strangers: Count,
    passedOver: Type.Integer({ minimum: 0, description: 'Events that could not be read' }),
    sources: Type.Array(TrailSource),
    moreSources: Count,
    doors: Type.Array(TrailDoor),
    moreDoors: Count,
    sessions: Type.Array(TrailSession),
    moreSessions: Count,
    regions: Type.Array(TrailRegion),
    days: Type.Array(
      Type.Object({ day: Type.String(), mine: Count, strangers: Count, services: Count }, closed),
    ),
    limits: Type.Array(Type.String(), { description: 'What this answer cannot know, in words' }),
    handOver: Type.Optional(Type.String({ description: 'For an administrator, where asking is denied' })),
    consoleUrl: Type.Optional(Type.String()),
    trouble: Type.Optional(Trouble),
  },
  { $id: 'TrailKey', ...closed },
)
export type TrailKey = Static<typeof TrailKey>

/** What CloudTrail knows of keys. It lives in memory alone, as long as the session does. */
export const Trail = Type.Object(
  {
    id: Type.String(),
    state: oneOf(['asking', 'stopped', 'done']),
    request: TrailRequest,
    startedAt: Time,
    keys: Type.Array(TrailKey),
  },
  { $id: 'Trail', ...closed },
)
export type Trail = Static<typeof Trail>

export const TrailRow = Type.Object(
  {
    id: Type.String(),
    at: Time,
    act: Type.String(),
    service: Type.String(),
    region: Type.String(),
    by: Type.String(),
    address: Type.String(),
    agent: Type.String(),
    mine: Type.Boolean(),
    own: Type.Boolean({ description: 'Keyturn itself made the call' }),
    error: Type.Optional(Type.String()),
    requestId: Type.Optional(Type.String()),
    target: Type.Optional(Type.String()),
    words: Type.Optional(Type.String()),
    weight: Type.Optional(oneOf(['door', 'harm'])),
  },
  closed,
)
export type TrailRow = Static<typeof TrailRow>

export const TrailRows = Type.Object(
  {
    rows: Type.Array(TrailRow),
    next: Type.Integer({ minimum: 0, description: 'Where the next request begins' }),
    total: Count,
  },
  { $id: 'TrailRows', ...closed },
)
export type TrailRows = Static<typeof TrailRows>
