import { describe, expect, it } from 'vitest'
import type { KnownPlace } from '../../server/api/places.ts'
import { changeWords, isLive, kindsOf, placeWords, updatable } from './groups.ts'

const place = (part: Partial<KnownPlace>): KnownPlace => ({
  path: '/h/.env',
  line: 1,
  kind: '.env',
  key: 'AKIAWKEYTURN00000001',
  holds: 'pair',
  can: 'update',
  ...part,
})

describe('the places on the page', () => {
  const places = [
    place({}),
    place({ path: '/h/.s3cfg', kind: 's3cmd', can: 'list' }),
    place({ line: 9 }),
    place({ path: '/h/b.env' }),
    place({ path: '/h/c.env', updated: true }),
    place({ key: 'AKIAWKEYTURN00000002', path: '/h/d.env' }),
  ]
  const kinds = kindsOf(places, ['AKIAWKEYTURN00000001'])

  it('are grouped by kind and file, those of other keys left out', () => {
    expect(kinds.map(({ kind, files }) => [kind, files.map((each) => each.places.length)])).toEqual([
      ['.env', [2, 1, 1]],
      ['s3cmd', [1]],
    ])
  })

  it('counts files that can be updated once each, and none that was', () => {
    expect(updatable(kinds)).toBe(2)
  })

  it('says what stands there and what it is worth', () => {
    expect(placeWords(place({ line: 12, worth: 'active' }))).toBe(
      'Line 12: the id and its secret of ****0001, replaced, but it still works.',
    )
    expect(placeWords(place({ holds: 'id' }))).toBe('Line 1: the id alone of ****0001.')
  })

  it('marks only what may still open something', () => {
    expect(isLive(place({ worth: 'held' }))).toBe(true)
    expect(isLive(place({ worth: 'held', holds: 'id' }))).toBe(false)
    expect(isLive(place({ worth: 'inactive' }))).toBe(false)
    expect(isLive(place({ worth: 'active', updated: true }))).toBe(false)
  })

  it('never has a secret in its diff', () => {
    const change = { path: '/h/.env', key: 'A', newKey: 'B', lines: [] }
    expect(changeWords(change, 'secret')).toEqual({ before: 'the old secret', after: 'the new secret' })
    expect(changeWords(change, 'id')).toEqual({ before: 'A', after: 'B' })
    expect(changeWords(change, 'id and secret').after).toBe('B and its secret')
  })
})
