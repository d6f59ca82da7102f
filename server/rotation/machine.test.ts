import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { StepName } from '../api/run.ts'
import type { Entry, NewEntry } from './entries.ts'
import { decide, drive, JournalFailure, stand, type DriveLog, type Step } from './machine.ts'

const order: readonly StepName[] = [
  'check',
  'makeRoom',
  'create',
  'verify',
  'save',
  'prove',
  'retire',
  'confirm',
]
const trouble = { name: 'test', title: 'Test', detail: 'It was told to fail.' }

/** What may happen to one act: it works; it fails without effect; it fails with it; the process dies before or after. */
type Luck = 'works' | 'fails' | 'fails after the act' | 'dies before' | 'dies after'
const luck = fc.constantFrom<Luck>(
  'works',
  'works',
  'works',
  'fails',
  'fails after the act',
  'dies before',
  'dies after',
)

class Died extends Error {}

/** A world with one key in the file, for which each step has a plain effect. */
class Account {
  newKey: 'none' | 'made' | 'deleted' = 'none'
  file: 'old' | 'new' = 'old'
  old: 'active' | 'inactive' = 'active'
  /** Kept, not thrown: drive would take it for a failure of the step. */
  readonly broken: string[] = []
  readonly #luck: Luck[]

  constructor(lucks: Luck[]) {
    this.#luck = lucks
  }

  act(label: string, effect: () => void): Promise<void> {
    const now = this.#luck.shift() ?? 'works'
    if (now === 'dies before') return Promise.reject(new Died())
    if (now === 'fails') return Promise.reject(new Error('no'))
    effect()
    this.#holds(label)
    if (now === 'dies after') return Promise.reject(new Died())
    return now === 'works' ? Promise.resolve() : Promise.reject(new Error('yes, but no'))
  }

  #holds(label: string): void {
    if (this.file === 'old' && this.old === 'inactive')
      this.broken.push(`P1 at ${label}: the file holds a key that is off`)
    if (this.file === 'new' && this.newKey !== 'made')
      this.broken.push(`P1 at ${label}: the file holds a key that is gone`)
  }
}

function step(name: StepName, parts: Omit<Partial<Step<Account>>, 'name'> = {}): Step<Account> {
  return { name, do: () => Promise.resolve({}), ...parts }
}

const steps: readonly Step<Account>[] = [
  step('check', { do: (account) => account.act('check', () => undefined).then(() => ({})) }),
  step('makeRoom'),
  step('create', {
    do: (account) => account.act('create', () => void (account.newKey = 'made')).then(() => ({})),
    settle: (account) => Promise.resolve({ found: account.newKey === 'made' ? 'in' : 'out' }),
    undo: (account) =>
      account
        .act('delete', () => void (account.newKey = account.newKey === 'made' ? 'deleted' : account.newKey))
        .then(() => ({})),
  }),
  step('verify', { do: (account) => account.act('verify', () => undefined).then(() => ({})) }),
  step('save', {
    pivot: true,
    do: (account) => account.act('save', () => void (account.file = 'new')).then(() => ({})),
    settle: (account) => Promise.resolve({ found: account.file === 'new' ? 'in' : 'out' }),
  }),
  step('prove', { do: (account) => account.act('prove', () => undefined).then(() => ({})) }),
  step('retire', {
    do: (account) => account.act('retire', () => void (account.old = 'inactive')).then(() => ({})),
  }),
  step('confirm', { do: (account) => account.act('confirm', () => undefined).then(() => ({})) }),
]

/** Drives with an injected luck; a death drops all but the journal, whose last entry may not have been durable. */
async function live(account: Account, entries: Entry[], tornAppends: boolean[]): Promise<'over' | 'died'> {
  const log: DriveLog = {
    entries: () => entries,
    append: (entry: NewEntry) => {
      if (tornAppends.shift()) return Promise.reject(new JournalDeath())
      if (entries.length > 500) return Promise.reject(new Error('it goes round and round'))
      entries.push({ at: '2026-03-01T00:00:00.000Z', ...entry } as Entry)
      return Promise.resolve()
    },
  }
  try {
    const mortal = steps.map((each) => ({ ...each, ...guard(each) }))
    await drive(
      mortal,
      log,
      account,
      () => trouble,
      () => false,
    )
    return 'over'
  } catch (error) {
    if (error instanceof JournalDeath) return 'died'
    throw error
  }
}

/** drive takes what a step throws for a failure: a death must get past it, as a lost process would. */
function guard(each: Step<Account>): Partial<Step<Account>> {
  const die = (error: unknown): never => {
    if (error instanceof Died) throw new JournalDeath()
    throw error
  }
  return {
    do: (account, known) => each.do(account, known).catch(die),
    ...(each.undo && { undo: (account, known) => each.undo!(account, known).catch(die) }),
  }
}

class JournalDeath extends JournalFailure {
  constructor() {
    super('died')
  }
}

describe('decide, under any failure and any crash', () => {
  it('holds P1 to P3 and comes to an end that the person can trust', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(luck, { maxLength: 24 }),
        fc.array(fc.nat({ max: 40 }), { maxLength: 4 }),
        async (lucks, tornAt) => {
          const account = new Account([...lucks])
          const entries: Entry[] = []
          for (let lives = 0; lives < 60; lives += 1) {
            const torn = Array.from({ length: 60 }, (_, index) => index === tornAt[lives])
            const died = (await live(account, entries, torn)) === 'died'
            const standing = stand(steps, entries)
            if (!died && standing.finished) break
            entries.push({ at: '2026-03-01T00:00:00.000Z', phase: standing.halted ? 'retried' : 'resumed' })
          }
          expect(account.broken).toEqual([])
          const end = stand(steps, entries).finished
          if (end === 'done')
            expect([account.file, account.newKey, account.old]).toEqual(['new', 'made', 'inactive'])
          else {
            expect(end).toMatch(/rolledBack|stopped/)
            expect([account.file, account.old]).toEqual(['old', 'active'])
            expect(account.newKey).not.toBe('made')
          }
        },
      ),
      { numRuns: 5_000 },
    )
  })

  it('never goes back once a profile holds the new key, whatever the journal had time to say', () => {
    const phases = fc.constantFrom('started', 'done', 'failed') as fc.Arbitrary<'started' | 'done' | 'failed'>
    const entry = fc.tuple(fc.constantFrom(...order), phases).map(([name, phase]): Entry => {
      const at = '2026-03-01T00:00:00.000Z'
      return phase === 'failed' ? { at, phase, step: name, trouble } : { at, phase, step: name }
    })
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 30 }), (prefix) => {
        const saved: Entry = { at: '2026-03-01T00:00:00.000Z', phase: 'settled', step: 'save', found: 'in' }
        const decision = decide(steps, [...prefix, saved])
        expect(['undo', 'rolledBack', 'stopped']).not.toContain(decision.kind)
      }),
      { numRuns: 2_000 },
    )
  })
})
