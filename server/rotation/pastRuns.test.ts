import { expect, it } from 'vitest'
import { Stage } from './testing/stage.ts'

it('the runs are listed newest first, a page at a time', async () => {
  const stage = await Stage.open()
  const first = await stage.rotate('keep')
  stage.clock.advance(60_000)
  const second = await stage.restore(first)
  stage.clock.advance(60_000)
  const third = await stage.run(
    await stage.room.undos.ofKey(first.newKey!, 'delete', first.newKey!.slice(-4)),
  )
  const ids = [third.run, second.run, first.run]
  const { runs } = stage.room
  const page = (before: string | undefined, limit: number) => {
    const { runs: found, more } = runs.list(before, limit)
    return [found.map(({ id }) => id), more]
  }
  expect(page(undefined, 5)).toEqual([ids, false])
  expect(page(undefined, 1)).toEqual([[ids[0]], true])
  expect(page(ids[0], 1)).toEqual([[ids[1]], true])
  expect(page(ids[1], 1)).toEqual([[ids[2]], false])
  expect(page(ids[2], 1)).toEqual([[], false])
  expect(runs.get('none')).toBeUndefined()
})

it('the history follows a run that is under way, and keeps one that is over', async () => {
  const stage = await Stage.open()
  const begun = await stage.begin('verify')
  const outcomes = () => stage.room.runs.history().map(({ outcome }) => outcome)
  expect(outcomes()).toEqual(['running'])
  await stage.ended(begun)
  expect(outcomes()).toEqual(['done'])
  expect(stage.room.runs.history()).toEqual(stage.room.runs.history())
})
