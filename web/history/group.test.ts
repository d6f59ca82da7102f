import { expect, it } from 'vitest'
import { history } from '../fixtures.ts'
import { filterRows, groupRuns } from './group.ts'

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
