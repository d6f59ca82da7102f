import { setImmediate as tick } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { StepName } from '../api/run.ts'
import { answers } from './testing/callEnds.ts'
import { Stage } from './testing/stage.ts'

/** AWS takes the call and never answers. */
const silent = () => new Promise<never>(() => undefined)

async function hangsAt(stage: Stage, act: Parameters<typeof answers>[1], step: StepName, skip = 0) {
  let held = false
  const begun = await stage.begin(step)
  answers(
    stage.iam,
    act,
    () => {
      held = true
      return silent()
    },
    skip,
  )
  while (!held) await tick()
  return begun
}

describe('AWS takes calls and never answers', () => {
  it.each(['stop', 'end of the process'])(
    'a look before anything is made is dropped at once at a %s',
    async (why) => {
      const stage = await Stage.open()
      const run = await stage.planned()
      let held = false
      answers(stage.iam, 'whoAmI', () => {
        held = true
        return silent()
      })
      const { id } = await stage.room.runs.start(run)
      while (!held) await tick()
      if (why === 'stop') stage.room.runs.stop(id)
      else expect(await stage.room.runs.drain()).toEqual({ left: false })
      expect((await stage.ended({ run: id })).state).toBe('stopped')
      expect(stage.keys).toHaveLength(1)
    },
  )

  it('a look while the new key is verified is dropped at once, and the key taken back', async () => {
    const stage = await Stage.open()
    stage.iam.spread = 20
    const begun = await hangsAt(stage, 'whoAmI', 'verify', 1)
    expect(await stage.room.runs.drain()).toEqual({ left: false })
    expect((await stage.ended(begun)).state).toBe('stopped')
    expect(stage.keys).toHaveLength(1)
  })

  it('a look after the save is left to the journal, and a recovery goes on', async () => {
    const stage = await Stage.open()
    const begun = await hangsAt(stage, 'whoAmI', 'confirm')
    expect(await stage.room.runs.drain()).toEqual({ left: true })
    expect(stage.now(begun).state).toBe('interrupted')
    await stage.restart()
    expect(await stage.recover(begun)).toMatchObject({ state: 'done', oldKeyState: 'inactive' })
  })

  it('an answer in time lets what is committed come to its end', async () => {
    const stage = await Stage.open()
    const begun = await stage.begin('prove')
    expect(await stage.room.runs.drain()).toEqual({ left: false })
    expect((await stage.ended(begun)).state).toBe('done')
  })

  it('a call that changes something is left to the journal, and the process knows nothing more of it', async () => {
    const stage = await Stage.open()
    const begun = await hangsAt(stage, 'setKeyStatus', 'prove')
    expect(await stage.room.runs.drain()).toEqual({ left: true })
    expect(stage.now(begun)).toMatchObject({ state: 'interrupted' })
    expect(stage.keys.map(({ status }) => status)).toEqual(['Active', 'Active'])
    await stage.restart()
    expect(await stage.recover(begun)).toMatchObject({ state: 'done', oldKeyState: 'inactive' })
  })
})
