import { Type, type Static } from 'typebox'
import { oneOf } from './words.ts'

export const Settings = Type.Object(
  {
    agePolicyDays: Type.Integer({
      minimum: 1,
      maximum: 3650,
      description: 'A key older than this is overdue',
    }),
    verification: Type.Object(
      {
        passes: Type.Integer({ minimum: 1, maximum: 20, description: 'Passes of STS and IAM in a row' }),
        intervalMs: Type.Integer({ minimum: 1, maximum: 60_000 }),
        patienceMs: Type.Integer({
          minimum: 100,
          maximum: 3_600_000,
          description: 'Longest wait for a new key to work',
        }),
        confirmPatienceMs: Type.Integer({
          minimum: 100,
          maximum: 3_600_000,
          description: 'Longest wait for an old key to stop working',
        }),
        orphanPatienceMs: Type.Integer({
          minimum: 0,
          maximum: 3_600_000,
          description: 'How long a key whose creation got no reply is looked for',
        }),
      },
      { additionalProperties: false },
    ),
    callsInFlight: Type.Integer({ minimum: 1, maximum: 64, description: 'API calls at once, per account' }),
    checkOnOpen: Type.Boolean({ description: 'Ask AWS about the keys when the page opens' }),
    exclusions: Type.Array(Type.String({ maxLength: 128 }), {
      maxItems: 10_000,
      description: 'Key ids that are never touched',
    }),
    takenOut: Type.Optional(
      Type.Array(Type.String({ maxLength: 2048 }), {
        maxItems: 10_000,
        description:
          'Profiles that the person took out of a file: FILE:PROFILE@ROTATION, by which it was written last',
      }),
    ),
    ownChanges: Type.Optional(
      Type.Array(Type.String({ maxLength: 2048 }), {
        maxItems: 10_000,
        description:
          'Changes at AWS that the person made: WHAT:KEY@SINCE; told again when they come about anew',
      }),
    ),
    undoDays: Type.Number({
      minimum: 0,
      maximum: 365,
      description: 'How long an old pair is kept for undo; 0: gone at confirm',
    }),
    quietDays: Type.Integer({
      minimum: 0,
      maximum: 3650,
      description: 'Days without use after which deleting an old key is called safe',
    }),
    idleLockMinutes: Type.Integer({ minimum: 1, maximum: 1440 }),
    theme: oneOf(['system', 'light', 'dark']),
    shortcuts: Type.Boolean({
      description: 'Single-key shortcuts on the page (WCAG 2.1.4: can be turned off)',
    }),
    hooks: Type.Array(
      Type.Object(
        {
          path: Type.String({ maxLength: 4096 }),
          pairOnStdin: Type.Boolean({ description: 'The hook asks for the new pair on its standard input' }),
        },
        { additionalProperties: false },
      ),
      { maxItems: 32 },
    ),
  },
  { $id: 'Settings', additionalProperties: false },
)
export type Settings = Static<typeof Settings>

export const defaultSettings: Settings = {
  agePolicyDays: 90,
  verification: {
    passes: 3,
    intervalMs: 1_000,
    patienceMs: 90_000,
    confirmPatienceMs: 30_000,
    orphanPatienceMs: 90_000,
  },
  callsInFlight: 8,
  checkOnOpen: false,
  exclusions: [],
  takenOut: [],
  ownChanges: [],
  undoDays: 7,
  quietDays: 7,
  idleLockMinutes: 15,
  theme: 'system',
  shortcuts: true,
  hooks: [],
}
