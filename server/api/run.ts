import { Type, type Static } from 'typebox'
import { Account, User, Which } from './inventory.ts'
import { OldKeyMode } from './plan.ts'
import { Trouble } from './problem.ts'

/** The steps of DESIGN section 3, `activate` for an undo, and `unify` where two keys of a user are merged. */
export const StepName = Type.Union([
  Type.Literal('check'),
  Type.Literal('unify'),
  Type.Literal('makeRoom'),
  Type.Literal('create'),
  Type.Literal('activate'),
  Type.Literal('verify'),
  Type.Literal('save'),
  Type.Literal('prove'),
  Type.Literal('hook'),
  Type.Literal('retire'),
  Type.Literal('confirm'),
])
export type StepName = Static<typeof StepName>

export const StepView = Type.Object(
  {
    name: StepName,
    state: Type.Union([
      Type.Literal('pending'),
      Type.Literal('running'),
      Type.Literal('done'),
      Type.Literal('skipped'),
      Type.Literal('failed'),
      Type.Literal('undone'),
    ]),
    startedAt: Type.Optional(Type.String({ format: 'date-time' })),
    finishedAt: Type.Optional(Type.String({ format: 'date-time' })),
    note: Type.Optional(
      Type.String({ description: 'What is happening inside it now: pass 2 of 3, AWS asks us to slow down' }),
    ),
  },
  { additionalProperties: false },
)
export type StepView = Static<typeof StepView>

export const RotationState = Type.Union([
  Type.Literal('waiting'),
  Type.Literal('running'),
  Type.Literal('done'),
  Type.Literal('rolledBack'),
  Type.Literal('failed'),
  Type.Literal('stopped'),
  Type.Literal('interrupted'),
  Type.Literal('undone'),
])
export type RotationState = Static<typeof RotationState>

export const UndoHow = Type.Union([Type.Literal('reactivate'), Type.Literal('restore')])
export type UndoHow = Static<typeof UndoHow>

export const Rotation = Type.Object(
  {
    id: Type.String(),
    run: Type.String(),
    key: Type.String({ description: 'The old key id' }),
    newKey: Type.Optional(Type.String()),
    profiles: Type.Array(
      Type.Object(
        {
          name: Type.String(),
          file: Which,
          state: Type.Union([Type.Literal('old'), Type.Literal('new'), Type.Literal('other')]),
        },
        { additionalProperties: false },
      ),
    ),
    account: Type.Optional(Account),
    user: Type.Optional(User),
    state: RotationState,
    step: Type.Optional(StepName),
    steps: Type.Array(StepView),
    oldKeyState: Type.Union([
      Type.Literal('active'),
      Type.Literal('inactive'),
      Type.Literal('deleted'),
      Type.Literal('unknown'),
    ]),
    undo: Type.Array(UndoHow),
    undoUntil: Type.Optional(
      Type.String({ format: 'date-time', description: 'The old pair is kept until then' }),
    ),
    mfa: Type.Optional(
      Type.Object(
        { device: Type.String() },
        { additionalProperties: false, description: 'Waits for a code of this device' },
      ),
    ),
    alarm: Type.Optional(Trouble),
    problem: Type.Optional(Trouble),
    notes: Type.Array(Type.String()),
    lastUsed: Type.Optional(
      Type.Object(
        {
          at: Type.Optional(Type.String({ format: 'date-time' })),
          service: Type.Optional(Type.String()),
          region: Type.Optional(Type.String()),
        },
        { additionalProperties: false, description: 'Of the old key, before Keyturn touched it' },
      ),
    ),
  },
  { $id: 'Rotation', additionalProperties: false },
)
export type Rotation = Static<typeof Rotation>

export const RunKind = Type.Union([
  Type.Literal('rotate'),
  Type.Literal('reactivate'),
  Type.Literal('restore'),
  Type.Literal('activate'),
  Type.Literal('deactivate'),
  Type.Literal('delete'),
])
export type RunKind = Static<typeof RunKind>

export const Run = Type.Object(
  {
    id: Type.String(),
    kind: RunKind,
    undoes: Type.Optional(Type.String({ description: 'The run whose rotations this one undoes' })),
    state: Type.Union([
      Type.Literal('running'),
      Type.Literal('done'),
      Type.Literal('partial'),
      Type.Literal('failed'),
      Type.Literal('stopped'),
      Type.Literal('interrupted'),
    ]),
    stopping: Type.Boolean(),
    startedAt: Type.String({ format: 'date-time' }),
    finishedAt: Type.Optional(Type.String({ format: 'date-time' })),
    oldKey: OldKeyMode,
    rotations: Type.Array(Rotation),
  },
  { $id: 'Run', additionalProperties: false },
)
export type Run = Static<typeof Run>

export const RunList = Type.Object(
  { runs: Type.Array(Run), more: Type.Boolean() },
  { $id: 'RunList', additionalProperties: false },
)
export type RunList = Static<typeof RunList>

export const UndoRequest = Type.Object(
  {
    how: UndoHow,
    newKey: Type.Optional(
      Type.Union([Type.Literal('deactivate'), Type.Literal('delete')], {
        description: 'For restore; default deactivate',
      }),
    ),
  },
  { additionalProperties: false },
)
export type UndoRequest = Static<typeof UndoRequest>

/** A line of the history: one rotation (or undo, or act on an old key) of one run. No secrets. */
export const HistoryRow = Type.Object(
  {
    run: Type.String(),
    rotation: Type.String(),
    kind: RunKind,
    startedAt: Type.String({ format: 'date-time' }),
    finishedAt: Type.Optional(Type.String({ format: 'date-time' })),
    oldKeyMode: OldKeyMode,
    account: Type.Optional(Type.String()),
    user: Type.Optional(Type.String()),
    profiles: Type.Array(Type.String()),
    key: Type.String(),
    newKey: Type.Optional(Type.String()),
    outcome: RotationState,
    problem: Type.Optional(Type.String()),
    code: Type.Optional(Type.String()),
    steps: Type.Array(
      Type.Object(
        { name: StepName, milliseconds: Type.Integer({ minimum: 0 }) },
        { additionalProperties: false },
      ),
    ),
  },
  { $id: 'HistoryRow', additionalProperties: false },
)
export type HistoryRow = Static<typeof HistoryRow>
