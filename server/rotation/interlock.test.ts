import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FileSeen } from '../profiles/store/seenFiles.ts'
import { type Act, interlock, rules, unknownAbout, type WorldSeen } from './interlock.ts'

const [old, fresh, other] = ['AKIAOLD0000000000000', 'AKIANEW0000000000000', 'AKIAOTHER00000000000']
const path = '/home/a/.aws/credentials'
const config = '/home/a/.aws/config'

const holds = (...ids: string[]): FileSeen => ({
  seen: 'known',
  path,
  holds: ids.map((id, at) => ({ profile: `p${at}`, file: 'credentials', id })),
})
const nothing: FileSeen = { seen: 'known', path: config, holds: [] }
const unknown: FileSeen = { seen: 'unknown', path: config, why: 'It may not be read.' }
const away = (...held: string[]): FileSeen => ({ seen: 'absent', path: config, held: new Set(held) })
const world = (
  files: readonly FileSeen[],
  proved: string[] = [fresh, old],
  needed: string[] = [],
): WorldSeen => ({
  files,
  proved: new Set(proved),
  needed: new Map(needed.map((key) => [key, 'an older run'])),
})

const create: Act = { kind: 'create', from: old, profiles: [{ name: 'p0', file: 'credentials', id: old }] }
const off: Act = { kind: 'turn-off', key: old, stays: fresh }
const remove: Act = { kind: 'delete', key: old, stays: fresh }
const back: Act = { kind: 'take-back', key: fresh, attributed: true }
const write: Act = {
  kind: 'write',
  to: fresh,
  changes: [{ file: 'credentials', path, profile: 'p0', from: old }],
}
const hand: Act = { kind: 'hand-over', key: fresh }
const drop = (gone: boolean, ...active: string[]): Act => ({
  kind: 'drop-secret',
  key: old,
  gone,
  active: new Set(active),
})

/** What it says, and by which trouble. */
function says(act: Act, seen: WorldSeen): string {
  const answer = interlock(act, seen)
  return answer.say === 'go' ? 'go' : `${answer.say} ${answer.why.name}`
}

describe('what the interlock says', () => {
  it.each<[string, Act, WorldSeen, string]>([
    ['a key is made where all files are known', create, world([holds(old), nothing]), 'go'],
    ['not while a file cannot be read', create, world([holds(old), unknown]), 'wait waits-for-file'],
    [
      'not while a file is away that held the key',
      create,
      world([holds(old), away(old)]),
      'wait waits-for-file',
    ],
    ['a file that never held it may be away', create, world([holds(old), away(other)]), 'go'],
    ['not where a profile moved on', create, world([holds(other), nothing]), 'never file-moved'],
    ['not where its own file says nothing', create, world([{ ...away(old), path }]), 'wait waits-for-file'],
    ['not where another open run is about it', create, world([holds(old)], [], [old]), 'never key-busy'],

    ['a key is turned on whatever is known', { kind: 'turn-on', key: old }, world([unknown], []), 'go'],

    ['an old key is turned off once nobody holds it', off, world([holds(fresh), nothing]), 'go'],
    ['never one that a profile holds', off, world([holds(fresh, old), nothing]), 'never key-in-use'],
    ['never, though another file is unknown, too', off, world([holds(old), unknown]), 'never key-in-use'],
    ['not while a file cannot be read', off, world([holds(fresh), unknown]), 'wait waits-for-file'],
    ['not while a file is away that held it', off, world([holds(fresh), away(old)]), 'wait waits-for-file'],
    ['never without a proof of the pair that stays', off, world([holds(fresh)], [old]), 'never not-proved'],
    ['never where an open run needs it', off, world([holds(fresh)], [fresh], [old]), 'never key-busy'],

    ['an old key is deleted by the same rules', remove, world([holds(fresh), nothing]), 'go'],
    ['never one that a profile holds', remove, world([holds(old)]), 'never key-in-use'],
    ['not while a file cannot be read', remove, world([holds(fresh), unknown]), 'wait waits-for-file'],
    ['never without a proof', remove, world([holds(fresh)], []), 'never not-proved'],
    ['never where an open run needs it', remove, world([holds(fresh)], [fresh], [old]), 'never key-busy'],

    ['our own unused key goes again', back, world([holds(old), nothing], []), 'go'],
    ['not while a file cannot be read', back, world([holds(old), unknown], []), 'wait waits-for-file'],
    ['never one that a profile holds', back, world([holds(fresh)], []), 'never key-in-use'],
    [
      'never one that may be another’s',
      { ...back, attributed: false },
      world([holds(old)]),
      'never stray-unclear',
    ],
    ['never where an open run needs it', back, world([holds(old)], [], [fresh]), 'never key-busy'],

    ['a proved pair is written', write, world([holds(old)]), 'go'],
    ['again where it stands already', write, world([holds(fresh)]), 'go'],
    ['never over what somebody else wrote', write, world([holds(other)]), 'never file-moved'],
    ['never into a profile that is gone', write, world([holds()]), 'never file-moved'],
    ['never without a proof', write, world([holds(old)], [old]), 'never not-proved'],
    ['not while its file is away', write, world([{ ...away(old), path }]), 'wait waits-for-file'],
    ['not while its file cannot be read', write, world([{ ...unknown, path }]), 'wait waits-for-file'],
    ['not where its file was not looked at', write, world([nothing]), 'wait waits-for-file'],

    ['hooks get a proved pair that a profile holds', hand, world([holds(fresh)]), 'go'],
    ['never one that no profile holds', hand, world([holds(old), nothing]), 'never file-moved'],
    [
      'not while the file that may hold it is unknown',
      hand,
      world([holds(old), unknown]),
      'wait waits-for-file',
    ],
    ['never without a proof', hand, world([holds(fresh)], []), 'never not-proved'],

    ['the secret of a deleted key is dropped', drop(true), world([unknown]), 'go'],
    ['one that the file holds as well', drop(false, old), world([holds(old)]), 'go'],
    ['never where the file holds it turned off', drop(false), world([holds(old)]), 'never last-copy'],
    ['one whose user has another in a file', drop(false, fresh), world([holds(fresh)]), 'go'],
    ['never perhaps the last copy', drop(false, fresh), world([holds(other), unknown]), 'never last-copy'],
  ])('%s', (_, act, seen, expected) => {
    expect(says(act, seen)).toBe(expected)
  })

  it('is never go, for an act that takes a key away, where one file in which it may stand is unknown', () => {
    const ids = fc.uniqueArray(fc.constantFrom(old, fresh, other), { maxLength: 3 })
    const file = fc.oneof(
      ids.map((each) => holds(...each)),
      fc.constant(unknown),
      ids.map((each) => away(...each)),
    )
    fc.assert(
      fc.property(fc.array(file, { maxLength: 4 }), fc.constantFrom(off, remove, back), (files, act) => {
        const key = 'key' in act ? act.key : ''
        const silent = files.some(
          (each) => each.seen === 'unknown' || (each.seen === 'absent' && each.held.has(key)),
        )
        if (silent) expect(interlock(act, world(files)).say).not.toBe('go')
      }),
    )
  })

  it('names each rule with its promise, and no rule twice for an act', () => {
    for (const rows of Object.values(rules)) {
      const texts = rows.map(({ promise, says }) => `${promise}: ${says}`)
      expect(new Set(texts).size).toBe(texts.length)
      for (const text of texts) expect(text).toMatch(/^P[1-3]: \S/)
    }
  })
})

it('says of which file nothing is known, and why, without naming a key where none is asked for', () => {
  expect(unknownAbout([holds(old), nothing], [old])).toBeUndefined()
  expect(unknownAbout([unknown], [])?.detail).toContain(`${config} to be readable again: It may not be read.`)
  expect(unknownAbout([unknown], [old])?.detail).toContain('****0000')
})
