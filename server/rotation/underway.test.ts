import { setImmediate as tick } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Rotation } from '../api/run.ts'
import { answers, wantsCode } from './testing/callEnds.ts'
import { Stage } from './testing/stage.ts'
import type { Hooks } from './world.ts'

/** What the page was told of a running step, in order, each once. */
function notes(stage: Stage): (string | undefined)[] {
  const told = stage.room.events.flatMap((event) =>
    event.type === 'rotation'
      ? event.rotation.steps.filter(({ state }) => state === 'running').map(({ note }) => note)
      : [],
  )
  return told.filter((note, index) => note !== told[index - 1])
}

describe('what a rotation waits for is told while it waits', () => {
  it('AWS that throttles, and a network that is away, until they are back', async () => {
    const stage = await Stage.open()
    const list = stage.iam.listKeys.bind(stage.iam)
    let first = true
    stage.iam.listKeys = async (signer, ...rest: unknown[]) => {
      const wait = (rest[0] as { onWait?: (why?: 'throttled' | 'network') => void } | undefined)?.onWait
      if (wait && first) for (const why of ['throttled', 'network', undefined] as const) wait(why)
      if (wait) first = false
      return list(signer)
    }
    expect((await stage.rotate()).state).toBe('done')
    expect(notes(stage).slice(0, 3)).toEqual([
      'AWS asks us to slow down; going on as soon as it lets us',
      'AWS cannot be reached; waiting for the network',
      undefined,
    ])
  })

  it('the code of an MFA device: a wrong one is asked for again, and the right one lets it go on', async () => {
    const stage = await Stage.open()
    const device = 'arn:aws:iam::111122223333:mfa/ann'
    const codes = wantsCode(stage, device, ['createKey'])
    const begun = await stage.begin('create', 'keep')
    const waits = async () => {
      while (!stage.room.signers.waitsFor(device)) await tick()
    }
    await waits()
    expect(stage.now(begun).mfa).toEqual({ device })
    stage.room.signers.give(device, '000000')
    await waits()
    expect(stage.now(begun)).toMatchObject({ state: 'running', step: 'create', mfa: { device } })
    stage.room.signers.give(device, '123456')
    const done = await stage.ended(begun)
    expect(done.state).toBe('done')
    expect(done).not.toHaveProperty('mfa')
    expect(codes).toEqual(['000000', '123456'])
  })
})

describe('what nobody foresaw', () => {
  const defect = { name: 'defect', detail: expect.stringContaining('The terminal has the details') as string }

  it('in a step is told as a mistake of Keyturn’s, the terminal is told all of it, and nothing is left behind', async () => {
    const stage = await Stage.open()
    const mistake = new TypeError('x is not a function')
    answers(stage.iam, 'createKey', () => Promise.reject(mistake))
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'rolledBack', problem: defect })
    expect(JSON.stringify(rotation)).not.toContain('not a function')
    expect(stage.room.defects).toEqual([mistake])
    expect(stage.keys).toHaveLength(1)
    expect((await stage.retry(rotation)).state).toBe('done')
  })

  it('outside of any step leaves its rotation standing, and the others of the run go on', async () => {
    const mistake = new RangeError('outside')
    let broken = true
    const hooks: Hooks = {
      and() {
        if (!broken) return hooks
        broken = false
        throw mistake
      },
      any: () => Promise.resolve(false),
      run: () => Promise.resolve([]),
    }
    const stage = await Stage.open('two users at once', {}, { hooks })
    const rotation = await stage.rotate()
    const states = () => stage.room.runs.existing(rotation.run).rotations.map(({ state }) => state)
    expect(states()).toEqual(['interrupted', 'done'])
    expect(stage.now(rotation)).toMatchObject({ problem: defect } satisfies Partial<
      Record<keyof Rotation, unknown>
    >)
    expect(stage.room.defects).toEqual([mistake])
    await stage.recover(rotation)
    expect(states()).toEqual(['stopped', 'done'])
  })

  it('but a disk that refuses is told as what it is', async () => {
    const full = Object.assign(new Error('no space left'), { code: 'ENOSPC', path: '/state' })
    const stage = await Stage.open('single', {}, { stateWritable: () => Promise.reject(full) })
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'rolledBack', problem: { name: 'disk', code: 'ENOSPC' } })
    expect(stage.room.defects).toEqual([])
    expect(stage.iam.log.filter((call) => call.startsWith('CreateAccessKey'))).toEqual([])
  })
})
