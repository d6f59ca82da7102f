import { describe, expect, it } from 'vitest'
import { Failure } from '../platform/failure.ts'
import type { Entry, Facts, NewEntry } from './entries.ts'
import { drive, JournalFailure, LeftWaiting, MovedOn, type Step } from './machine.ts'
import { stoppedByPerson } from './world.ts'

const because = (error: unknown) => ({ name: String(error), title: 'T', detail: 'D.' })

/** A journal in memory: what was appended, in order. */
class Log {
  readonly appended: NewEntry[]
  /** Appends after this many are refused, as by a full disk: none of these sagas is that long. */
  room = 100

  constructor(...before: NewEntry[]) {
    this.appended = before
  }

  entries(): Entry[] {
    return this.appended.map((entry) => ({ at: '', ...entry }) as Entry)
  }

  append(entry: NewEntry): Promise<void> {
    if (this.appended.length >= this.room) return Promise.reject(new JournalFailure('full'))
    this.appended.push(entry)
    return Promise.resolve()
  }
}

const go = (log: Log, steps: readonly Step<null>[], stopAsked = () => false) =>
  drive(steps, log, null, because, stopAsked)
const says = (log: Log) =>
  log.appended.map((entry) => ('step' in entry ? `${entry.phase} ${entry.step}` : entry.phase))
const fine = () => Promise.resolve({})
const fails = (why: string) => () => Promise.reject(new Error(why))

describe('drive', () => {
  it('journals each intention with what was seen before it, acts, and journals what came of it', async () => {
    const log = new Log()
    const seen: [string, string[], Facts][] = []
    const note = (act: string, facts: Facts) => (_: null, known: Facts) => {
      seen.push([act, says(log), known])
      return Promise.resolve(facts)
    }
    await go(log, [
      { name: 'check', do: note('check', { a: 1 }) },
      { name: 'create', before: note('before create', { b: 2 }), do: note('create', { c: 3 }) },
    ])
    expect(seen).toEqual([
      ['check', ['started check'], {}],
      ['before create', ['started check', 'done check'], { a: 1 }],
      ['create', ['started check', 'done check', 'started create'], { a: 1, b: 2 }],
    ])
    expect(log.appended).toEqual([
      { phase: 'started', step: 'check' },
      { phase: 'done', step: 'check', facts: { a: 1 } },
      { phase: 'started', step: 'create', facts: { b: 2 } },
      { phase: 'done', step: 'create', facts: { c: 3 } },
      { phase: 'finished', outcome: 'done' },
    ])
  })

  it('goes back after a failure, last step first, and says why', async () => {
    const log = new Log()
    await go(log, [
      { name: 'makeRoom', do: fine, undo: () => Promise.resolve({ room: 'full' }) },
      {
        name: 'create',
        do: fine,
        settle: () => Promise.resolve({ found: 'in', facts: { x: 1 } }),
        undo: fine,
      },
      { name: 'verify', do: fails('never works') },
    ])
    expect(log.appended.slice(4)).toEqual([
      { phase: 'started', step: 'verify' },
      { phase: 'failed', step: 'verify', trouble: because('Error: never works') },
      { phase: 'settled', step: 'verify', found: 'out' },
      { phase: 'undoing', step: 'create' },
      { phase: 'undone', step: 'create', facts: {} },
      { phase: 'undoing', step: 'makeRoom' },
      { phase: 'undone', step: 'makeRoom', facts: { room: 'full' } },
      { phase: 'finished', outcome: 'rolledBack' },
    ])
  })

  it('takes what was seen before the act to be part of it when that fails', async () => {
    const log = new Log()
    await go(log, [{ name: 'check', before: fails('blind'), do: fine }])
    expect(says(log)).toEqual(['failed check', 'settled check', 'finished'])
  })

  it('journals what a look found, and knows it when undoing', async () => {
    const log = new Log()
    const known: Facts[] = []
    await go(log, [
      {
        name: 'create',
        do: fails('lost'),
        settle: () => Promise.resolve({ found: 'in', facts: { newKey: 'k' } }),
        undo: (_, facts) => Promise.resolve(void known.push(facts)).then(() => ({ newKey: null })),
      },
    ])
    expect(log.appended[2]).toEqual({ phase: 'settled', step: 'create', found: 'in', facts: { newKey: 'k' } })
    expect(known).toEqual([{ newKey: 'k' }])
  })

  it('waits for the person where a look cannot tell, once, and looks again when told to', async () => {
    const log = new Log()
    const stray = because('two keys')
    let clear = false
    const steps: Step<null>[] = [
      {
        name: 'create',
        do: fails('lost'),
        settle: () => Promise.resolve(clear ? { found: 'out' } : { found: 'unclear', trouble: stray }),
      },
    ]
    await go(log, steps)
    await go(log, steps)
    expect(log.appended.slice(2)).toEqual([
      { phase: 'settled', step: 'create', found: 'unclear', trouble: stray },
      { phase: 'halted', trouble: stray },
    ])
    clear = true
    await log.append({ phase: 'retried' })
    await go(log, steps)
    expect(log.appended.slice(5)).toEqual([
      { phase: 'settled', step: 'create', found: 'out' },
      { phase: 'finished', outcome: 'rolledBack' },
    ])
  })

  it('keeps why a step failed where nobody can look, and says why nobody can where it only broke off', async () => {
    const steps: Step<null>[] = [{ name: 'create', do: fails('lost'), settle: fails('no network') }]
    const failed = new Log()
    await go(failed, steps)
    expect(failed.appended.at(-1)).toEqual({ phase: 'halted', trouble: because('Error: lost') })
    const died = new Log({ phase: 'started', step: 'create' }, { phase: 'resumed' })
    await go(died, steps)
    expect(died.appended.at(-1)).toEqual({ phase: 'halted', trouble: because('Error: no network') })
  })

  it('waits for the person where it cannot go back', async () => {
    const log = new Log()
    await go(log, [
      { name: 'create', do: fine, undo: fails('denied') },
      { name: 'verify', do: fails('never works') },
    ])
    expect(log.appended.slice(-3)).toEqual([
      { phase: 'undoing', step: 'create' },
      { phase: 'undoFailed', step: 'create', trouble: because('Error: denied') },
      { phase: 'halted', trouble: because('Error: denied') },
    ])
  })

  it('has nothing to add to what is over', async () => {
    const log = new Log({ phase: 'finished', outcome: 'stopped' })
    await go(log, [{ name: 'check', do: fine }], () => true)
    expect(says(log)).toEqual(['finished'])
  })
})

describe('a stop', () => {
  const steps: readonly Step<null>[] = [
    { name: 'create', do: fine, undo: fine },
    { name: 'save', pivot: true, do: fine },
    { name: 'retire', do: fine },
  ]

  it('before the first step leaves all as it was', async () => {
    const log = new Log()
    await go(log, steps, () => true)
    expect(log.appended).toEqual([{ phase: 'stopping' }, { phase: 'finished', outcome: 'stopped' }])
  })

  it('between steps sends back what is not committed', async () => {
    const log = new Log()
    await go(log, steps, () => says(log).includes('done create'))
    expect(says(log)).toEqual([
      'started create',
      'done create',
      'stopping',
      'undoing create',
      'undone create',
      'finished',
    ])
  })

  it('leaves what failed its reason, whether it is looked at or goes back already', async () => {
    const failing: readonly Step<null>[] = [
      { name: 'create', do: fine, undo: fine },
      { name: 'verify', do: fails('denied') },
    ]
    for (const moment of ['failed verify', 'settled verify', 'undoing create', 'undone create']) {
      const log = new Log()
      await go(log, failing, () => says(log).includes(moment))
      expect(says(log)).not.toContain('stopping')
      expect(log.appended.at(-1)).toEqual({ phase: 'finished', outcome: 'rolledBack' })
    }
  })

  it('that ends a wait is why the rotation ends', async () => {
    let stopped = false
    const waits: Step<null> = {
      name: 'verify',
      do: () => {
        stopped = true
        return Promise.reject(new Failure(stoppedByPerson))
      },
    }
    const log = new Log()
    const words = (error: unknown) => (error instanceof Failure ? error.trouble : because(error))
    await drive([{ name: 'create', do: fine, undo: fine }, waits], log, null, words, () => stopped)
    expect(log.appended.at(-1)).toEqual({ phase: 'finished', outcome: 'stopped' })
  })

  it('after the pivot changes nothing', async () => {
    const log = new Log()
    await go(log, steps, () => says(log).includes('done save'))
    expect(says(log).slice(-3)).toEqual(['started retire', 'done retire', 'finished'])
    expect(says(log)).not.toContain('stopping')
  })

  it('leaves a rotation alone that waits for the person', async () => {
    const log = new Log({ phase: 'halted', trouble: because('x') })
    await go(log, steps, () => true)
    expect(says(log)).toEqual(['halted'])
  })
})

describe('a journal that cannot be written', () => {
  const broken = () => Promise.reject(new JournalFailure('full'))

  it.each<[string, Log, Step<null>]>([
    ['before an act', new Log(), { name: 'create', before: broken, do: fine }],
    ['in an act', new Log(), { name: 'create', do: broken }],
    [
      'in a look',
      new Log({ phase: 'started', step: 'create' }),
      { name: 'create', do: fine, settle: broken },
    ],
    [
      'in an undo',
      new Log({ phase: 'done', step: 'create' }, { phase: 'resumed' }),
      { name: 'create', do: fine, undo: broken },
    ],
  ])('%s: ends it at once, as no failure of the step', async (_, log, step) => {
    await expect(go(log, [step])).rejects.toThrow(JournalFailure)
    expect(says(log).join()).not.toMatch(/failed|undoFailed|unclear|finished|halted/)
  })

  it('keeps an act from being done that would not be remembered', async () => {
    for (let room = 0; room < 8; room += 1) {
      const log = new Log()
      log.room = room
      const acts: string[] = []
      const act = (what: string) => () => Promise.resolve(void acts.push(what)).then(() => ({}))
      await expect(
        go(log, [
          { name: 'create', do: act('create'), undo: act('delete') },
          { name: 'verify', do: fails('no') },
        ]),
      ).rejects.toThrow('full')
      expect(acts.includes('create')).toBe(room >= 1)
      expect(acts.includes('delete')).toBe(room >= 6)
    }
  })

  it('says so by its name, and what the disk said', () => {
    const cause = new Error('ENOSPC')
    expect(new JournalFailure('full', { cause })).toMatchObject({
      name: 'JournalFailure',
      message: 'full',
      cause,
    })
  })
})

describe('what ends a drive without a failure', () => {
  const movedOn = () => Promise.reject(new MovedOn({ name: 'moved', title: 'T', detail: 'Others moved on.' }))
  const leaves = () => Promise.reject(new LeftWaiting())
  const over = { phase: 'finished', outcome: 'superseded', trouble: { name: 'moved' } }

  it.each<[string, readonly Step<null>[], NewEntry[]]>([
    ['in a step', [{ name: 'check', do: movedOn }], []],
    ['in a look', [{ name: 'check', do: fine, settle: movedOn }], [{ phase: 'started', step: 'check' }]],
    [
      'on the way back',
      [{ name: 'check', do: fine, undo: movedOn }],
      [{ phase: 'started', step: 'check' }, { phase: 'done', step: 'check' }, { phase: 'resumed' }],
    ],
  ])('others moved on, found %s: it is over', async (_, steps, before) => {
    const log = new Log(...before)
    await go(log, steps)
    expect(log.appended.at(-1)).toMatchObject(over)
  })

  it.each<[string, readonly Step<null>[], NewEntry[], string]>([
    ['in a step', [{ name: 'check', do: leaves }], [], 'started check'],
    [
      'in a look',
      [{ name: 'check', do: fine, settle: leaves }],
      [{ phase: 'started', step: 'check' }],
      'started check',
    ],
    [
      'on the way back',
      [{ name: 'check', do: fine, undo: leaves }],
      [{ phase: 'started', step: 'check' }, { phase: 'done', step: 'check' }, { phase: 'resumed' }],
      'undoing check',
    ],
  ])('a wait was given up %s: it stands as it stood', async (_, steps, before, last) => {
    const log = new Log(...before)
    await expect(go(log, steps)).rejects.toThrow(LeftWaiting)
    expect(says(log).at(-1)).toBe(last)
  })
})
