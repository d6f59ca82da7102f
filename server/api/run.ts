import { Type, type Static } from 'typebox'
import { stepNames } from '../../shared/steps.ts'
import { Account, User, Which } from './inventory.ts'
import { Left } from './ledger.ts'
import { OldKeyMode } from './plan.ts'
import { Trouble } from './problem.ts'
import { oneOf } from './words.ts'

export const StepName = oneOf(stepNames)
export type StepName = Static<typeof StepName>

export const StepView = Type.Object(
  {
    name: StepName,
    state: oneOf(['pending', 'running', 'done', 'skipped', 'failed', 'undone']),
    startedAt: Type.Optional(Type.String({ format: 'date-time' })),
    finishedAt: Type.Optional(Type.String({ format: 'date-time' })),
    note: Type.Optional(
      Type.String({ description: 'What is happening inside it now: pass 2 of 3, AWS asks us to slow down' }),
    ),
  },
  { additionalProperties: false },
)
export type StepView = Static<typeof StepView>

export const RotationState = oneOf([
  'waiting',
  'running',
  'done',
  'rolledBack',
  'failed',
  'stopped',
  'interrupted',
  'undone',
  'superseded',
])
export type RotationState = Static<typeof RotationState>

export const UndoHow = oneOf(['reactivate', 'restore', 'put-back'])
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
          state: oneOf(['old', 'new', 'other']),
        },
        { additionalProperties: false },
      ),
    ),
    account: Type.Optional(Account),
    user: Type.Optional(User),
    state: RotationState,
    step: Type.Optional(StepName),
    steps: Type.Array(StepView),
    oldKeyState: oneOf(['active', 'inactive', 'deleted', 'unknown']),
    keptUntil: Type.Optional(
      Type.String({ format: 'date-time', description: 'The old key stays active until then, by the plan' }),
    ),
    refusedAt: Type.Optional(
      Type.String({ format: 'date-time', description: 'AWS refused the old key then, by AWS’s clock' }),
    ),
    undo: Type.Array(UndoHow),
    undoUntil: Type.Optional(
      Type.String({ format: 'date-time', description: 'The old pair is kept until then' }),
    ),
    mfa: Type.Optional(
      Type.Object(
        {
          device: Type.String(),
          signer: Type.Optional(
            Type.String({ description: 'The profile that signs, where it is not the user' }),
          ),
        },
        { additionalProperties: false, description: 'Waits for a code of this device' },
      ),
    ),
    waitsFor: Type.Optional(Trouble),
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

/** On the page, by a command on a terminal, or by one without (a timer, a script). */
export const Beginner = oneOf(['page', 'terminal', 'timer'])
export type Beginner = Static<typeof Beginner>

export const RunKind = oneOf([
  'rotate',
  'reactivate',
  'restore',
  'activate',
  'deactivate',
  'delete',
  'mend',
  'kill',
  'remove',
  'put-back',
])
export type RunKind = Static<typeof RunKind>

export const Run = Type.Object(
  {
    id: Type.String(),
    kind: RunKind,
    undoes: Type.Optional(Type.String({ description: 'The run whose rotations this one undoes' })),
    state: oneOf(['running', 'done', 'partial', 'failed', 'stopped', 'interrupted']),
    stopping: Type.Boolean(),
    by: Type.Optional(Beginner),
    startedAt: Type.String({ format: 'date-time' }),
    finishedAt: Type.Optional(Type.String({ format: 'date-time' })),
    oldKey: OldKeyMode,
    rotations: Type.Array(Rotation),
    leak: Type.Optional(Type.Boolean({ description: 'It was begun because keys had leaked' })),
    asked: Type.Optional(
      Type.Integer({
        minimum: 0,
        description: 'How many keys it was asked for; absent where that was not noted',
      }),
    ),
    left: Type.Optional(Type.Array(Left, { description: 'Those of them that it did not replace itself' })),
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
      oneOf(['deactivate', 'delete'], {
        description: 'For restore; default deactivate',
      }),
    ),
  },
  { additionalProperties: false },
)
export type UndoRequest = Static<typeof UndoRequest>

export const MendRequest = Type.Object(
  {
    profiles: Type.Optional(
      Type.Array(Type.String({ maxLength: 1024 }), { minItems: 1, description: 'Default: all of them' }),
    ),
  },
  { additionalProperties: false },
)
export type MendRequest = Static<typeof MendRequest>

/** A line of the history: one rotation (or undo, or act on an old key) of one run. No secrets. */
export const HistoryRow = Type.Object(
  {
    run: Type.String(),
    rotation: Type.String(),
    kind: RunKind,
    by: Type.Optional(Beginner),
    startedAt: Type.String({ format: 'date-time' }),
    finishedAt: Type.Optional(Type.String({ format: 'date-time' })),
    oldKeyMode: OldKeyMode,
    account: Type.Optional(Type.String()),
    accountAlias: Type.Optional(Type.String()),
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
