import fs from 'node:fs/promises'
import { setImmediate as tick } from 'node:timers/promises'
import { expect, it, onTestFinished } from 'vitest'
import { beforeAppend } from './testing/appends.ts'
import { answers, refusal } from './testing/callEnds.ts'
import { Stage } from './testing/stage.ts'

/** The system opens no file that is not open already, until the returned function is called. */
function outOfHandles(): () => void {
  const { open, readFile } = fs
  const refuse = () => Promise.reject(Object.assign(new Error('EMFILE'), { code: 'EMFILE' }))
  fs.open = refuse
  fs.readFile = refuse as typeof readFile
  const back = () => void Object.assign(fs, { open, readFile })
  onTestFinished(back)
  return back
}

const works = (stage: Stage) =>
  [...stage.disk.pairs().values()].every(({ id, secret }) => stage.iam.works(id, secret))

it.each(['check', 'verify', 'save', 'prove', 'retire', 'confirm'])(
  'handles that run out at %s are waited for, and the rotation goes on by itself',
  async (step) => {
    const stage = await Stage.open('two files', {}, { waitPatienceMs: Infinity })
    const run = await stage.planned()
    let back: () => void = () => undefined
    await beforeAppend(`"phase":"started","step":"${step}"`, () => {
      back = outOfHandles()
    })
    const { id } = await stage.room.runs.start(run)
    while (!stage.now({ run: id }).waitsFor) await tick()
    expect(stage.now({ run: id }).waitsFor?.detail).toContain('too many files')
    expect(works(stage)).toBe(true)
    back()
    expect(await stage.ended({ run: id })).toMatchObject({ state: 'done', oldKeyState: 'inactive' })
    expect(works(stage)).toBe(true)
  },
)

it('handles that run out on the way back are waited for, and the new key is deleted', async () => {
  const stage = await Stage.open('single', {}, { waitPatienceMs: Infinity })
  stage.iam.spread = 1_000
  let back: () => void = () => undefined
  await beforeAppend('"phase":"undoing","step":"create"', () => {
    back = outOfHandles()
  })
  const { id } = await stage.room.runs.start(await stage.planned())
  while (!stage.now({ run: id }).waitsFor) await tick()
  expect(stage.keys).toHaveLength(2)
  back()
  expect((await stage.ended({ run: id })).state).toBe('rolledBack')
  expect(stage.keys).toHaveLength(1)
})

it('a connection that could not be opened is told as what it is', async () => {
  const stage = await Stage.open()
  const run = await stage.planned()
  answers(stage.iam, 'whoAmI', () => Promise.reject(Object.assign(refusal('network'), { code: 'EMFILE' })))
  expect((await stage.run(run)).problem?.name).toBe('network')
})
