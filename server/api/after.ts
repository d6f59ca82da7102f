import { Type, type Static } from 'typebox'
import { Trouble } from './problem.ts'
import { oneOf } from './words.ts'

const closed = { additionalProperties: false }
const Time = Type.String({ format: 'date-time' })

/** One way in beside access keys, or why it is not known whether there is one. Never a secret. */
export const AfterCredential = Type.Object(
  {
    kind: oneOf(['password', 'service-specific', 'ssh', 'certificate', 'mfa']),
    id: Type.Optional(Type.String()),
    status: Type.Optional(Type.String()),
    createdAt: Type.Optional(Time),
    expiresAt: Type.Optional(Time),
    what: Type.Optional(Type.String({ description: 'The service, or the subject of a certificate' })),
    new: Type.Boolean({ description: 'Made since the date that the person gave' }),
    can: Type.Array(oneOf(['deactivate', 'activate', 'delete'])),
    needs: Type.Optional(Type.String({ description: 'The permission that is missing to see it' })),
    trouble: Type.Optional(Trouble),
  },
  closed,
)
export type AfterCredential = Static<typeof AfterCredential>

export const AfterSignIn = Type.Object(
  {
    path: Type.String(),
    kind: oneOf(['sso', 'login', 'cli']),
    state: oneOf(['alive', 'over', 'unreadable']),
    until: Type.Optional(Time),
    who: Type.Optional(Type.String()),
  },
  closed,
)
export type AfterSignIn = Static<typeof AfterSignIn>

export const AfterUser = Type.Object(
  {
    account: Type.String(),
    name: Type.String(),
    profile: Type.String({ description: 'The profile whose key signed' }),
    credentials: Type.Array(AfterCredential),
    sessions: Type.Object(
      {
        denyOlder: Type.Optional(
          Type.Object(
            {
              cut: Type.String({ description: 'Sessions issued before then are denied; AWS’s clock' }),
              until: Type.String({ description: 'From then on no older session can live' }),
              state: oneOf(['in-force', 'removable', 'removed', 'interrupted']),
            },
            closed,
          ),
        ),
        over: Type.Boolean({ description: 'No session made with the old key can live any more' }),
        signIns: Type.Array(AfterSignIn),
      },
      closed,
    ),
    roles: Type.Literal('not ended'),
    handOver: Type.Optional(Type.String({ description: 'For an administrator' })),
  },
  closed,
)
export type AfterUser = Static<typeof AfterUser>

const Act = oneOf(['deactivate', 'activate', 'delete', 'end-sessions', 'finish'])
const Names = Type.Array(Type.String({ minLength: 1, maxLength: 1024 }), { maxItems: 1000 })

export const AfterQuery = Type.Object(
  {
    profile: Type.Optional(
      Type.Union([Type.String({ maxLength: 1024 }), Names], {
        description: 'Default: users of the newest run',
      }),
    ),
    since: Type.Optional(
      Type.String({ format: 'date-time', description: 'What was made from then on is new' }),
    ),
    signer: Type.Optional(
      Type.String({ maxLength: 1024, description: 'A profile that signs for the users' }),
    ),
  },
  closed,
)
export type AfterQuery = Static<typeof AfterQuery>

export const AfterPlanRequest = Type.Object(
  {
    act: Act,
    ids: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
        minItems: 1,
        maxItems: 100,
        uniqueItems: true,
      }),
    ),
    profiles: Type.Optional(Names),
    signer: Type.Optional(Type.String({ maxLength: 1024 })),
  },
  closed,
)
export type AfterPlanRequest = Static<typeof AfterPlanRequest>

export const AfterAct = Type.Object(
  {
    act: Act,
    account: Type.String(),
    user: Type.String(),
    kind: Type.Optional(Type.String()),
    id: Type.Optional(Type.String()),
    cut: Type.Optional(Type.String({ description: 'Sessions issued before then end' })),
    state: oneOf(['planned', 'done', 'failed']),
    problem: Type.Optional(Trouble),
  },
  closed,
)
export type AfterAct = Static<typeof AfterAct>

/** What would be done; carried out once, within a quarter of an hour. */
export const AfterPlan = Type.Object(
  { id: Type.String(), acts: Type.Array(AfterAct) },
  { $id: 'AfterPlan', ...closed },
)
export type AfterPlan = Static<typeof AfterPlan>

export const AfterRun = Type.Object({ acts: Type.Array(AfterAct) }, { $id: 'AfterRun', ...closed })
export type AfterRun = Static<typeof AfterRun>

export const After = Type.Object(
  { users: Type.Array(AfterUser), open: Type.Integer({ minimum: 0 }) },
  { $id: 'After', ...closed },
)
export type After = Static<typeof After>
