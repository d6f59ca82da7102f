import { describe, expect, it } from 'vitest'
import { ago, now, rotation, run, running, steps, waitingForCode } from '../fixtures.ts'
import { estimate, inFile, progress, tally } from './estimate.ts'

const done = (seconds: number) =>
  rotation(['d'], {
    steps: [{ name: 'check', state: 'done', startedAt: ago(0, seconds), finishedAt: ago(0, 0) }],
  })
const going = (seconds: number) =>
  rotation(['g'], {
    state: 'running',
    steps: [{ name: 'verify', state: 'running', startedAt: ago(0, seconds) }],
  })

describe('tally', () => {
  it('counts each rotation once', () => {
    const t = tally(running.rotations)
    expect(t).toMatchObject({ total: 6, ended: 2, done: 1, failed: 1, running: 3, waiting: 1 })
    expect(t.done + t.failed + t.rolledBack + t.stopped + t.undone).toBe(t.ended)
  })
})

describe('progress', () => {
  it('is 1 when all have ended and never before', () => {
    expect(progress(run([rotation(['a']), rotation(['b'], { state: 'failed' })]))).toBe(1)
    expect(progress(run([rotation(['a'], { state: 'running', steps: steps(7) })]))).toBeLessThan(1)
    expect(progress(run([]))).toBe(0)
  })
})

it('counts the rotations that have written the file, where they do', () => {
  const at = (n: number) => rotation(['a'], { steps: steps(n) })
  expect(inFile(run([at(2), at(4), at(7)]))).toBe(2)
  expect(inFile(run([rotation(['a'], { steps: [{ name: 'check', state: 'done' }] })]))).toBeUndefined()
})

describe('estimate', () => {
  it('promises nothing before some have ended', () => {
    expect(estimate(running, now)).toBe('Usually 20 to 60 s for a key')
  })

  it('goes by the steps of earlier runs until then', () => {
    const r = run([going(5)], { state: 'running', startedAt: ago(0, 6) })
    expect(estimate(r, now, { verify: 17_000 })).toBe('About 15 s left')
    expect(estimate(r, now, { verify: 8_000 })).toBe('A few seconds left')
  })

  it('goes by the pace of those that have', () => {
    const r = run([done(20), done(20), done(20), going(5)], { state: 'running', startedAt: ago(0, 25) })
    expect(estimate(r, now)).toBe('About 15 s left')
  })

  it('says when a run is slower than its own pace', () => {
    const r = run([done(20), done(20), done(20), going(50)], { state: 'running', startedAt: ago(0, 60) })
    expect(estimate(r, now)).toBe('Longer than usual: AWS is slow to spread the last keys')
    const first = run([going(100)], { state: 'running', startedAt: ago(0, 100) })
    expect(estimate(first, now)).toMatch(/^Longer than usual/)
  })

  it('counts what still waits', () => {
    const waiting = Array.from({ length: 30 }, () =>
      rotation(['w'], { state: 'waiting', steps: steps(0, 'pending') }),
    )
    const r = run([done(20), done(20), done(20), ...waiting], { state: 'running', startedAt: ago(0, 30) })
    expect(estimate(r, now)).toBe('About 5 minutes left')
  })

  it('says that it is the person who is waited for', () => {
    const only = run(
      waitingForCode.rotations.filter(({ mfa }) => mfa),
      { state: 'running' },
    )
    expect(estimate(only, now)).toBe('Waiting for a code from you')
  })
})
