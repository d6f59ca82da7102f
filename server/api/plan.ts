import { Type, type Static } from 'typebox'
import { Account, Sibling, User, Which } from './inventory.ts'
import { Trouble } from './problem.ts'
import { oneOf } from './words.ts'

export const OldKeyMode = oneOf(['deactivate', 'delete', 'keep'])
export type OldKeyMode = Static<typeof OldKeyMode>

export const KeyIds = Type.Union([
  Type.Literal('all'),
  Type.Array(Type.String({ maxLength: 128 }), { minItems: 1, maxItems: 5000 }),
])

export const PlanRequest = Type.Object(
  {
    keys: KeyIds,
    oldKey: OldKeyMode,
    deleteSpares: Type.Optional(
      Type.Array(Type.String({ maxLength: 128 }), {
        maxItems: 5000,
        description: 'Spare keys to delete to make room',
      }),
    ),
    merge: Type.Optional(
      Type.Array(Type.String({ maxLength: 128 }), {
        maxItems: 5000,
        description: 'Keys whose user gets one key for both',
      }),
    ),
    includeCanaries: Type.Optional(
      Type.Boolean({ description: 'The second yes for keys that look planted' }),
    ),
    olderThanDays: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 99_999,
        description: 'Pass over keys that are not older than this',
      }),
    ),
    signer: Type.Optional(
      Type.String({
        maxLength: 256,
        description: "An administrator's profile that signs for users of its account",
      }),
    ),
  },
  { additionalProperties: false },
)
export type PlanRequest = Static<typeof PlanRequest>

/** A line of a file that the run would change; secrets masked, ids whole (an id is no secret). */
export const PlanLine = Type.Object(
  {
    file: Which,
    path: Type.String(),
    profile: Type.String(),
    line: Type.Integer({ minimum: 1 }),
    before: Type.String(),
    after: Type.String(),
  },
  { additionalProperties: false },
)
export type PlanLine = Static<typeof PlanLine>

export const PlanRotate = Type.Object(
  {
    key: Type.String(),
    profiles: Type.Array(Type.Object({ name: Type.String(), file: Which }, { additionalProperties: false })),
    account: Type.Optional(Account),
    user: Type.Optional(User),
    createdAt: Type.Optional(Type.String({ format: 'date-time' })),
    lines: Type.Array(PlanLine),
    deletesSpare: Type.Optional(Sibling),
    merges: Type.Optional(Sibling),
    notes: Type.Array(Type.String(), {
      description: 'What to know before: used by 4 roles, hard link, loose mode',
    }),
  },
  { additionalProperties: false },
)
export type PlanRotate = Static<typeof PlanRotate>

export const PlanChoice = Type.Object(
  {
    key: Type.String(),
    profiles: Type.Array(Type.String()),
    account: Type.Optional(Account),
    user: Type.Optional(User),
    createdAt: Type.Optional(Type.String({ format: 'date-time' })),
    reason: Type.String(),
    choices: Type.Array(
      Type.Object(
        {
          kind: oneOf(['delete-spare', 'merge']),
          spare: Sibling,
          label: Type.String(),
          /** A spare in use, or unknown to us: said before it is picked. */
          caution: Type.Optional(Type.String()),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
)
export type PlanChoice = Static<typeof PlanChoice>

export const PlanSkip = Type.Object(
  { key: Type.Optional(Type.String()), profile: Type.Optional(Type.String()), reason: Trouble },
  { additionalProperties: false },
)
export type PlanSkip = Static<typeof PlanSkip>

export const Plan = Type.Object(
  {
    id: Type.String(),
    state: oneOf(['checking', 'ready', 'used', 'stale']),
    createdAt: Type.String({ format: 'date-time' }),
    checked: Type.Integer({ minimum: 0 }),
    total: Type.Integer({ minimum: 0 }),
    oldKey: OldKeyMode,
    request: PlanRequest,
    rotate: Type.Array(PlanRotate),
    choose: Type.Array(PlanChoice),
    skip: Type.Array(PlanSkip),
  },
  { $id: 'Plan', additionalProperties: false },
)
export type Plan = Static<typeof Plan>
