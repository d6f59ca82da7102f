import type { Finding, HeldKey } from '../../keys/ports.ts'
import { Secret } from '../../profiles/keyPair.ts'
import type { FilesSnapshot, FoundProfile } from '../../profiles/ports.ts'
import { type Checked, plan, type PlanContext } from '../plan.ts'
import { target } from './target.ts'

const file = (which: 'credentials' | 'config', path: string) => ({
  which,
  path,
  state: 'ok' as const,
  loose: false,
  writable: true,
  problems: [],
})
const snapshot: FilesSnapshot = {
  files: {
    credentials: file('credentials', '/home/me/.aws/credentials'),
    config: file('config', '/home/me/.aws/config'),
  },
  profiles: [],
}

export function profile(name: string, id: string, part: Partial<FoundProfile> = {}): FoundProfile {
  return {
    name,
    file: 'credentials',
    line: 1,
    kind: 'access-key',
    pair: { id, secret: new Secret(`secret of ${id}`) },
    lines: { id: 2, secret: 3 },
    settings: { values: {}, services: {} },
    usedByRoles: [],
    rotatable: true,
    ...part,
  }
}

export function held(
  id: string,
  profiles: readonly FoundProfile[] = [profile('dev', id)],
  problem?: HeldKey['problem'],
): HeldKey {
  return {
    id,
    pair: { id, secret: new Secret(`secret of ${id}`) },
    profiles,
    target,
    ...(problem && { problem }),
  }
}

export function finding(id: string, user: string, part: Partial<Finding> = {}): Finding {
  return {
    id,
    asOf: '2026-03-01T00:00:00.000Z',
    account: { id: '111122223333', derived: false },
    user: { name: user, arn: `arn:aws:iam::111122223333:user/${user}` },
    createdAt: '2025-01-01T00:00:00.000Z',
    lastUsed: { at: '2026-02-01T00:00:00.000Z', service: 's3' },
    siblings: [],
    ...part,
  }
}

export const ask = { keys: 'all' as const, oldKey: 'deactivate' as const }
export const a = 'AKIAAAAAAAAAAAAAAAA1'
export const b = 'AKIABBBBBBBBBBBBBBB2'
export const c = 'AKIACCCCCCCCCCCCCCC3'

function context(keys: readonly HeldKey[], part: Partial<PlanContext> = {}): PlanContext {
  return {
    snapshot,
    held: new Map(keys.map((key) => [key.id, key])),
    ours: new Set(),
    replaced: new Map(),
    quietDays: 7,
    signerAccounts: new Map(),
    isSpared: () => false,
    now: Date.parse('2026-03-01T00:00:00.000Z'),
    ...part,
  }
}

export function rows(
  keys: readonly Checked[],
  request: Parameters<typeof plan>[0] = ask,
  part: Partial<PlanContext> = {},
) {
  return plan(
    request,
    keys,
    context(
      keys.map((each) => each.held),
      part,
    ),
  )
}
