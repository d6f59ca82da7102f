import { roomClasses } from '../../shared/roomClasses.ts'
import { Type, type Static } from 'typebox'
import { Account, LastUsed, Sibling, User, Which } from './inventory.ts'
import { Trouble } from './problem.ts'
import { oneOf } from './words.ts'

export const OldKeyMode = oneOf(['deactivate', 'delete', 'keep'])
export type OldKeyMode = Static<typeof OldKeyMode>

export const KeyIds = Type.Union([
  Type.Literal('all'),
  Type.Array(Type.String({ maxLength: 128 }), { minItems: 1, maxItems: 5000 }),
])

const KeySigner = Type.Object(
  { key: Type.String({ maxLength: 128 }), profile: Type.String({ maxLength: 256 }) },
  { additionalProperties: false },
)

const KeySwitch = Type.Object(
  {
    keys: Type.Array(Type.String({ maxLength: 128 }), { minItems: 1, maxItems: 5000 }),
    on: Type.Boolean(),
  },
  { additionalProperties: false },
)

export const PlanRequest = Type.Object(
  {
    keys: KeyIds,
    oldKey: OldKeyMode,
    keepDays: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 3650,
        description: 'For keep: after so many days the old key is due to be turned off; absent: never',
      }),
    ),
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
    makeRoom: Type.Optional(
      oneOf(['ours-quiet', 'ours', 'inactive', 'ask'], {
        description:
          'Which second keys may be deleted to make room without being named: those that Keyturn turned off and nobody has used since (the default), all that it turned off, all inactive ones, or none',
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
        description:
          "An administrator's profile that signs for those users of its account whose own rights are refused",
      }),
    ),
    signers: Type.Optional(
      Type.Array(KeySigner, {
        maxItems: 5000,
        description: 'Profiles that sign for one key each, whatever its own rights',
      }),
    ),
    leaveOut: Type.Optional(
      Type.Array(Type.String({ maxLength: 128 }), {
        maxItems: 5000,
        description: 'Keys that stay as they are, though all were asked for',
      }),
    ),
    keepActive: Type.Optional(
      Type.Array(Type.String({ maxLength: 128 }), {
        maxItems: 5000,
        description: 'Keys that are replaced and go on working for now, whatever becomes of the others',
      }),
    ),
    leak: Type.Optional(
      Type.Boolean({
        description:
          'Keys have leaked: nothing is deleted without being named, and what still works when the run ends stays open in the ledger',
      }),
    ),
  },
  { additionalProperties: false },
)
export type PlanRequest = Static<typeof PlanRequest>

/** One thing that the person chose differently; all else stays as it was chosen. */
export const PlanChange = Type.Object(
  {
    oldKey: Type.Optional(OldKeyMode),
    keepDays: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 3650, description: 'With `oldKey` keep: for so many days' }),
    ),
    room: Type.Optional(
      Type.Object(
        {
          key: Type.String({ maxLength: 128 }),
          spare: Type.String({ maxLength: 128 }),
          how: oneOf(['delete', 'merge', 'ask']),
        },
        { additionalProperties: false, description: 'What makes room for a key; `ask`: nothing does' },
      ),
    ),
    leaveOut: Type.Optional(KeySwitch),
    keepActive: Type.Optional(KeySwitch),
    signer: Type.Optional(
      Type.Object(
        {
          key: Type.String({ maxLength: 128 }),
          profile: Type.Optional(Type.String({ maxLength: 256, description: 'Absent: its own rights' })),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false, minProperties: 1 },
)
export type PlanChange = Static<typeof PlanChange>

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
    oldKey: OldKeyMode,
    signer: Type.Optional(
      Type.Object(
        {
          profile: Type.String(),
          always: Type.Boolean({ description: 'Else only if its own rights are refused' }),
        },
        { additionalProperties: false, description: 'Who signs where it is not the user' },
      ),
    ),
    lastUsed: Type.Optional(LastUsed),
    inUse: Type.Array(Type.String(), {
      description:
        'Of its old key and the one that makes room: what something used within a day of the check',
    }),
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

/** What the user's other key is, which stands in the way of a new one. */
export const RoomClass = oneOf(roomClasses)
export type RoomClass = Static<typeof RoomClass>

export const PlanRoom = Type.Object(
  {
    key: Type.String(),
    spare: Type.String(),
    class: RoomClass,
    offSince: Type.Optional(Type.String({ format: 'date-time', description: 'When Keyturn turned it off' })),
    lastUsed: Type.Optional(Type.String({ format: 'date-time' })),
    decided: Type.Boolean({ description: 'Whether this plan deletes it, or merges the two' }),
  },
  { additionalProperties: false },
)
export type PlanRoom = Static<typeof PlanRoom>

const Ids = Type.Array(Type.String())

/** All that a plan will do to keys, each by the id that the files hold now. */
export const Consequences = Type.Object(
  {
    make: Type.Array(Type.String(), { description: 'Keys that are replaced by a new one' }),
    deactivate: Ids,
    deleteForGood: Type.Array(Type.String(), {
      description: 'What makes room for a new key, and the old keys where they are deleted',
    }),
    keepActive: Ids,
    inUse: Type.Array(Type.String(), {
      description: 'Of those that are turned off or deleted: used within the last day',
    }),
    stay: Type.Array(
      Type.Object({ key: Type.String(), reason: Type.String() }, { additionalProperties: false }),
      { description: 'Keys that were asked for and stay as they are' },
    ),
  },
  { additionalProperties: false },
)
export type Consequences = Static<typeof Consequences>

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
    makeRoom: Type.Array(PlanRoom, { description: 'Users with a second key, one line each' }),
    consequences: Consequences,
    moved: Type.Optional(
      Type.Array(Type.String(), {
        description: 'What was found to be otherwise when it was to be started; nothing was done',
      }),
    ),
  },
  { $id: 'Plan', additionalProperties: false },
)
export type Plan = Static<typeof Plan>
