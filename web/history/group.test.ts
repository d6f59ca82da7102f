import { expect, it } from 'vitest'
import { history } from '../fixtures.ts'
import { byDay, deletedBy, filterRows, groupRuns } from './group.ts'

it('puts the rows of a run together, the newest run first', () => {
  expect(groupRuns([...history].reverse()).map(({ run, rows }) => [run, rows.length])).toEqual([
    ['run-7', 4],
    ['run-6', 7],
  ])
})

it('finds rows by any of their words', () => {
  expect(filterRows(history, 'accessdenied ci-deploy')).toHaveLength(1)
  expect(filterRows(history, ' ')).toHaveLength(history.length)
})

it('stands by day, with what took how long and who began it', () => {
  const runs = groupRuns(history)
  expect(byDay(runs).map(({ runs: of }) => of.map(({ run }) => run))).toEqual([['run-7'], ['run-6']])
  expect(runs[0]).toMatchObject({ by: 'page', finishedAt: history[0]?.finishedAt })
})

it('counts what was deleted for good', () => {
  const [first] = groupRuns(history)
  const [row] = first!.rows
  const of = (part: Partial<typeof row>) =>
    deletedBy({ ...first!, rows: [{ ...row!, outcome: 'done', ...part }] })
  expect(of({})).toBe(0)
  expect(of({ kind: 'delete' })).toBe(1)
  expect(of({ kind: 'delete', outcome: 'failed' })).toBe(0)
  expect(of({ oldKeyMode: 'delete', steps: [{ name: 'makeRoom', milliseconds: 1 }] })).toBe(2)
})
