import { describe, expect, it } from 'vitest'
import type { ServerEvent } from '../server/api/events.ts'
import { inventory, key, rotation, run, settings, world } from './fixtures.ts'
import { reduce } from './world.ts'

const snapshot = (part: Partial<Extract<ServerEvent, { type: 'snapshot' }>> = {}): ServerEvent => ({
  type: 'snapshot',
  inventory: inventory({ keys: [key(['a'], { id: 'A' }), key(['b'], { id: 'B' })] }),
  settings,
  runs: [],
  plans: [],
  ...part,
})

describe('reduce', () => {
  it('knows nothing before the first snapshot', () => {
    expect(reduce(undefined, [{ type: 'key', key: key(['a'], { id: 'A' }) }])).toBeUndefined()
  })

  it('replaces everything at a snapshot, as after a reconnect', () => {
    const before = world({ runs: new Map([['old', run([], { id: 'old' })]]) })
    expect([...(reduce(before, [snapshot()])?.runs.keys() ?? [])]).toEqual([])
  })

  it('puts a key in its place and leaves the others the same objects', () => {
    const before = reduce(undefined, [snapshot()])
    const after = reduce(before, [{ type: 'key', key: key(['b'], { id: 'B', checking: true }) }])
    expect(after?.inventory.keys.map(({ id, checking }) => [id, checking])).toEqual([
      ['A', false],
      ['B', true],
    ])
    expect(after?.inventory.keys[0]).toBe(before?.inventory.keys[0])
    expect(before?.inventory.keys[1]?.checking).toBe(false)
  })

  it('takes the last word on a rotation within one batch, a later run over an earlier rotation', () => {
    const first = rotation(['a'], { id: 'r1', state: 'running' })
    const before = reduce(undefined, [snapshot({ runs: [run([first])] })])
    const failed = { ...first, state: 'failed' as const }
    const done = { ...first, state: 'done' as const }
    const batch: ServerEvent[] = [
      { type: 'rotation', run: 'run-1', rotation: failed },
      { type: 'rotation', run: 'run-1', rotation: done },
    ]
    expect(reduce(before, batch)?.runs.get('run-1')?.rotations).toEqual([done])
    expect(
      reduce(before, [batch[0]!, { type: 'run', run: run([done]) }])?.runs.get('run-1')?.rotations,
    ).toEqual([done])
    expect(
      reduce(before, [{ type: 'run', run: run([failed]) }, batch[1]!])?.runs.get('run-1')?.rotations,
    ).toEqual([done])
  })

  it('passes over a rotation of a run that it does not know', () => {
    const before = reduce(undefined, [snapshot()])
    expect(reduce(before, [{ type: 'rotation', run: 'other', rotation: rotation(['a']) }])).toEqual(before)
  })

  it('takes a new inventory over keys that came before it', () => {
    const before = reduce(undefined, [snapshot()])
    const after = reduce(before, [
      { type: 'key', key: key(['z'], { id: 'Z' }) },
      { type: 'inventory', inventory: inventory({ keys: [] }) },
    ])
    expect(after?.inventory.keys).toEqual([])
  })
})
