import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { AwsFailure } from '../../keys/iam.ts'
import { Secret } from '../../profiles/keyPair.ts'
import { beforeAppend } from '../testing/appends.ts'
import { dies } from '../testing/callEnds.ts'
import { lateWriter } from '../testing/lateWriter.ts'
import { Stage } from '../testing/stage.ts'

describe('the last look', () => {
  it('is by the list alone where the old secret is gone', async () => {
    const stage = await Stage.open()
    await beforeAppend('"phase":"started","step":"confirm"', () => {
      rmSync(join(stage.disk.state, 'undo'), { recursive: true })
      stage.iam.log.length = 0
    })
    // A new process: the one that saved still has the pair in memory.
    dies(stage.iam, 'setKeyStatus', 'after')
    const rotation = await stage.rotate()
    await stage.restart()
    expect((await stage.recover(rotation)).state).toBe('done')
    expect(stage.iam.log.filter((call) => call.startsWith('GetCallerIdentity'))).toEqual([])
  })

  it('notes when the old key was refused, by the clock of AWS', async () => {
    const stage = await Stage.open()
    const who = stage.iam.whoAmI.bind(stage.iam)
    const [old] = stage.keys
    const date = Date.UTC(2026, 10, 25, 4)
    stage.iam.whoAmI = (signer) =>
      who(signer).catch((error: unknown) => {
        throw signer.pair.id === old!.id && error instanceof AwsFailure
          ? new AwsFailure(error.kind, error.trouble, { date })
          : error
      })
    expect((await stage.rotate()).refusedAt).toBe('2026-11-25T04:00:00.000Z')
  })

  it('goes on until AWS refuses the old key, and says where that takes too long', async () => {
    const stage = await Stage.open()
    const who = stage.iam.whoAmI.bind(stage.iam)
    const [old] = stage.keys
    let lingers = true
    stage.iam.whoAmI = (signer) => {
      const accepted = lingers && old!.status === 'Inactive' && signer.pair.id === old!.id
      return accepted
        ? who({ ...signer, pair: { id: fresh().id, secret: new Secret(fresh().secret) } })
        : who(signer)
    }
    const fresh = () => stage.keys[1]!
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'failed', step: 'confirm', problem: { name: 'old-key-lingers' } })
    expect(rotation.problem?.detail).toContain('after 30 seconds')
    expect(rotation.oldKeyState).toBe('inactive')
    lingers = false
    expect((await stage.retry(rotation)).state).toBe('done')
  })

  it.each([
    ['before the old key is turned off', 'prove'],
    ['while it is', 'retire'],
  ])('merges what another program writes %s, and tells it', async (_, step) => {
    const stage = await Stage.open()
    const write = lateWriter(stage.disk)
    const text = stage.disk.text('credentials')
    await beforeAppend(`"phase":"done","step":"${step}"`, () => write(`${text}[late]\nregion = eu-north-1\n`))
    const rotation = await stage.rotate()
    expect(rotation.state).toBe('done')
    expect(rotation.notes.join(' ')).toContain('merged')
    expect(stage.disk.text('credentials')).toContain('[late]\nregion = eu-north-1')
    expect(stage.held()[0]).toBe(`default ${rotation.newKey}`)
  })
})

it('a pair is not kept beyond the confirm where no days are set for that', async () => {
  const stage = await Stage.open('single', { undoDays: 0 })
  const rotation = await stage.rotate()
  expect(rotation).toMatchObject({ state: 'done', undo: ['reactivate'] })
  expect(await stage.room.undo.list()).toEqual([])
})
