import { Type, type Static } from 'typebox'
import { Ledger } from './ledger.ts'
import { Trouble } from './problem.ts'
import { oneOf } from './words.ts'

export const Which = oneOf(['credentials', 'config'])
export type Which = Static<typeof Which>

export const LastUsed = Type.Object(
  {
    at: Type.Optional(Type.String({ format: 'date-time', description: 'Absent: never used' })),
    service: Type.Optional(Type.String()),
    region: Type.Optional(Type.String()),
  },
  {
    additionalProperties: false,
    description: "As AWS recorded it, before Keyturn's own calls touched the key",
  },
)
export type LastUsed = Static<typeof LastUsed>

/** `Expired` and others may come: AWS's model has more than the documented two, so any string is let through. */
export const KeyStatus = Type.String({ description: 'Active, Inactive, or whatever else AWS says' })

export const Sibling = Type.Object(
  {
    id: Type.String(),
    status: KeyStatus,
    createdAt: Type.Optional(Type.String({ format: 'date-time' })),
    lastUsed: Type.Optional(LastUsed),
    ours: Type.Boolean({ description: 'Keyturn made it, or it is an old key that Keyturn replaced' }),
    profiles: Type.Array(Type.String(), { description: 'Profiles that hold it on this machine' }),
  },
  { additionalProperties: false },
)
export type Sibling = Static<typeof Sibling>

export const Profile = Type.Object(
  {
    name: Type.String(),
    file: Which,
    line: Type.Integer({ minimum: 1, description: '1-based line of its header' }),
    kind: oneOf([
      'access-key',
      'temporary',
      'sso',
      'assume-role',
      'process',
      'web-identity',
      'incomplete',
      'ignored',
    ]),
    key: Type.Optional(Type.String({ description: 'The access key id it holds' })),
    region: Type.Optional(Type.String()),
    partition: Type.Optional(Type.String()),
    endpoint: Type.Optional(Type.String({ description: "A custom IAM endpoint; absent: AWS's own" })),
    mfaSerial: Type.Optional(Type.String()),
    usedByRoles: Type.Optional(
      Type.Array(Type.String(), { description: 'Role profiles whose source is this one' }),
    ),
    rotatable: Type.Boolean(),
    reason: Type.Optional(Trouble),
    warning: Type.Optional(Trouble),
  },
  { $id: 'Profile', additionalProperties: false },
)
export type Profile = Static<typeof Profile>

export const Account = Type.Object(
  {
    id: Type.String(),
    derived: Type.Boolean({ description: 'Computed from the key id, not yet confirmed by AWS' }),
    alias: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
)
export type Account = Static<typeof Account>

export const User = Type.Object({ name: Type.String(), arn: Type.String() }, { additionalProperties: false })
export type User = Static<typeof User>

export const Key = Type.Object(
  {
    id: Type.String(),
    profiles: Type.Array(Type.String()),
    account: Type.Optional(Account),
    user: Type.Optional(User),
    createdAt: Type.Optional(Type.String({ format: 'date-time' })),
    lastUsed: Type.Optional(LastUsed),
    status: Type.Optional(KeyStatus),
    siblings: Type.Optional(Type.Array(Sibling, { description: "The user's other keys" })),
    asOf: Type.Optional(
      Type.String({ format: 'date-time', description: 'When the last check found all this' }),
    ),
    checking: Type.Boolean({ description: 'A check of it is under way' }),
    canary: Type.Boolean({ description: 'Its id decodes to an account known for planted keys' }),
    excluded: Type.Boolean(),
    rotatable: Type.Boolean(),
    partition: Type.String(),
    consoleUrl: Type.Optional(
      Type.String({ description: "The user's security credentials in AWS's console" }),
    ),
    problem: Type.Optional(Trouble),
  },
  { $id: 'Key', additionalProperties: false },
)
export type Key = Static<typeof Key>

/** A key of a user of ours that no profile holds any more: an old key, or one that nobody here knows. */
export const OldKey = Type.Object(
  {
    id: Type.String(),
    status: oneOf(['active', 'inactive', 'unknown']),
    ours: Type.Boolean({ description: 'false: nobody here made or held it' }),
    account: Type.Optional(Account),
    user: Type.Optional(User),
    createdAt: Type.Optional(Type.String({ format: 'date-time' })),
    lastUsed: Type.Optional(LastUsed),
    asOf: Type.Optional(Type.String({ format: 'date-time' })),
    retiredAt: Type.Optional(
      Type.String({ format: 'date-time', description: 'When Keyturn deactivated it' }),
    ),
    keptUntil: Type.Optional(
      Type.String({ format: 'date-time', description: 'It stays active until then, by the plan' }),
    ),
    overGrace: Type.Optional(
      Type.Boolean({ description: 'It is still active after that: due to be turned off' }),
    ),
    usedSince: Type.Optional(
      Type.Boolean({ description: 'AWS knows of a use after Keyturn was at it last' }),
    ),
    quietDays: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Whole days since its last known use' }),
    ),
    safeAt: Type.Optional(
      Type.String({
        format: 'date-time',
        description: 'When it will be safe to delete, if nothing uses it until then',
      }),
    ),
    replacedBy: Type.Optional(Type.String({ description: 'The key id that replaced it' })),
    rotation: Type.Optional(Type.String({ description: 'The rotation that replaced it' })),
    profiles: Type.Array(Type.String(), { description: 'Profiles that still name it' }),
    undoUntil: Type.Optional(
      Type.String({ format: 'date-time', description: 'Its secret is kept until then' }),
    ),
    deletable: Type.Boolean(),
    safe: Type.Boolean({ description: 'Inactive, in no profile, quiet for long enough' }),
    reason: Type.Optional(Type.String({ description: 'Why it cannot be deleted, or what to mind' })),
  },
  { $id: 'OldKey', additionalProperties: false },
)
export type OldKey = Static<typeof OldKey>

export const FileState = Type.Object(
  {
    which: Which,
    path: Type.String(),
    from: Type.Optional(
      Type.String({ description: 'What named it: an option, a variable, or `default` for its usual place' }),
    ),
    target: Type.Optional(Type.String({ description: 'Where a symlink leads' })),
    state: oneOf(['ok', 'missing', 'empty', 'unreadable']),
    mode: Type.Optional(Type.String({ description: 'Octal, such as 0600' })),
    tidy: Type.Optional(
      Type.Integer({
        minimum: 1,
        description:
          'Lines that some SDKs cannot read as they are, and that can be mended without a change of meaning',
      }),
    ),
    tidied: Type.Optional(
      Type.Boolean({ description: 'Lines were mended, and the file is as that left it: it can be undone' }),
    ),
    loose: Type.Boolean({ description: 'Others on this machine can read or write it' }),
    writable: Type.Boolean(),
    problems: Type.Array(
      Type.Object(
        {
          line: Type.Optional(Type.Integer({ minimum: 1 })),
          blocks: Type.Optional(
            Type.Boolean({ description: 'It keeps tools from reading the file; else it only warns' }),
          ),
          lines: Type.Optional(
            Type.Array(
              Type.Object(
                { line: Type.Integer({ minimum: 1 }), text: Type.String() },
                { additionalProperties: false },
              ),
              { description: 'That line and those beside it, without their values' },
            ),
          ),
          trouble: Trouble,
        },
        { additionalProperties: false },
      ),
    ),
  },
  { $id: 'FileState', additionalProperties: false },
)
export type FileState = Static<typeof FileState>

/** Lines of a file as they are and as they would be, for the readers that cannot read them so. */
export const Tidying = Type.Object(
  {
    which: Which,
    path: Type.String(),
    hash: Type.String({
      description: 'Of the file: tidy with it what was shown, and it is done only to that',
    }),
    lines: Type.Array(
      Type.Object(
        {
          line: Type.Integer({ minimum: 1 }),
          before: Type.String({ description: 'Without its value or its words' }),
          after: Type.String(),
        },
        { additionalProperties: false },
      ),
    ),
    applied: Type.Boolean({ description: 'It is done; else it is only shown' }),
  },
  { $id: 'Tidying', additionalProperties: false },
)
export type Tidying = Static<typeof Tidying>
export const WentBack = Type.Object(
  {
    profile: Type.String(),
    file: Which,
    holds: Type.Union([Type.String(), Type.Null()], {
      description:
        'A key that Keyturn replaced there; null: the profile is gone; the one that it should: with half a secret',
    }),
    should: Type.String({ description: 'The key that Keyturn wrote there last' }),
    rotation: Type.String({ description: 'The rotation that wrote it' }),
    replacedAt: Type.String({ format: 'date-time', description: 'When it was written' }),
    anew: Type.Optional(
      Type.Object(
        {
          path: Type.String(),
          lines: Type.Array(Type.String(), { description: 'Without the secret' }),
          region: Type.Optional(Type.String({ description: 'That it had there' })),
        },
        { additionalProperties: false, description: 'What is written anew, where it is gone or cut short' },
      ),
    ),
  },
  { additionalProperties: false },
)
export type WentBack = Static<typeof WentBack>

export const ChangeKind = oneOf([
  'turned-on',
  'turned-off',
  'deleted',
  'refused',
  'appeared',
  'used',
  'policy-gone',
  'policy-changed',
  'device-gone',
  'device-added',
])

/** What somebody else has done to a key at AWS since Keyturn left it, as the last check found it. */
export const Changed = Type.Object(
  {
    key: Type.String(),
    user: Type.Optional(Type.String()),
    profiles: Type.Array(Type.String(), { description: 'Profiles that hold it' }),
    what: ChangeKind,
    thing: Type.Optional(
      Type.String({
        description: 'The policy or MFA device of the user; the key is the one that signed the look',
      }),
    ),
    used: Type.Optional(Type.String({ description: 'When it was used, as AWS notes it' })),
    after: Type.Optional(
      Type.String({ format: 'date-time', description: 'When Keyturn left it, else when it was made' }),
    ),
    before: Type.String({ format: 'date-time', description: 'When the check found it' }),
  },
  { additionalProperties: false },
)
export type Changed = Static<typeof Changed>

export const Inventory = Type.Object(
  {
    demo: Type.Boolean(),
    version: Type.String(),
    now: Type.String({ format: 'date-time' }),
    awsOffsetMs: Type.Optional(
      Type.Number({ description: 'AWS’s clock minus this machine’s, as the last check heard it' }),
    ),
    files: Type.Object({ credentials: FileState, config: FileState }, { additionalProperties: false }),
    keys: Type.Array(Key),
    profiles: Type.Array(Profile),
    oldKeys: Type.Array(OldKey),
    wentBack: Type.Array(WentBack, { description: 'Profiles that hold a replaced key again, or are gone' }),
    changed: Type.Array(Changed, { description: 'What others changed at AWS since Keyturn left it' }),
    ledger: Ledger,
    notices: Type.Array(Trouble, {
      description: 'About the whole: a shadowing environment, an unsafe state directory',
    }),
  },
  { $id: 'Inventory', additionalProperties: false },
)
export type Inventory = Static<typeof Inventory>
