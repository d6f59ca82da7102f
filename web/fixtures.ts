import { consequencesOf } from '../shared/consequences.ts'
import type { FileState, Inventory, Key, OldKey, Profile, Tidying } from '../server/api/inventory.ts'
import type { Places } from '../server/api/places.ts'
import type { Plan, PlanRotate } from '../server/api/plan.ts'
import type { Trouble } from '../server/api/problem.ts'
import type { HistoryRow, Rotation, Run, StepName, StepView } from '../server/api/run.ts'
import type { RestRow } from '../server/api/ledger.ts'
import type { Removal } from '../server/api/removal.ts'
import type { Settings } from '../server/api/settings.ts'
import type { Trail, TrailDoor } from '../server/api/trail.ts'
import type { World } from './world.ts'

/** Made-up data for the gallery and the unit tests: no id here belongs to anybody. */
export const now = Date.parse('2026-11-23T12:00:00Z')
const day = 86_400_000
export const ago = (days: number, seconds = 0): string =>
  new Date(now - days * day - seconds * 1_000).toISOString()

const work = { id: '112233445566', derived: false, alias: 'acme-prod' }
const staging = { id: '665544332211', derived: false }
const arn = (name: string, account = work.id): string => `arn:aws:iam::${account}:user/${name}`
export const idOf = (tail: string): string => `AKIAWKEYTURN${tail.toUpperCase().padStart(8, 'X')}`

export const settings: Settings = {
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
  exclusions: [idOf('EXCL')],
  undoDays: 7,
  quietDays: 7,
  idleLockMinutes: 15,
  theme: 'system',
  shortcuts: true,
  hooks: [],
}

export function key(profiles: string[], part: Partial<Key> & { id: string }): Key {
  return {
    profiles,
    account: work,
    user: { name: profiles[0] ?? 'user', arn: arn(profiles[0] ?? 'user') },
    status: 'Active',
    siblings: [],
    asOf: ago(0, 240),
    checking: false,
    canary: false,
    excluded: false,
    rotatable: true,
    partition: 'aws',
    consoleUrl: 'https://console.aws.amazon.com/iam/home#/users/details/user?section=security_credentials',
    ...part,
  }
}

export const denied: Trouble = {
  name: 'access-denied',
  title: 'No permission to make a key',
  detail: 'ci-deploy may not create access keys for itself. Nothing was changed.',
  remedy: 'Give the user the policy below, or rotate it using an administrator’s profile.',
  code: 'AccessDenied',
  requestId: '7a1f3c52-0f0e-4f1c-9f57-2f1f0a5b6c7d',
  action: 'iam:CreateAccessKey',
  policy:
    '{\n  "Version": "2012-10-17",\n  "Statement": [\n    { "Effect": "Allow", "Action": ["iam:CreateAccessKey"], "Resource": "*" }\n  ]\n}',
}
const quarantine: Trouble = {
  name: 'quarantined',
  title: 'Quarantined by AWS',
  detail:
    'AWS has found this key in public and attached AWSCompromisedKeyQuarantineV3: the user may neither make keys, nor turn them off, nor delete them.',
  remedy:
    'Have an administrator turn the key off now, look at the support case, then take the quarantine policy off.',
  code: 'AccessDenied',
  requestId: '11f3c527-0f0e-4f1c-9f57-2f1f0a5b6c70',
}
const root: Trouble = {
  name: 'root-key',
  title: 'Root key',
  detail:
    'This key belongs to the account’s root user. Keyturn does not make new root keys; AWS advises to have none.',
  remedy: 'Make an IAM user or use SSO for what needs it, then delete this key in the console.',
}

export const keys: Key[] = [
  key(['default'], {
    id: idOf('7Q2D'),
    createdAt: ago(412),
    lastUsed: { at: ago(0, 190), service: 's3', region: 'eu-west-1' },
    user: { name: 'anna', arn: arn('anna') },
  }),
  key(['staging', 'staging-eu', 'staging-backup'], {
    id: idOf('KM41'),
    account: staging,
    createdAt: ago(131),
    lastUsed: { at: ago(2), service: 'ec2', region: 'eu-central-1' },
    user: { name: 'anna', arn: arn('anna', staging.id) },
  }),
  key(['ci-deploy'], {
    id: idOf('P0RT'),
    createdAt: ago(1460),
    lastUsed: { at: ago(0, 4000), service: 'ecr', region: 'us-east-1' },
    problem: denied,
  }),
  key(['billing'], { id: idOf('B1LL'), createdAt: ago(80), lastUsed: {} }),
  key(['terraform'], {
    id: idOf('T3RR'),
    createdAt: ago(12),
    lastUsed: { at: ago(1), service: 'iam', region: 'us-east-1' },
    siblings: [
      {
        id: idOf('UNKN'),
        status: 'Active',
        createdAt: ago(3),
        lastUsed: { at: ago(0, 900), service: 'sts', region: 'ap-south-1' },
        ours: false,
        profiles: [],
      },
    ],
  }),
  key(['laptop', 'laptop-old'], {
    id: idOf('L4PT'),
    createdAt: ago(35),
    lastUsed: { at: ago(20), service: 's3', region: 'eu-west-1' },
  }),
  key(['leaked'], { id: idOf('LEAK'), createdAt: ago(200), problem: quarantine }),
  key(['root'], { id: idOf('R00T'), createdAt: ago(2600), problem: root, rotatable: false }),
  key(['planted'], {
    id: idOf('CNRY'),
    canary: true,
    asOf: undefined,
    createdAt: undefined,
    user: undefined,
    account: { id: '534261010715', derived: true },
  }),
  key(['vendor'], { id: idOf('EXCL'), excluded: true, createdAt: ago(300) }),
  key(['gov'], {
    id: idOf('G0VV'),
    partition: 'aws-us-gov',
    asOf: undefined,
    createdAt: undefined,
    user: undefined,
    status: undefined,
    siblings: undefined,
    lastUsed: undefined,
    account: { id: '998877665544', derived: true },
  }),
  key(['local'], {
    id: idOf('L0CL'),
    createdAt: ago(3),
    lastUsed: { at: ago(0, 30), service: 'sqs', region: 'us-east-1' },
  }),
]

const fileOf = (
  path: string,
  part: Partial<Inventory['files']['credentials']> = {},
): Inventory['files']['credentials'] => ({
  which: path.endsWith('config') ? 'config' : 'credentials',
  path,
  state: 'ok',
  mode: '0600',
  loose: false,
  writable: true,
  problems: [],
  ...part,
})

export const profilesOf = (list: readonly Key[]): Profile[] =>
  list.flatMap((k) =>
    k.profiles.map((name) => ({
      name,
      file: 'credentials' as const,
      line: 1 + ((name.length * 7) % 90),
      kind: 'access-key' as const,
      key: k.id,
      region: 'eu-west-1',
      partition: k.partition,
      rotatable: k.rotatable,
      ...(name === 'local' ? { endpoint: 'http://127.0.0.1:4566' } : {}),
      ...(name === 'terraform' ? { usedByRoles: ['deploy', 'deploy-eu', 'audit', 'break-glass'] } : {}),
    })),
  )

const sso: Profile[] = ['dev-sso', 'prod-sso'].map((name, at) => ({
  name,
  file: 'config',
  line: 4 + at * 6,
  kind: 'sso',
  rotatable: false,
  reason: {
    name: 'sso-profile',
    title: 'Short-lived sign-in',
    detail: 'SSO sign-in: its keys expire by themselves.',
  },
}))

export const oldKeys: OldKey[] = [
  {
    id: idOf('OLD1'),
    status: 'inactive',
    ours: true,
    account: work,
    user: { name: 'anna', arn: arn('anna') },
    createdAt: ago(400),
    lastUsed: { at: ago(12), service: 's3', region: 'eu-west-1' },
    asOf: ago(0, 240),
    retiredAt: ago(11),
    quietDays: 11,
    replacedBy: idOf('7Q2D'),
    rotation: 'r-old-1',
    profiles: [],
    deletable: true,
    safe: true,
  },
  {
    id: idOf('OLD2'),
    status: 'inactive',
    ours: true,
    account: staging,
    user: { name: 'sam', arn: arn('sam') },
    createdAt: ago(200),
    lastUsed: { at: ago(2), service: 'ec2', region: 'eu-central-1' },
    asOf: ago(0, 240),
    retiredAt: ago(2),
    quietDays: 2,
    replacedBy: idOf('KM41'),
    rotation: 'r-old-2',
    profiles: [],
    undoUntil: ago(-5),
    safeAt: ago(-5),
    deletable: true,
    safe: false,
    reason: 'Quiet for 2 days only: something may still need it.',
  },
  {
    id: idOf('OLD3'),
    status: 'active',
    ours: true,
    account: work,
    user: { name: 'jenkins', arn: arn('jenkins') },
    createdAt: ago(700),
    lastUsed: { at: ago(0, 1200), service: 'ecr', region: 'us-east-1' },
    asOf: ago(0, 240),
    quietDays: 0,
    replacedBy: idOf('JNKS'),
    profiles: [],
    undoUntil: ago(-3),
    deletable: false,
    safe: false,
    reason:
      'Still active, and used 20 minutes ago: something needs it. Deactivate it before it can be deleted.',
  },
  {
    id: idOf('UNKN'),
    status: 'active',
    ours: false,
    account: work,
    user: { name: 'terraform', arn: arn('terraform') },
    createdAt: ago(3),
    lastUsed: { at: ago(0, 900), service: 'sts', region: 'ap-south-1' },
    asOf: ago(0, 240),
    profiles: [],
    deletable: false,
    safe: false,
    reason: 'Active. Find out whose it is; deactivate it if nobody knows.',
  },
]

export const inventory = (part: Partial<Inventory> = {}): Inventory => ({
  demo: false,
  version: '0.1.0',
  now: new Date(now).toISOString(),
  files: { credentials: fileOf('~/.aws/credentials'), config: fileOf('~/.aws/config') },
  keys,
  profiles: [...profilesOf(part.keys ?? keys), ...sso],
  oldKeys,
  wentBack: [],
  changed: [],
  ledger: { leak: false, asked: 0, open: [] },
  notices: [],
  ...part,
})

export const stepNames: StepName[] = ['check', 'create', 'verify', 'save', 'prove', 'retire', 'confirm']

/** Steps of which `done` are through; the next one is in `state`. */
export function steps(done: number, state: StepView['state'] = 'running', note?: string): StepView[] {
  return stepNames.map((name, at) => {
    if (at < done)
      return { name, state: 'done', startedAt: ago(0, 40 - at * 4), finishedAt: ago(0, 37 - at * 4) }
    if (at === done && state !== 'pending')
      return {
        name,
        state,
        startedAt: ago(0, 40 - at * 4),
        ...(state === 'failed' ? { finishedAt: ago(0, 30) } : {}),
        ...(note ? { note } : {}),
      }
    return { name, state: 'pending' }
  })
}

let serial = 0
export function rotation(profiles: string[], part: Partial<Rotation> = {}): Rotation {
  const tail = (profiles[0] ?? 'x').slice(0, 4)
  return {
    id: `r${++serial}`,
    run: 'run-1',
    key: idOf(tail),
    newKey: idOf(`N${tail.slice(0, 3)}`),
    profiles: profiles.map((name) => ({ name, file: 'credentials', state: 'new' })),
    account: work,
    user: { name: profiles[0] ?? 'user', arn: arn(profiles[0] ?? 'user') },
    state: 'done',
    steps: steps(7),
    oldKeyState: 'inactive',
    undo: ['reactivate', 'restore'],
    undoUntil: ago(-7),
    notes: [],
    lastUsed: { at: ago(1), service: 's3', region: 'eu-west-1' },
    ...part,
  }
}
const early = { newKey: undefined, oldKeyState: 'active' as const, undo: [], undoUntil: undefined }

export const run = (rotations: Rotation[], part: Partial<Run> = {}): Run => ({
  id: 'run-1',
  kind: 'rotate',
  state: 'done',
  stopping: false,
  startedAt: ago(0, 42),
  ...(part.state === 'running' || part.state === 'interrupted' ? {} : { finishedAt: ago(0, 3) }),
  oldKey: 'deactivate',
  rotations,
  ...part,
})

const outOfReach: Trouble = {
  name: 'not-working',
  title: 'The new key never worked',
  detail:
    'AWS did not accept the new key within 90 s. It was deleted again; the file was not touched and the old key works.',
  remedy: 'Try again in a few minutes.',
  code: 'InvalidClientTokenId',
  requestId: '0f0e4f1c-52aa-4b11-8c11-9f57a1b2c3d4',
}
const stillActive: Trouble = {
  name: 'access-denied',
  title: 'New key in use, old key still active',
  detail: 'The file holds the new key and it works. Turning the old one off was refused.',
  remedy: 'Try again, or deactivate it on the page of old keys.',
  code: 'AccessDenied',
  requestId: '52aa4b11-0f0e-4f1c-8c11-9f57a1b2c3d4',
  action: 'iam:UpdateAccessKey',
}
const intruder: Trouble = {
  name: 'intruder-key',
  title: 'A key that nobody here made has appeared',
  detail: `terraform has the key ${idOf('UNKN')} since 2 minutes. It was made while this run was under way, and not by Keyturn.`,
  remedy:
    'If nobody you know made it, someone is in the account: deactivate it now and look through CloudTrail.',
}

export const running = run(
  [
    rotation(['default'], {
      state: 'running',
      step: 'confirm',
      steps: steps(6, 'running', 'refused 1 of 3'),
      undo: [],
    }),
    rotation(['staging', 'staging-eu', 'staging-backup'], {
      state: 'running',
      step: 'verify',
      steps: steps(2, 'running', 'pass 2 of 3'),
      oldKeyState: 'active',
      undo: [],
      profiles: [
        { name: 'staging', file: 'credentials', state: 'old' },
        { name: 'staging-eu', file: 'credentials', state: 'old' },
      ],
    }),
    rotation(['ci-deploy'], { ...early, state: 'failed', steps: steps(1, 'failed'), problem: denied }),
    rotation(['billing'], {
      state: 'running',
      step: 'save',
      steps: steps(3),
      oldKeyState: 'active',
      undo: [],
    }),
    rotation(['laptop', 'laptop-old'], { undo: ['reactivate', 'restore'] }),
    rotation(['terraform'], { ...early, state: 'waiting', steps: steps(0, 'pending') }),
  ],
  { state: 'running' },
)
export const waitingForCode = run(
  [
    rotation(['default'], {
      state: 'running',
      step: 'prove',
      steps: steps(4),
      oldKeyState: 'active',
      undo: [],
    }),
    rotation(['prod-mfa'], {
      ...early,
      state: 'running',
      step: 'check',
      steps: steps(0),
      mfa: { device: `arn:aws:iam::${work.id}:mfa/anna-phone` },
    }),
  ],
  { state: 'running' },
)
export const finished = run([
  rotation(['default'], { newKey: idOf('7Q2D') }),
  rotation(['staging', 'staging-eu', 'staging-backup'], { newKey: idOf('KM41') }),
  rotation(['billing']),
  rotation(['laptop', 'laptop-old']),
])
export const partial = run(
  [
    rotation(['default']),
    rotation(['staging', 'staging-eu']),
    rotation(['ci-deploy'], { ...early, state: 'failed', steps: steps(1, 'failed'), problem: denied }),
    rotation(['flaky'], {
      ...early,
      state: 'rolledBack',
      steps: stepNames.map((name, at) => ({
        name,
        state: at === 0 ? 'done' : at < 3 ? 'undone' : 'pending',
      })),
      problem: outOfReach,
    }),
    rotation(['billing'], {
      state: 'failed',
      oldKeyState: 'active',
      steps: steps(5, 'failed'),
      problem: stillActive,
      undo: ['restore'],
    }),
    rotation(['terraform'], { alarm: intruder }),
    rotation(['laptop', 'laptop-old'], {
      profiles: [
        { name: 'laptop', file: 'credentials', state: 'new' },
        { name: 'laptop-old', file: 'credentials', state: 'other' },
      ],
    }),
  ],
  { state: 'partial' },
)
export const interrupted = run(
  [
    rotation(['default'], {
      state: 'interrupted',
      steps: steps(4, 'pending'),
      oldKeyState: 'active',
      undo: [],
    }),
    rotation(['billing'], {
      ...early,
      state: 'interrupted',
      steps: steps(2, 'pending'),
      profiles: [{ name: 'billing', file: 'credentials', state: 'old' }],
    }),
  ],
  { state: 'interrupted', id: 'run-0', startedAt: ago(0, 5400) },
)

const planned = (k: Key): PlanRotate => ({
  key: k.id,
  profiles: k.profiles.map((name) => ({ name, file: 'credentials' })),
  account: k.account,
  user: k.user,
  createdAt: k.createdAt,
  lines: k.profiles.flatMap((profile, at) => [
    {
      file: 'credentials' as const,
      path: '~/.aws/credentials',
      profile,
      line: 2 + at * 4,
      before: `aws_access_key_id = ${k.id}`,
      after: 'aws_access_key_id = (new key id)',
    },
    {
      file: 'credentials' as const,
      path: '~/.aws/credentials',
      profile,
      line: 3 + at * 4,
      before: 'aws_secret_access_key = ••••••••',
      after: 'aws_secret_access_key = (new secret)',
    },
  ]),
  oldKey: 'deactivate',
  lastUsed: k.lastUsed,
  inUse: k.lastUsed?.at !== undefined && now - Date.parse(k.lastUsed.at) < 86_400_000 ? [k.id] : [],
  notes: k.profiles.includes('terraform')
    ? ['Also used by 4 roles: deploy, deploy-eu, audit and break-glass.']
    : [],
})
const [first, second, , billing, terraform, laptop] = keys as [Key, Key, Key, Key, Key, Key]
const spare = {
  id: idOf('SPAR'),
  status: 'Inactive',
  createdAt: ago(500),
  lastUsed: { at: ago(90), service: 's3', region: 'eu-west-1' },
  ours: true,
  profiles: [],
}
const planRows = (part: Partial<Plan>): Omit<Plan, 'consequences'> => ({
  id: 'plan-1',
  state: 'ready',
  createdAt: ago(0, 20),
  checked: 8,
  total: 8,
  oldKey: 'deactivate',
  request: {
    keys: [first, second, billing, laptop, terraform]
      .map(({ id }) => id)
      .concat(['TW01', 'P0RT', 'R00T', 'CNRY'].map(idOf)),
    oldKey: 'deactivate',
    deleteSpares: [spare.id],
  },
  rotate: [planned(first), planned(second), { ...planned(billing), deletesSpare: spare }, planned(laptop)],
  choose: [
    {
      key: terraform.id,
      profiles: terraform.profiles,
      account: terraform.account,
      user: terraform.user,
      createdAt: terraform.createdAt,
      reason: 'terraform already has two keys, so there is no room for a new one.',
      choices: [
        {
          kind: 'delete-spare',
          spare: {
            id: idOf('UNKN'),
            status: 'Active',
            createdAt: ago(3),
            lastUsed: { at: ago(0, 900), service: 'sts', region: 'ap-south-1' },
            ours: false,
            profiles: [],
          },
          label: 'Delete ****UNKN to make room',
          caution: 'It was used 15 minutes ago, and nobody here knows it. What uses it stops working.',
        },
      ],
    },
    {
      key: idOf('TW01'),
      profiles: ['reports'],
      account: work,
      user: { name: 'reports', arn: arn('reports') },
      createdAt: ago(210),
      reason: 'reports has two keys and both stand in profiles.',
      choices: [
        {
          kind: 'merge',
          spare: {
            id: idOf('TW02'),
            status: 'Active',
            createdAt: ago(30),
            ours: false,
            profiles: ['reports-eu'],
            lastUsed: { at: ago(1), service: 'athena', region: 'eu-west-1' },
          },
          label: 'Give reports and reports-eu one new key',
        },
      ],
    },
  ],
  skip: [
    { key: idOf('P0RT'), reason: denied },
    { key: idOf('R00T'), reason: root },
    {
      key: idOf('CNRY'),
      reason: {
        name: 'canary',
        title: 'May be planted as an alarm',
        detail: 'Left out, since using it may raise an alarm.',
        remedy: 'Select it on the keys page to include it.',
      },
    },
    {
      profile: 'dev-sso',
      reason: { name: 'sso-profile', title: 'Short-lived sign-in', detail: 'Its keys expire by themselves.' },
    },
  ],
  makeRoom: [],
  ...part,
})

export function plan(part: Partial<Plan> = {}): Plan {
  const rows = planRows(part)
  return { ...rows, consequences: consequencesOf(rows) }
}

export const history: HistoryRow[] = [finished, partial].flatMap((r, at) =>
  r.rotations.map((x) => ({
    run: at === 0 ? 'run-7' : 'run-6',
    rotation: `${at}-${x.id}`,
    kind: 'rotate' as const,
    by: at === 0 ? ('page' as const) : ('timer' as const),
    startedAt: ago(at * 3, 600),
    finishedAt: ago(at * 3, 560),
    oldKeyMode: 'deactivate' as const,
    account: work.id,
    accountAlias: work.alias,
    user: x.user?.name,
    profiles: x.profiles.map(({ name }) => name),
    key: x.key,
    newKey: x.newKey,
    outcome: x.state,
    problem: x.problem?.title,
    code: x.problem?.code,
    steps: stepNames.map((name, n) => ({
      name,
      milliseconds: [420, 310, 11_200, 38, 2_100, 290, 4_800][n] ?? 100,
    })),
  })),
)

export const world = (part: Partial<World> = {}): World => ({
  inventory: inventory(),
  settings,
  plans: new Map(),
  runs: new Map(),
  ...part,
})

/** As many keys as a large organisation's file: for the figures of the bench and the long lists of the gallery. */
export const manyKeys = (n: number): Key[] =>
  Array.from({ length: n }, (_, at) =>
    key([`team-${String(at).padStart(4, '0')}`, ...(at % 9 === 0 ? [`team-${at}-eu`] : [])], {
      id: idOf(at.toString(36).padStart(4, '0')),
      createdAt: ago((at * 37) % 900),
      lastUsed: { at: ago(at % 50), service: 's3', region: 'eu-west-1' },
    }),
  )
export const manyRotations = (n: number): Rotation[] =>
  Array.from({ length: n }, (_, at) =>
    rotation([`team-${String(at).padStart(4, '0')}`], {
      id: `many-${at}`,
      key: idOf(at.toString(36)),
      state: 'running',
      step: 'verify',
      steps: steps(2),
      undo: [],
      oldKeyState: 'active',
    }),
  )

const looseFile = fileOf('~/.aws/credentials', { mode: '0644', loose: true })
const file = (part: Partial<Inventory['files']['credentials']>): Inventory['files'] => ({
  credentials: fileOf('~/.aws/credentials', part),
  config: fileOf('~/.aws/config'),
})
const none = { keys: [], oldKeys: [] }

export interface Scene {
  hash?: string
  world?: World
  connection?: 'signedOut' | 'connecting' | 'live' | 'away' | 'replaced' | 'stopped'
  ended?: 'locked' | 'unknown'
  idleInSeconds?: number
  /** The run that ended while the person looked elsewhere. */
  unopened?: string
  trouble?: Trouble
  signInTrouble?: Trouble
  /** Names of buttons to press, one after the other, once the screen stands. */
  press?: string[]
}

const withRun = (r: Run, part: Partial<World> = {}): World => world({ runs: new Map([[r.id, r]]), ...part })
const withPlan = (p: Plan): World => world({ plans: new Map([[p.id, p]]) })

/** What names can be: a dozen profiles of one key, 64 characters of a user, markup, emoji, right to left. */
const awkward: Key[] = [
  key(
    Array.from({ length: 12 }, (_, at) => `customer-${String(at + 1).padStart(2, '0')}-production`),
    {
      id: idOf('TW3L'),
      createdAt: ago(95),
      lastUsed: { at: ago(1), service: 'elasticloadbalancing', region: 'ap-southeast-2' },
    },
  ),
  key(['a-profile-with-a-name-that-somebody-made-from-a-ticket-title-JIRA-12345'], {
    id: idOf('L0NG'),
    createdAt: ago(12),
    lastUsed: {},
    account: { ...work, alias: 'a-company-with-a-long-alias-for-its-production-account-eu-north' },
    user: { name: 'svc.continuous-integration+deployments@subsidiary.example.com--01', arn: arn('svc') },
  }),
  key(['<img src=x onerror=alert(1)>'], { id: idOf('MRKP'), createdAt: ago(40) }),
  key(['🔑 schlüssel', 'مفتاح-الإنتاج', 'ключ'], { id: idOf('EM0J'), createdAt: ago(400) }),
  key(['nobreaks'.repeat(9)], { id: idOf('N0BR'), createdAt: ago(70) }),
]
const awkwardRun = run(
  awkward.map(({ profiles, user, account }, at) =>
    rotation([...profiles], {
      user,
      account,
      ...(at === 1 ? { state: 'failed' as const, problem: stillActive, steps: steps(5, 'failed') } : {}),
    }),
  ),
  { state: 'partial' },
)
const awkwardKeys = inventory({ keys: awkward })

const placeAt = (path: string, part: Partial<Places['places'][number]> = {}): Places['places'][number] => ({
  path,
  line: 12,
  kind: '.env',
  key: idOf('7Q2D'),
  holds: 'pair',
  can: 'update',
  worth: 'inactive',
  ...part,
})
const foundPlaces: Places = {
  state: 'done',
  at: ago(0, 40),
  files: 18_204,
  bytes: 812_000_000,
  ms: 4_200,
  places: [
    placeAt('/home/anna/src/api/.env'),
    placeAt(`/home/anna/src/${'a-folder-with-a-long-name/'.repeat(5)}.env.production`, {
      line: 3,
      updated: true,
    }),
    placeAt('/home/anna/.s3cfg', {
      kind: 's3cmd',
      line: 2,
      holds: 'id',
      can: 'list',
      why: 'Only the id stands there, which opens nothing by itself: change it by hand.',
    }),
    placeAt('/home/anna/.bash_history', {
      kind: 'history',
      line: 1_204,
      holds: 'secret',
      worth: 'active',
      can: 'list',
      why: 'A running shell writes over it: remove the line in the shell.',
    }),
  ],
  more: 0,
  passed: [{ why: 'a link that is not followed', count: 12, some: ['/home/anna/work', '/home/anna/mnt'] }],
}
export const placeChanges = {
  id: 'changes-1',
  can: [
    {
      path: '/home/anna/src/api/.env',
      key: idOf('7Q2D'),
      newKey: idOf('N3W2'),
      lines: [
        { line: 12, what: 'id' },
        { line: 13, what: 'secret' },
      ],
    },
  ],
  left: [{ path: '/home/anna/src/web/.env', why: 'It cannot be read any more.' }],
}

/** Every screen and state, by name. */
const strict: Trouble = {
  name: 'strict-readers',
  title: 'Java 2, Rust and C++ cannot read this file: line 4 is indented',
  detail:
    '~/.aws/credentials: Java 2, Rust and C++ cannot read this file: line 4 is indented. Keyturn rotates all the same, and changes nothing about it.',
  remedy: 'Begin line 4 at the first column.',
}
const untidy: Partial<FileState> = { tidy: 23, problems: [{ line: 4, trouble: strict }] }

export const tidying: Tidying = {
  which: 'credentials',
  path: '~/.aws/credentials',
  hash: 'a'.repeat(64),
  lines: Array.from({ length: 23 }, (_, at) => {
    const after = at % 2 === 0 ? 'aws_access_key_id = …' : 'aws_secret_access_key = …'
    return { line: at + 4, before: `    ${after}${at === 3 ? '‹U+00A0›' : ''}`, after }
  }),
  applied: false,
}

const rest = (part: Pick<RestRow, 'kind' | 'what' | 'reason'> & Partial<RestRow>): RestRow => ({
  id: `${part.kind}-${part.what.length}`,
  run: 'run-1',
  state: 'open',
  ...part,
})
const theft = inventory({
  ledger: {
    leak: true,
    asked: 4,
    open: [],
    rest: [
      rest({ kind: 'credential', what: 'Console password of anna', reason: 'It works' }),
      rest({ kind: 'sessions', what: 'Sessions of anna', reason: `May live until ${ago(-1)}` }),
      rest({
        kind: 'places',
        what: 'Other places on this machine',
        reason: '4 found, 1 updated, 3 left',
        key: idOf('DEFA'),
      }),
      rest({
        kind: 'door',
        what: 'iam:CreateUser backup-svc',
        reason: `${ago(0, 18_000)}, still there`,
        key: idOf('DEFA'),
      }),
      rest({
        kind: 'sign-in',
        what: 'Sign-in on this machine (sso)',
        reason: '/home/anna/.aws/sso/cache/d033e22ae348aeb5660fc2140aec35850c4da997.json',
        state: 'closed',
        closedBy: 'left',
        why: 'the build machine’s own',
      }),
      rest({
        kind: 'credentials',
        what: 'SSH key of anna',
        reason: 'It is off',
        state: 'closed',
        closedBy: 'done',
      }),
    ],
  },
})
const door = (words: string, part: Partial<TrailDoor> = {}): TrailDoor => ({
  id: words,
  at: ago(0, 18_000),
  act: 'iam:CreateUser',
  target: 'backup-svc',
  address: '203.0.113.9',
  mine: false,
  words,
  todo: 'Take the keys, the password and the policies of this user away, then delete it.',
  canLook: true,
  ...part,
})
const lookDenied: Trouble = {
  name: 'access-denied',
  title: 'Not allowed: iam:GetRole',
  detail: 'AWS refused iam:GetRole. Nothing was changed.',
  remedy: 'Have an administrator look.',
  code: 'AccessDenied',
  action: 'iam:GetRole',
}
const trail: Trail = {
  id: 'trail-1',
  state: 'done',
  request: { keys: [idOf('DEFA')] },
  startedAt: ago(0, 60),
  keys: [
    {
      key: idOf('DEFA'),
      from: ago(30),
      to: ago(0, 60),
      says: '4 from 203.0.113.9, an address that is not this machine’s.',
      mineKnown: true,
      events: 4,
      strangers: 4,
      passedOver: 0,
      signers: [],
      sources: [],
      moreSources: 0,
      doors: [
        door('made the user backup-svc'),
        door('made the user night-svc', { still: 'there' }),
        door('made the user gone-svc', { still: 'gone' }),
        door('made the role deploy', { still: 'unknown', trouble: lookDenied }),
      ],
      moreDoors: 0,
      sessions: [],
      moreSessions: 0,
      regions: [],
      days: [],
      limits: [],
    },
  ],
}
const refused = keys.map((each) =>
  each.profiles.includes('laptop')
    ? {
        ...each,
        problem: {
          name: 'invalid-key',
          title: 'AWS does not accept this key',
          detail: 'It was deleted, or turned off.',
          remedy: 'Put a key that works into the file, or remove it.',
        },
      }
    : each,
)
export const removal: Removal = {
  key: idOf('L4PT'),
  files: ['laptop', 'laptop-old'].map((profile, at) => ({
    file: 'credentials',
    path: '/home/anna/.aws/credentials',
    profile,
    lines: [`[${profile}]`, `aws_access_key_id = ${idOf('L4PT')}`, 'aws_secret_access_key = ••••••••'].map(
      (text, line) => ({ line: 21 + at * 4 + line, text }),
    ),
  })),
}

export const scenes: Record<string, Scene> = {
  keys: { world: world() },
  'keys-unchecked': {
    world: world({
      inventory: inventory({
        oldKeys: [],
        keys: keys.map((k) => ({
          ...k,
          asOf: undefined,
          createdAt: undefined,
          lastUsed: undefined,
          siblings: undefined,
          problem: undefined,
          status: undefined,
          user: undefined,
          account: k.account && { id: k.account.id, derived: true },
        })),
      }),
    }),
  },
  'keys-fine': {
    world: world({
      inventory: inventory({
        oldKeys: [],
        keys: keys
          .filter((k) => !k.problem && !k.siblings?.length && !k.canary && !k.excluded)
          .map((k, at) => ({ ...k, asOf: ago(0, 240), createdAt: ago([12, 61, 80, 35, 14][at] ?? 20) })),
      }),
    }),
  },
  'keys-running': { world: withRun(running) },
  'keys-ended': { world: withRun(partial), unopened: 'run-1' },
  'keys-interrupted': { world: withRun(interrupted) },
  'keys-checking': {
    world: world({ inventory: inventory({ keys: keys.map((k, at) => ({ ...k, checking: at % 2 === 0 })) }) }),
  },
  'keys-detail': {
    world: world(),
    press: ['Details of terraform ****T3RR', 'Details of ci-deploy ****P0RT'],
  },
  'places-none': { world: world(), press: ['Details of default ****7Q2D'] },
  'places-running': {
    world: {
      ...world(),
      places: { ...foundPlaces, state: 'running', places: foundPlaces.places.slice(0, 2) },
    },
    press: ['Details of default ****7Q2D'],
  },
  places: { world: { ...world(), places: foundPlaces }, press: ['Details of default ****7Q2D'] },
  'places-changes': {
    world: { ...world(), places: foundPlaces },
    press: ['Details of default ****7Q2D', 'Update 1 file…'],
  },
  'keys-selected': { world: world(), press: ['Select all 12 shown'] },
  'keys-canary': { world: world(), press: ['Select all 12 shown', 'Plan rotation of 10 keys'] },
  'keys-many': {
    world: world({ inventory: inventory({ keys: manyKeys(1_000), profiles: [], oldKeys: [] }) }),
  },
  'keys-accounts': {
    world: world({
      inventory: inventory({
        keys: manyKeys(24).map((k, at) => ({ ...k, account: at % 5 < 3 ? work : staging })),
        profiles: [],
        oldKeys: [],
      }),
    }),
  },
  'keys-awkward': { world: world({ inventory: awkwardKeys }), press: ['Details of 🔑 schlüssel ****EM0J'] },
  'plan-awkward': {
    hash: '#/plan/plan-1',
    world: world({
      inventory: awkwardKeys,
      plans: new Map([
        [
          'plan-1',
          plan({
            rotate: awkward.slice(0, 3).map(planned),
            choose: [],
            skip: awkward.slice(3).map(({ id }) => ({ key: id, reason: denied })),
          }),
        ],
      ]),
    }),
  },
  'run-awkward': {
    hash: '#/run/run-1',
    world: world({ inventory: awkwardKeys, runs: new Map([['run-1', awkwardRun]]) }),
  },
  'keys-demo': { world: world({ inventory: inventory({ demo: true }) }) },
  'keys-banners': {
    world: withRun(interrupted, {
      inventory: inventory({
        files: {
          credentials: {
            ...looseFile,
            problems: [
              {
                line: 17,
                lines: [
                  { line: 16, text: 'aws_secret_access_key = …' },
                  { line: 17, text: '…' },
                  { line: 18, text: '[work]' },
                ],
                trouble: {
                  name: 'file-ambiguous',
                  title: 'Not a setting',
                  detail: 'The line has no “=”: botocore refuses the whole file because of it.',
                  remedy: 'Complete it or put # before it.',
                },
              },
            ],
          },
          config: fileOf('~/.aws/config'),
        },
        notices: [
          {
            name: 'environment-profile',
            title: 'The environment overrides the file',
            detail:
              'AWS_ACCESS_KEY_ID is set where Keyturn was started: tools in that terminal use it and not the file.',
            remedy: 'Unset it there, or know that rotating the file does not change it.',
          },
        ],
      }),
    }),
  },
  'keys-went-back': {
    world: world({
      inventory: inventory({
        wentBack: ['work', 'analytics', 'backup'].map((profile) => ({
          profile,
          file: 'credentials',
          holds: idOf('0LD0'),
          should: idOf('N3W0'),
          rotation: 'r1',
          replacedAt: ago(5),
        })),
      }),
    }),
  },
  'keys-gone': {
    world: world({
      inventory: inventory({
        wentBack: ['work', 'analytics'].map((profile) => ({
          profile,
          file: 'credentials',
          holds: null,
          should: idOf('N3W0'),
          rotation: 'r1',
          replacedAt: ago(5),
          anew: {
            path: '/home/sam/.aws/credentials',
            lines: [
              `[${profile}]`,
              `aws_access_key_id = ${idOf('N3W0')}`,
              'aws_secret_access_key = ••••••••',
            ],
          },
        })),
      }),
    }),
  },
  'keys-changed': {
    world: world({
      inventory: inventory({
        changed: [
          {
            key: idOf('0LD0'),
            user: 'ci-deploy',
            profiles: [],
            what: 'turned-on',
            after: ago(5),
            before: ago(1),
          },
          {
            key: idOf('N3W0'),
            user: 'sam',
            profiles: ['work'],
            what: 'refused',
            after: ago(5),
            before: ago(1),
          },
          { key: idOf('STR0'), user: 'sam', profiles: [], what: 'appeared', after: ago(5), before: ago(1) },
        ],
      }),
    }),
  },
  'keys-tidy': {
    world: world({
      inventory: inventory({
        files: file(untidy),
        profiles: profilesOf(keys).map((profile) => ({ ...profile, warning: strict })),
      }),
    }),
  },
  'tidy-dialog': {
    world: world({ inventory: inventory({ files: file(untidy) }) }),
    press: ['Tidy these lines…'],
  },
  'keys-tidied': { world: world({ inventory: inventory({ files: file({ tidied: true }) }) }) },
  'keys-error': {
    world: world(),
    trouble: {
      name: 'plan-stale',
      title: 'The file has changed meanwhile',
      detail: 'The pair of default is no longer the one of the plan. Nothing was done.',
      remedy: 'Make the plan again.',
    },
  },
  'keys-away': { world: world(), connection: 'away' },
  'no-file': {
    world: world({ inventory: inventory({ ...none, profiles: [], files: file({ state: 'missing' }) }) }),
  },
  'empty-file': {
    world: world({ inventory: inventory({ ...none, profiles: [], files: file({ state: 'empty' }) }) }),
  },
  'no-profile': {
    world: world({ inventory: inventory({ ...none, profiles: [], files: file({}) }) }),
  },
  'unreadable-file': {
    world: world({
      inventory: inventory({
        ...none,
        profiles: [],
        files: file({
          state: 'unreadable',
          mode: '0000',
          problems: [
            {
              blocks: true,
              trouble: {
                name: 'file-unreadable',
                title: 'The credentials file cannot be read',
                detail: 'Its mode is 0000: this program may not read it.',
                remedy: 'Run chmod 600 ~/.aws/credentials.',
                code: 'EACCES',
              },
            },
          ],
        }),
      }),
    }),
  },
  'only-sso': { world: world({ inventory: inventory({ ...none, profiles: sso }) }) },
  plan: { hash: '#/plan/plan-1', world: withPlan(plan()) },
  'plan-open': {
    hash: '#/plan/plan-1',
    world: withPlan(
      plan({ rotate: plan().rotate.slice(0, 2).concat(plan().rotate.slice(2, 3)), choose: [], skip: [] }),
    ),
  },
  'plan-checking': {
    hash: '#/plan/plan-1',
    world: withPlan(
      plan({
        state: 'checking',
        checked: 37,
        total: 120,
        rotate: plan().rotate.slice(0, 2),
        choose: [],
        skip: [],
      }),
    ),
  },
  'plan-stale': { hash: '#/plan/plan-1', world: withPlan(plan({ state: 'stale' })) },
  'plan-nothing': { hash: '#/plan/plan-1', world: withPlan(plan({ rotate: [], choose: [] })) },
  'run-running': { hash: '#/run/run-1', world: withRun(running) },
  'run-mfa': { hash: '#/run/run-1', world: withRun(waitingForCode) },
  'run-mfa-later': { hash: '#/run/run-1', world: withRun(waitingForCode), press: ['Later, in the run'] },
  'run-interrupted': { hash: '#/run/run-0', world: withRun(interrupted) },
  'run-many': { hash: '#/run/run-1', world: withRun(run(manyRotations(1_000), { state: 'running' })) },
  'result-done': { hash: '#/run/run-1', world: withRun(finished) },
  'result-partial': { hash: '#/run/run-1', world: withRun(partial) },
  'result-alike': {
    hash: '#/run/run-1',
    world: withRun(
      run(
        ['a', 'b', 'c', 'd'].map((name) =>
          rotation([`ci-${name}`], {
            ...early,
            ...(name === 'd'
              ? {}
              : {
                  state: 'rolledBack' as const,
                  steps: steps(1, 'failed'),
                  problem: { ...denied, detail: denied.detail.replace('deploy', name) },
                }),
          }),
        ),
        { state: 'partial' },
      ),
    ),
  },
  'result-steps': {
    hash: '#/run/run-1',
    world: withRun(run([rotation(['default'])])),
    press: ['Steps of this key'],
  },
  'undo-one': { hash: '#/run/run-1', world: withRun(run([rotation(['default'])])), press: ['Undo default'] },
  'undo-all': { hash: '#/run/run-1', world: withRun(finished), press: ['Undo all 4'] },
  'after-theft': {
    hash: '#/after/run-1',
    world: withRun(finished, { inventory: theft, trail }),
  },
  'remove-dialog': {
    world: world({ inventory: inventory({ keys: refused }) }),
    press: ['Details of laptop ****L4PT', 'Remove from the file'],
  },
  'old-keys': { hash: '#/old-keys', world: world() },
  'old-keys-more': { hash: '#/old-keys', world: world(), press: ['More about ****OLD2'] },
  'old-keys-none': { hash: '#/old-keys', world: world({ inventory: inventory({ oldKeys: [] }) }) },
  'old-keys-over-grace': {
    hash: '#/old-keys',
    world: world({
      inventory: inventory({
        oldKeys: oldKeys.map((key) =>
          key.status === 'active' && key.ours
            ? { ...key, keptUntil: ago(3), overGrace: true, usedSince: true }
            : key,
        ),
      }),
    }),
  },
  'old-keys-delete': {
    hash: '#/old-keys',
    world: world(),
    press: ['More about ****OLD2', 'Delete ****OLD2'],
  },
  'old-keys-clean-up': { hash: '#/old-keys', world: world(), press: ['Clean up 1 safe key'] },
  history: { hash: '#/history', world: world() },
  settings: { hash: '#/settings', world: world() },
  help: { world: world(), press: ['Help and shortcuts'] },
  idle: { world: world(), idleInSeconds: 42 },
  'sign-in': { connection: 'signedOut' },
  'sign-in-refused': {
    connection: 'signedOut',
    signInTrouble: {
      name: 'launch-secret',
      title: 'That link has been used, or is too old',
      detail: 'A link works once, within two minutes.',
      remedy: 'Press Enter in the terminal for a fresh one.',
    },
  },
  locked: { connection: 'signedOut', ended: 'locked' },
  stopped: { connection: 'stopped' },
  replaced: { connection: 'replaced' },
  unreachable: { connection: 'away' },
}
