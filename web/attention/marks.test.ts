import { expect, it } from 'vitest'
import { finished, partial, rotation, run, running, steps } from '../fixtures.ts'
import { markOf, ringOf } from './marks.ts'

const svg = (address: string): string => decodeURIComponent(address.replace('data:image/svg+xml,', ''))

it('counts while a run goes, and says how it ended', () => {
  const ended = running.rotations.filter(({ state }) => state !== 'running' && state !== 'waiting').length
  expect(markOf(running)).toBe(`(${ended}/${running.rotations.length}) Rotating`)
  expect(markOf(finished)).toBe('✓ 4 of 4')
  expect(markOf(partial)).toMatch(/^⚠ \d need you$/)
  expect(markOf(run([rotation(['a'], { state: 'failed' })]))).toBe('⚠ 1 needs you')
})

it('counts what a run was asked for and left open', () => {
  const left = [{ state: 'open' }, { state: 'open' }, { state: 'closed' }]
  expect(markOf(Object.assign(run([rotation(['a'])]), { left }))).toBe('⚠ 2 need you')
})

it('draws a ring that fills, and its end in a colour and a mark', () => {
  const at = (n: number) =>
    svg(ringOf(run([rotation(['a'], { state: 'running', steps: steps(n) })], { state: 'running' })))
  const filled = [0, 2, 5].map((n) => Number(/stroke-dasharray="([\d.]+)/.exec(at(n))?.[1]))
  expect(filled).toEqual([...filled].sort((a, b) => a - b))
  expect(new Set(filled).size).toBe(3)
  expect(at(2)).not.toContain('<path')
  expect(svg(ringOf(finished))).toContain('#2f7d2d')
  expect(svg(ringOf(partial))).toContain('#b86e00')
})
