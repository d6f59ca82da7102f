import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { beforeAppend, fullFrom } from './testing/appends.ts'
import { answers, dies, holds, refusal } from './testing/callEnds.ts'
import { Stage } from './testing/stage.ts'

const works = (stage: Stage) =>
  [...stage.disk.pairs().values()].every(({ id, secret }) => stage.iam.works(id, secret))

describe('a run of which something is left open', () => {
  it('is closed by an undo, and nothing of it is tried again', async () => {
    const stage = await Stage.open()
    stage.user.denied.add('UpdateAccessKey')
    const first = await stage.rotate()
    expect(first).toMatchObject({ state: 'failed', step: 'retire' })
    stage.user.denied.clear()
    // The restore turns the new key off and stops at its last look.
    answers(stage.iam, 'listKeys', () => Promise.reject(refusal('server-error' as never)), 6)
    const second = await stage.restore(first)
    stage.iam.listKeys = Object.getPrototypeOf(stage.iam).listKeys.bind(stage.iam)
    expect(stage.now(first)).toMatchObject({ problem: { name: 'superseded' } })
    await expect(stage.retry(first)).resolves.toMatchObject({ problem: { name: 'superseded' } })
    await stage.retry(second)
    expect(works(stage)).toBe(true)
    expect(stage.held()).toEqual([`default ${first.key}`])
    expect(stage.room.runs.unfinished()).toEqual([])
  })

  it('and that was rolled back is not tried again after a newer one', async () => {
    const stage = await Stage.open()
    stage.user.denied.add('CreateAccessKey')
    const first = await stage.rotate()
    expect(first.state).toBe('rolledBack')
    stage.user.denied.clear()
    const second = await stage.rotate()
    expect(second.state).toBe('done')
    await expect(stage.room.runs.retry(first.run)).rejects.toMatchObject({
      trouble: { name: 'superseded', detail: expect.stringContaining(second.run) as string },
    })
    expect(stage.held()).toEqual([`default ${second.newKey}`])
  })

  it('and whose new key a newer one deletes to make room is closed, not stuck without its secret', async () => {
    const stage = await Stage.open()
    const mend = await fullFrom('"phase":"done","step":"create"')
    const first = await stage.rotate()
    mend()
    await stage.restart()
    expect(stage.now(first).state).toBe('interrupted')
    const made = stage.keys[1]!
    stage.iam.spread = 0
    const second = await stage.run(await stage.planned('deactivate', { deleteSpares: [made.id] }))
    expect(second.state).toBe('done')
    expect(made.deleted).toBe(true)
    expect(stage.now(first).state).toBe('superseded')
    expect(stage.room.runs.unfinished()).toEqual([])
    await stage.restart()
    expect(stage.room.runs.interrupted()).toEqual([])
    expect(works(stage)).toBe(true)
  })

  it('and cannot tell whether a key was made is closed by a newer one, which shows that key', async () => {
    const stage = await Stage.open()
    const run = await stage.planned()
    stage.user.denied.add('ListAccessKeys')
    stage.iam.fault = (action) => (action === 'CreateAccessKey' ? 'lost-after' : undefined)
    const first = await stage.run(run)
    expect(first).toMatchObject({ state: 'failed', problem: { name: 'stray-unknown' } })
    stage.user.denied.clear()
    stage.iam.fault = () => undefined
    const stray = stage.keys[1]!
    stray.hidden = 0
    const second = await stage.run(await stage.planned('deactivate', { deleteSpares: [stray.id] }))
    expect(second.state).toBe('done')
    expect(stage.now(first)).toMatchObject({ state: 'superseded' })
    expect(stage.now(first).problem?.detail).toContain('What stood in its way')
    expect(stage.room.runs.unfinished()).toEqual([])
  })

  it('and was interrupted before a newer one ended is closed by its recovery', async () => {
    const stage = await Stage.open()
    dies(stage.iam, 'createKey', 'after')
    const first = await stage.rotate()
    const text = readFileSync(stage.journal(first), 'utf8')
    await stage.restart()
    stage.iam.spread = 0
    const spare = stage.keys[1]!.id
    const second = await stage.run(await stage.planned('deactivate', { deleteSpares: [spare] }))
    expect(second.state).toBe('done')
    // As a journal of before would stand: nothing has closed it.
    writeFileSync(stage.journal(first), text)
    await stage.restart()
    expect(stage.now(first).state).toBe('interrupted')
    // Pressed twice: the second finds it closed.
    await Promise.all([stage.room.runs.recover(first.run), stage.room.runs.recover(first.run)])
    expect(await stage.ended(first)).toMatchObject({ state: 'superseded' })
    expect(stage.held()).toEqual([`default ${second.newKey}`])
    expect(works(stage)).toBe(true)
  })
})

it('a run whose journal cannot be read keeps a newer one of its user from acting', async () => {
  const stage = await Stage.open()
  stage.user.denied.add('UpdateAccessKey')
  const first = await stage.rotate()
  stage.user.denied.clear()
  rmSync(stage.journal(first))
  mkdirSync(stage.journal(first))
  const off = await stage.run(await stage.room.undos.ofKey(first.key, 'deactivate'))
  expect(off).toMatchObject({ state: 'rolledBack', problem: { name: 'key-busy' } })
  expect(stage.iam.key(first.key)?.status).toBe('Active')
  expect(stage.now(first)).toMatchObject({ state: 'interrupted', problem: { name: 'journal-unwritable' } })
})

describe('two hands on one run', () => {
  it('press Finish and Try again at once: one of them does it, and the journal stays whole', async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      const stage = await Stage.open('two users at once')
      stage.iam.users[0]!.denied.add('UpdateAccessKey')
      dies(stage.iam, 'setKeyStatus', 'before', 1)
      const rotation = await stage.rotate()
      await stage.restart()
      stage.iam.users[0]!.denied.clear()
      const { runs } = stage.room
      await Promise.all([
        runs.recover(rotation.run),
        runs.retry(rotation.run),
        runs.recover(rotation.run),
        runs.retry(rotation.run),
      ])
      await runs.idle()
      expect(runs.existing(rotation.run).state).toBe('done')
      const lines = readFileSync(stage.journal(rotation), 'utf8').trim().split('\n')
      for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow()
      await stage.restart()
      expect(stage.room.runs.damaged).toEqual([])
      expect(stage.room.runs.existing(rotation.run).state).toBe('done')
    }
  })
})

describe('a rotation that others have overtaken', () => {
  it('ends where its new key is in no file and AWS has it no more', async () => {
    const stage = await Stage.open()
    stage.user.denied.add('UpdateAccessKey')
    const first = await stage.rotate()
    stage.user.denied.clear()
    const theirs = stage.iam.addKey(stage.iam.addUser('zoe'))
    stage.puts(theirs, stage.keys[1]!)
    Object.assign(stage.iam.key(first.newKey!)!, { deleted: true })
    await stage.restart()
    const ended = await stage.retry(first)
    expect(ended).toMatchObject({ state: 'superseded', problem: { name: 'file-moved' } })
    expect(ended.problem?.detail).toContain('AWS has no such key any more')
    expect(stage.room.runs.unfinished()).toEqual([])
  })

  it.each([
    [
      'may not list the keys',
      (stage: Stage): void => void stage.user.denied.add('ListAccessKeys'),
      'file-moved',
    ],
    [
      'meets a mistake',
      (stage: Stage): void =>
        answers(stage.iam, 'listKeys', () => Promise.reject(new TypeError('no such thing'))),
      'defect',
    ],
  ] as const)('stays open where whoever looks %s', async (_, happens, name) => {
    const stage = await Stage.open()
    stage.user.denied.add('UpdateAccessKey')
    const first = await stage.rotate()
    stage.user.denied.clear()
    stage.puts(stage.iam.addKey(stage.iam.addUser('zoe')), stage.keys[1]!)
    await stage.restart()
    happens(stage)
    expect(await stage.retry(first)).toMatchObject({ state: 'failed', problem: { name } })
    expect(stage.iam.key(first.key)?.status).toBe('Active')
  })

  it('ends where the key to be turned on again is deleted meanwhile', async () => {
    const stage = await Stage.open()
    const first = await stage.rotate()
    const on = stage.iam.setKeyStatus.bind(stage.iam)
    stage.iam.setKeyStatus = (...call) => {
      Object.assign(stage.iam.key(first.key)!, { deleted: true })
      return on(...call)
    }
    const again = await stage.run(await stage.room.undos.ofRotation(first.id, { how: 'reactivate' }))
    expect(again).toMatchObject({ state: 'superseded', problem: { name: 'key-gone' } })
  })

  it('writes no pair that AWS has turned off meanwhile', async () => {
    const stage = await Stage.open()
    await beforeAppend('"phase":"done","step":"verify"', () => {
      stage.keys[1]!.status = 'Inactive'
      stage.clock.advance(10_000)
    })
    const rotation = await stage.rotate()
    expect(rotation.state).not.toBe('done')
    expect(stage.held()).toEqual([`default ${rotation.key}`])
    expect(works(stage)).toBe(true)
  })
})

describe('clocks', () => {
  it('that jump ahead end no patience', async () => {
    const stage = await Stage.open()
    let sent = false
    const list = stage.iam.listKeys.bind(stage.iam)
    let lists = 0
    stage.iam.fault = (action) => {
      if (action !== 'CreateAccessKey' || sent) return undefined
      sent = true
      return 'lost-after'
    }
    // AWS shows the key after half a minute only, and the clock is set ten minutes ahead meanwhile.
    stage.iam.listKeys = async (signer) => {
      const now = await list(signer)
      if (!sent || lists++ > 30) return now
      if (lists === 2) stage.clock.set(stage.clock.now() + 600_000)
      return { ...now, keys: now.keys.slice(0, 1) }
    }
    const rotation = await stage.rotate()
    expect(rotation.state).toBe('done')
    const alive = stage.keys.filter(({ status }) => status === 'Active').map(({ id }) => id)
    expect(alive).toEqual([rotation.newKey])
  })

  it('that were a day ahead at the kill keep no recovery from its end', async () => {
    const stage = await Stage.open()
    stage.clock.set(stage.clock.now() + 86_400_000)
    dies(stage.iam, 'createKey', 'before')
    const rotation = await stage.rotate()
    stage.clock.set(stage.clock.now() - 86_400_000)
    await stage.restart()
    const began = stage.clock.monotonic()
    expect((await stage.recover(rotation)).state).toBe('rolledBack')
    expect(stage.clock.monotonic() - began).toBeLessThan(300_000)
  })
})

describe('AWS’s one ‘not found’', () => {
  it('of the old key is not believed while the list shows it', async () => {
    const stage = await Stage.open()
    const set = stage.iam.setKeyStatus.bind(stage.iam)
    let tries = 0
    stage.iam.setKeyStatus = (...call) => (++tries < 3 ? Promise.reject(refusal('not-found')) : set(...call))
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'done', oldKeyState: 'inactive' })
    expect(stage.iam.key(rotation.key)?.status).toBe('Inactive')
  })

  it('that does not end leaves the old key active, shown, and to be tried again', async () => {
    const stage = await Stage.open()
    const set = stage.iam.setKeyStatus.bind(stage.iam)
    stage.iam.setKeyStatus = () => Promise.reject(refusal('not-found'))
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'failed', step: 'retire', oldKeyState: 'active' })
    stage.iam.setKeyStatus = set
    expect(await stage.retry(rotation)).toMatchObject({ state: 'done', oldKeyState: 'inactive' })
  })

  it('and a spare key that cannot be turned on again is said', async () => {
    const stage = await Stage.open('two keys, spare deleted')
    stage.user.denied.add('DeleteAccessKey')
    const set = stage.iam.setKeyStatus.bind(stage.iam)
    stage.iam.setKeyStatus = (signer, id, status) =>
      status === 'Active' ? Promise.reject(refusal('network')) : set(signer, id, status)
    const rotation = await stage.rotate()
    expect(rotation).toMatchObject({ state: 'failed', problem: { name: 'network' } })
    stage.iam.setKeyStatus = set
    expect((await stage.retry(rotation)).state).toBe('rolledBack')
    expect(stage.keys.map(({ status }) => status)).toEqual(['Active', 'Active'])
  })

  it('of a spare key that is gone lets its undo end', async () => {
    const stage = await Stage.open('two keys, spare deleted')
    dies(stage.iam, 'deleteKey', 'after')
    const list = stage.iam.listKeys.bind(stage.iam)
    const rotation = await stage.rotate()
    await stage.restart()
    const gone = stage.user.keys.find(({ deleted }) => deleted)!
    // The list lags behind the deletion.
    let lag = 1
    stage.iam.listKeys = async (signer) => {
      const now = await list(signer)
      if (lag-- <= 0) return now
      return { ...now, keys: [...now.keys, { id: gone.id, status: 'Active', createdAt: 0 }] }
    }
    expect((await stage.recover(rotation)).state).toBe('rolledBack')
    expect(stage.room.runs.unfinished()).toEqual([])
  })
})

it('a key of a lost reply that somebody uses is not ours: it is on again, and told', async () => {
  const stage = await Stage.open()
  const run = await stage.planned()
  // Another machine makes a key in the same second; our request is refused for it, and the refusal is lost.
  stage.iam.fault = (action) => {
    if (action !== 'CreateAccessKey') return undefined
    stage.iam.fault = () => undefined
    stage.iam.addKey(stage.user)
    return 'lost-before'
  }
  const lastUsed = stage.iam.keyLastUsed.bind(stage.iam)
  let looks = 0
  stage.iam.keyLastUsed = async (...call) => {
    if (++looks === 4) stage.keys[1]!.used = true
    return lastUsed(...call)
  }
  const rotation = await stage.run(run)
  expect(rotation.state).toBe('rolledBack')
  expect(stage.keys[1]).toMatchObject({ status: 'Active', deleted: false })
})

it('so is one that was journaled as ours before the process ended', async () => {
  const stage = await Stage.open()
  dies(stage.iam, 'createKey', 'after')
  const first = await stage.rotate()
  await stage.restart()
  const lastUsed = stage.iam.keyLastUsed.bind(stage.iam)
  let looks = 0
  stage.iam.keyLastUsed = async (...call) => {
    if (++looks === 4) stage.keys[1]!.used = true
    return lastUsed(...call)
  }
  const ended = await stage.recover(first)
  expect(ended).toMatchObject({ state: 'rolledBack', alarm: { name: 'stray-unclear' } })
  expect(stage.keys[1]).toMatchObject({ status: 'Active', deleted: false })
})

it('the end of the process leaves a call that is never answered to the journal', async () => {
  const stage = await Stage.open()
  const release = holds(stage.iam, 'setKeyStatus', (id) => id === stage.keys[1]?.id)
  const begun = await stage.begin('retire')
  const { runs } = stage.room
  await runs.drain()
  const written = readFileSync(stage.journal(begun), 'utf8')
  release()
  await runs.idle()
  expect(readFileSync(stage.journal(begun), 'utf8')).toBe(written)
  await stage.restart()
  expect(stage.now(begun).state).toBe('interrupted')
})

describe('a run that nobody can finish', () => {
  it('is closed as it stands where another program took the profile over: nothing is turned off', async () => {
    const stage = await Stage.open()
    stage.user.denied.add('UpdateAccessKey')
    const first = await stage.rotate()
    expect(first).toMatchObject({ state: 'failed', step: 'retire' })
    stage.user.denied.clear()
    stage.disk.lay(
      'credentials',
      stage.disk.text('credentials').replaceAll(first.newKey!, 'AKIAOTHEROTHEROTHER1'),
    )
    await expect(stage.retry(first)).resolves.toMatchObject({ state: 'failed' })
    stage.room.runs.stop(first.run)
    await stage.room.runs.idle()
    expect(stage.now(first)).toMatchObject({
      state: 'superseded',
      problem: { name: 'closed', detail: expect.stringContaining('had been saved') as string },
      newKey: first.newKey,
    })
    expect(stage.keys.map(({ status }) => status)).toEqual(['Active', 'Active'])
    await stage.restart()
    expect(stage.room.runs.unfinished()).toEqual([])
    expect(stage.now(first)).toMatchObject({ state: 'superseded', problem: { name: 'closed' } })
  })

  it('takes back what nobody uses when it is closed', async () => {
    const stage = await Stage.open()
    const run = await stage.planned()
    stage.user.denied.add('DeleteAccessKey').add('UpdateAccessKey')
    stage.iam.spread = 1_000
    const first = await stage.run(run)
    expect(first.state).toBe('failed')
    expect(stage.keys).toHaveLength(2)
    stage.user.denied.clear()
    stage.room.runs.stop(first.run)
    stage.room.runs.stop(first.run)
    await stage.room.runs.idle()
    expect(stage.now(first)).toMatchObject({
      state: 'superseded',
      problem: { name: 'closed', detail: expect.stringContaining('as before') as string },
    })
    expect(stage.keys.filter(({ deleted }) => !deleted).map(({ id }) => id)).toEqual([first.key])
  })

  it('is closed after it was told to stop and went on to a step that fails, too', async () => {
    const stage = await Stage.open()
    const release = holds(stage.iam, 'setKeyStatus', () => true)
    const begun = await stage.begin('retire')
    stage.user.denied.add('UpdateAccessKey')
    stage.room.runs.stop(begun.run)
    release()
    await stage.room.runs.idle()
    expect(stage.now(begun).state).toBe('failed')
    stage.room.runs.stop(begun.run)
    await stage.room.runs.idle()
    expect(stage.now(begun)).toMatchObject({ state: 'superseded', problem: { name: 'closed' } })
  })

  it('is not closed by the end of the process, which stops every run', async () => {
    const stage = await Stage.open()
    stage.user.denied.add('UpdateAccessKey')
    const first = await stage.rotate()
    await stage.room.runs.drain()
    await stage.restart()
    expect(stage.now(first).state).toBe('failed')
  })
})

it('a run of a timer says so, and waits no longer for a file than a command would', async () => {
  const stage = await Stage.open('single', {}, { waitPatienceMs: Infinity })
  const run = await stage.planned()
  const text = stage.disk.text('credentials')
  const release = holds(stage.iam, 'createKey', () => true)
  const begun = await stage.room.runs.start({ ...run, by: 'timer' })
  expect(begun.by).toBe('timer')
  stage.disk.lay('credentials', '')
  release()
  await stage.room.runs.idle()
  stage.disk.lay('credentials', text)
  expect(stage.room.runs.existing(begun.id).state).not.toBe('running')
})
