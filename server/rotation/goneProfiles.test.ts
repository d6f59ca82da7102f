import { existsSync, mkdirSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { beforeAppend } from './testing/appends.ts'
import { Stage } from './testing/stage.ts'
import { wentBack as wentBackOf, writtenBy } from './wentBack.ts'

// A file that Keyturn wrote is lost, emptied, cut short, or another one takes its place.

const wentBack = async (stage: Stage) => stage.room.runs.wentBack((await stage.room.readKeys()).snapshot)

async function mend(stage: Stage, names?: readonly string[]) {
  const { run, left } = await stage.room.undos.mend(names)
  if (!run) throw new Error(`nothing to run: ${left.map(({ profile }) => profile).join()}`)
  const { id } = await stage.room.runs.start(run)
  await stage.room.runs.idle()
  return stage.room.runs.existing(id)
}

async function rotated(shape: string): Promise<{ stage: Stage; after: [string, unknown][] }> {
  const stage = await Stage.open(shape)
  expect((await stage.rotate()).state).toBe('done')
  return { stage, after: sorted(stage) }
}

const sorted = (stage: Stage): [string, unknown][] =>
  [...stage.disk.pairs()].sort(([one], [other]) => (one < other ? -1 : 1))

describe('profiles that are gone', () => {
  const ways: [string, (stage: Stage, file: 'credentials' | 'config') => void][] = [
    ['the file is removed', ({ disk }, file) => rmSync(disk[file], { force: true })],
    ['the file is emptied', ({ disk }, file) => existsSync(disk[file]) && disk.lay(file, '')],
    [
      'another file takes its place',
      ({ disk }, file) =>
        existsSync(disk[file]) && disk.lay(file, '# new machine\n[other]\nregion = us-east-1\n'),
    ],
  ]
  for (const [way, lose] of ways)
    it.each(['single', 'shared key', 'two files', 'config file', 'merged', 'two users at once'])(
      `are seen and written anew, also after a restart: ${way}, %s`,
      async (shape) => {
        const { stage, after } = await rotated(shape)
        lose(stage, 'credentials')
        lose(stage, 'config')
        await stage.restart()
        const seen = await wentBack(stage)
        expect(seen.map(({ holds }) => holds)).toEqual(after.map(() => null))
        expect((await mend(stage)).state).toBe('done')
        expect(sorted(stage)).toEqual(after)
        expect(await wentBack(stage)).toEqual([])
        expect(stage.room.defects).toEqual([])
      },
    )

  it('are seen and mended wherever the file was cut', async () => {
    const { stage } = await rotated('shared key')
    const whole = stage.disk.text('credentials')
    const pairs = sorted(stage)
    const unseen: string[] = []
    // At each byte of the last profile, and here and there before it.
    const places = Array.from({ length: whole.length - 2 }, (_, at) => at)
    for (const at of places.filter((each) => each > whole.length - 120 || each % 23 === 0)) {
      stage.disk.lay('credentials', whole.slice(0, at))
      if ((await wentBack(stage)).length === 0) unseen.push(whole.slice(0, at).split('\n').at(-1) ?? '')
      else {
        expect((await mend(stage)).state, whole.slice(0, at)).toBe('done')
        expect(sorted(stage)).toEqual(pairs)
      }
    }
    expect(unseen).toEqual([])
  }, 240_000)

  it('get back the region that stood beside the pair, and the file its mode', async () => {
    const { stage } = await rotated('single')
    const whole = stage.disk.text('credentials')
    rmSync(stage.disk.credentials)
    const [gone] = await wentBack(stage)
    expect(gone?.anew).toMatchObject({
      path: stage.disk.credentials,
      lines: [
        '[default]',
        expect.stringMatching(/^aws_access_key_id = AKIA/),
        'aws_secret_access_key = ••••••••',
        'region = eu-west-1',
      ],
    })
    expect((await mend(stage)).state).toBe('done')
    expect(stage.disk.text('credentials')).toBe(whole.replace('# mine\n', '').trimEnd() + '\n')
    expect(statSync(stage.disk.credentials).mode & 0o777).toBe(0o600)
  })
})

describe('profiles that are not there, and not gone', () => {
  const section = (name: string, { id, secret }: { id: string; secret: string }) =>
    `[${name}]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`
  const newKey = (stage: Stage) => stage.keys.at(-1) as { id: string; secret: string }

  it.each<[string, (stage: Stage) => void]>([
    ['one that was renamed', (stage) => stage.disk.lay('credentials', section('work', newKey(stage)))],
    [
      'one that moved to the other file',
      (stage) => {
        stage.disk.lay('credentials', '')
        stage.disk.lay('config', section('default', newKey(stage)))
      },
    ],
    [
      'one that signs in another way now',
      (stage) => {
        stage.disk.lay('credentials', '')
        stage.disk.lay('config', '[default]\nsso_session = us\nsso_account_id = 123456789012\n')
      },
    ],
    [
      'one that somebody gave another key',
      (stage) =>
        stage.disk.lay('credentials', section('default', { id: 'AKIAQQQQQQQQQQQQQQQQ', secret: 's' })),
    ],
    [
      'one of a file that cannot be read',
      (stage) => {
        rmSync(stage.disk.credentials)
        mkdirSync(stage.disk.credentials)
      },
    ],
  ])('%s', async (_, change) => {
    const { stage } = await rotated('single')
    change(stage)
    expect(await wentBack(stage)).toEqual([])
  })

  it('one that the person took out and put away by name, until Keyturn writes it again', async () => {
    const { stage } = await rotated('shared key')
    const whole = stage.disk.text('credentials')
    stage.disk.lay('credentials', whole.slice(0, whole.indexOf('[also]')))
    expect((await wentBack(stage)).map(({ profile }) => profile)).toEqual(['also', 'third'])
    await expect(stage.room.undos.tookOut(['also', 'default'])).rejects.toThrow('One of these profiles')
    expect(await stage.room.undos.tookOut(['also'])).toMatchObject([{ profile: 'also' }])
    expect((await wentBack(stage)).map(({ profile }) => profile)).toEqual(['third'])
    // Back again, and rotated: what is known of it begins anew.
    stage.disk.lay('credentials', whole)
    await stage.run(await stage.planned('deactivate', { keys: 'all', makeRoom: 'ours' }))
    rmSync(stage.disk.credentials)
    expect((await wentBack(stage)).map(({ profile }) => profile)).toEqual(['default', 'also', 'third'])
  })

  it('one whose key Keyturn has turned off since', async () => {
    const { stage } = await rotated('two users at once')
    const { snapshot } = await stage.room.readKeys()
    const runs = stage.room.runs.all()
    const wrote = { paths: { credentials: stage.disk.credentials }, regions: {} }
    const written = writtenBy(runs, [], () => wrote)
    const accounted = { off: new Set([stage.keys.at(-1)?.id ?? '']), takenOut: new Set(''), sums: new Map() }
    const gone = wentBackOf(written, { ...snapshot, profiles: [] }, accounted)
    expect(gone.map(({ profile }) => profile)).toEqual(['two'])
    // A journal of before does not tell where it wrote.
    expect(wentBackOf(writtenBy(runs, []), { ...snapshot, profiles: [] }, accounted)).toEqual([])
  })

  it('one of a file that is not the one that was written', async () => {
    const { stage } = await rotated('single')
    const { snapshot } = await stage.room.readKeys()
    const { credentials, config } = snapshot.files
    const elsewhere = {
      ...snapshot,
      profiles: [],
      files: { config, credentials: { ...credentials, path: '/other' } },
    }
    expect(stage.room.runs.wentBack(elsewhere)).toEqual([])
    expect(stage.room.runs.wentBack({ ...snapshot, profiles: [] })).toHaveLength(1)
  })

  it('one that was gone when its key was replaced elsewhere; with the old one again it went back', async () => {
    const { stage } = await rotated('shared key')
    const whole = stage.disk.text('credentials')
    const [, second] = stage.keys
    stage.disk.lay('credentials', whole.slice(0, whole.indexOf('[third]')))
    await stage.run(await stage.planned('deactivate', { keys: 'all', makeRoom: 'ours' }))
    expect(await wentBack(stage)).toEqual([])
    const third = newKey(stage)
    stage.disk.lay('credentials', `${stage.disk.text('credentials')}${whole.slice(whole.indexOf('[third]'))}`)
    expect(await wentBack(stage)).toMatchObject([{ profile: 'third', holds: second?.id, should: third.id }])
    expect((await mend(stage)).state).toBe('done')
    expect(new Set(stage.held().map((each) => each.split(' ')[1]))).toEqual(new Set([third.id]))
  })
})

describe('writing them anew', () => {
  it('goes into the file that a link leads to by now, and keeps what stands there', async () => {
    const { stage, after } = await rotated('single')
    const other = join(stage.disk.root, 'other')
    rmSync(stage.disk.credentials)
    symlinkSync(other, stage.disk.credentials)
    // A link that leads nowhere says nothing of what it led to.
    expect(await wentBack(stage)).toEqual([])
    stage.disk.lay('credentials', '[mine]\r\nregion = eu-north-1')
    expect((await mend(stage)).state).toBe('done')
    expect(sorted(stage)).toEqual(after)
    expect(stage.disk.text('credentials')).toMatch(
      /^\[mine\]\r\nregion = eu-north-1\r\n\r\n\[default\]\r\naws_/,
    )
  })

  it('says where the pair is kept nowhere, and does nothing; another profile that holds it will do', async () => {
    const { stage, after } = await rotated('shared key')
    const whole = stage.disk.text('credentials')
    rmSync(join(stage.disk.state, 'undo'), { recursive: true })
    rmSync(stage.disk.credentials)
    await stage.restart()
    const { run, left } = await stage.room.undos.mend()
    expect([run, left.length]).toEqual([undefined, 3])
    stage.disk.lay('credentials', whole.slice(0, whole.indexOf('[also]')))
    expect((await mend(stage)).state).toBe('done')
    expect(sorted(stage)).toEqual(after)
  })

  it('writes only what is named, into a directory that is gone too', async () => {
    const { stage } = await rotated('two users at once')
    rmSync(stage.disk.credentials)
    expect((await mend(stage, ['two'])).state).toBe('done')
    expect(stage.held()).toEqual([expect.stringMatching(/^two /)])
  })

  it('does not write a key that AWS refuses, nor beside a pair that came meanwhile', async () => {
    const { stage } = await rotated('single')
    const [, fresh] = stage.keys
    rmSync(stage.disk.credentials)
    const { run } = await stage.room.undos.mend()
    stage.disk.lay('credentials', section(stage))
    const came = stage.disk.text('credentials')
    expect((await stage.run(run as NonNullable<typeof run>)).state).toBe('rolledBack')
    expect(stage.disk.text('credentials')).toBe(came)
    rmSync(stage.disk.credentials)
    ;(fresh as { deleted: boolean }).deleted = true
    expect((await mend(stage)).state).toBe('failed')
    expect(existsSync(stage.disk.credentials)).toBe(false)
  })

  it('tells where one is gone again, or cut, before it could be proved', async () => {
    for (const lose of [
      ({ disk }: Stage) => rmSync(disk.credentials),
      ({ disk }: Stage) => disk.lay('credentials', disk.text('credentials').slice(0, -9)),
    ]) {
      const { stage } = await rotated('shared key')
      rmSync(stage.disk.credentials)
      await beforeAppend('"phase":"started","step":"prove"', () => lose(stage))
      const run = await mend(stage)
      expect(run.rotations[0]).toMatchObject({ state: 'failed', problem: { name: 'file-moved' } })
      await stage.room.runs.retry(run.id)
      await stage.room.runs.idle()
      await stage.room.runs.stop(run.id)
      await stage.room.runs.idle()
      expect((await mend(stage)).state).toBe('done')
    }
  })

  const section = (stage: Stage) => {
    const [old] = stage.keys
    return `[default]\naws_access_key_id = ${old?.id}\naws_secret_access_key = ${old?.secret}\n`
  }
})
