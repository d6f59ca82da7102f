import { Type, type Static } from 'typebox'
import { oneOf } from './words.ts'

/** What can be done about a key that was asked for and still works; the page offers each in its row. */
export const LeftAct = oneOf(['choose', 'rotate', 'sign', 'finish', 'turn-off', 'remove', 'leave'])
export type LeftAct = Static<typeof LeftAct>

/** A key that a run was asked for and did not replace itself. Ids alone. */
export const Left = Type.Object(
  {
    key: Type.String(),
    profiles: Type.Array(Type.String()),
    reason: Type.String({ description: 'Why it was not replaced, or why it works again' }),
    state: oneOf(['open', 'closed']),
    closedBy: Type.Optional(
      Type.String({
        description:
          'The run that replaced it, turned it off, deleted it or took it out of the files; else `dead` (AWS refuses it), `left` (by name), or `undone`',
      }),
    ),
    why: Type.Optional(Type.String({ description: 'What the person said when leaving it' })),
    act: Type.Optional(LeftAct),
  },
  { $id: 'Left', additionalProperties: false },
)
export type Left = Static<typeof Left>

const OpenLeft = Type.Object(
  {
    key: Type.String(),
    profiles: Type.Array(Type.String()),
    reason: Type.String(),
    act: Type.Optional(LeftAct),
    run: Type.String({ description: 'The newest run that was asked for it' }),
  },
  { additionalProperties: false },
)
export type OpenLeft = Static<typeof OpenLeft>

/** What a theft leaves beside keys. Its id stands for it where it is left by name. */
export const RestRow = Type.Object(
  {
    id: Type.String(),
    kind: oneOf(['credentials', 'credential', 'sessions', 'sign-in', 'places', 'door'], {
      description: 'credentials: nobody has looked yet what else the user signs in with',
    }),
    run: Type.String({ description: 'The newest run that was begun because its keys had leaked' }),
    account: Type.Optional(Type.String()),
    user: Type.Optional(Type.String()),
    key: Type.Optional(Type.String()),
    credential: Type.Optional(Type.String({ description: 'Its id at AWS' })),
    what: Type.String(),
    reason: Type.String({ description: 'What is known of it' }),
    places: Type.Optional(
      Type.Object(
        {
          found: Type.Integer({ minimum: 0 }),
          updated: Type.Integer({ minimum: 0 }),
          left: Type.Integer({ minimum: 0 }),
        },
        { additionalProperties: false, description: 'Of one key, as the last search found it' },
      ),
    ),
    state: oneOf(['open', 'closed']),
    closedBy: Type.Optional(oneOf(['done', 'left'])),
    why: Type.Optional(Type.String({ description: 'What the person said when leaving it' })),
  },
  { $id: 'RestRow', additionalProperties: false },
)
export type RestRow = Static<typeof RestRow>

/** What is still open, whichever run was asked for it, each key once. */
export const Ledger = Type.Object(
  {
    leak: Type.Boolean({ description: 'A run that was begun because keys had leaked is among them' }),
    asked: Type.Integer({ minimum: 0, description: 'Keys that the runs with something open were asked for' }),
    open: Type.Array(OpenLeft),
    rest: Type.Optional(
      Type.Array(RestRow, {
        description: 'What a theft leaves beside keys; absent where none was told of',
      }),
    ),
  },
  { $id: 'Ledger', additionalProperties: false },
)
export type Ledger = Static<typeof Ledger>

/** Keys that stay as they are, by name. */
export const LeaveRequest = Type.Object(
  {
    keys: Type.Array(Type.String({ maxLength: 128 }), { minItems: 1, maxItems: 5000, uniqueItems: true }),
    why: Type.Optional(Type.String({ maxLength: 500 })),
  },
  { additionalProperties: false },
)
export type LeaveRequest = Static<typeof LeaveRequest>
