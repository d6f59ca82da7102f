import fs from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { Value } from 'typebox/value'
import { Place } from '../api/places.ts'
import { CommandGround } from './testing/commandGround.ts'

// Each test starts several processes.
vi.setConfig({ testTimeout: 120_000 })

const lay = () => CommandGround.lay([{ name: 'sam' }])

async function plant(ground: CommandGround, name: string, text: string): Promise<string> {
  const file = path.join(ground.base, name)
  await fs.mkdir(path.dirname(file), { recursive: true })
  await fs.writeFile(file, text)
  return file
}

interface Document {
  readonly places: readonly Place[]
  readonly passed: readonly { readonly path: string; readonly why: string }[]
  readonly files: number
}

describe('keyturn find', () => {
  it('finds the keys of the files and those that were replaced, with their secrets, and shows none', async () => {
    const ground = await lay()
    const before = await ground.pair('sam')
    expect((await ground.run('rotate', '--all', '--yes')).code).toBe(0)
    const after = await ground.pair('sam')
    const env = await plant(ground, 'api/.env', `# x\nA=${before.id}\nB=${before.secret}\n`)
    const used = await plant(ground, '.s3cfg', `[default]\naccess_key = ${after.id}\n`)
    const history = await plant(ground, '.bash_history', `export A=${before.secret}\n`)
    const state = await ground.everything()
    const exit = await ground.run('find', '--json')
    expect(exit.code).toBe(1)
    const { places, passed, files } = JSON.parse(exit.stdout) as Document
    for (const place of places) expect(Value.Check(Place, place)).toBe(true)
    const found = (file: string) => places.find((each) => each.path === file)
    expect(places).toHaveLength(3)
    expect(found(env)).toEqual({
      path: env,
      line: 2,
      kind: '.env',
      key: before.id,
      holds: 'pair',
      can: 'update',
    })
    expect(found(used)).toMatchObject({ line: 2, kind: 's3cmd', key: after.id, holds: 'id', can: 'list' })
    expect(found(history)).toMatchObject({ line: 1, kind: 'history', holds: 'secret', can: 'list' })
    expect([passed, files > 3]).toEqual([[], true])
    const text = await ground.run('find', before.id)
    expect(text.stdout).toContain(
      `line 2: the id and its secret (****${before.id.slice(-4)}, off). Can be updated.`,
    )
    for (const secret of [before.secret, after.secret])
      expect(exit.stdout + exit.stderr + text.stdout + text.stderr).not.toContain(secret)
    // It keeps what it found, for plans and the ledger: paths and ids.
    const { [path.join(ground.state, 'leak.json')]: kept = '', ...others } = await ground.everything()
    expect(others).toEqual(state)
    for (const secret of [before.secret, after.secret])
      expect(Buffer.from(kept, 'base64').toString()).not.toContain(secret)
    expect((await ground.run('find', after.id)).stdout).not.toContain('.env')
  })

  it('puts the new pair where the old one stands, and back again with the rotation', async () => {
    const ground = await lay()
    const before = await ground.pair('sam')
    const text = `# x\r\nA=${before.id}\r\nB="${before.secret}"\r\n`
    const env = await plant(ground, 'api/.env', text)
    const history = await plant(ground, '.bash_history', text)
    expect((await ground.run('rotate', '--all', '--yes')).code).toBe(0)
    const after = await ground.pair('sam')
    const asked = await ground.run('find', '--update')
    expect([asked.code, asked.stderr]).toEqual([2, expect.stringContaining('--yes')])
    expect(await fs.readFile(env, 'utf8')).toBe(text)
    const done = await ground.run('find', '--update', '--yes', '--json')
    expect([done.code, JSON.parse(done.stdout)]).toMatchObject([
      1,
      { changes: [{ path: env, key: before.id, newKey: after.id }], updated: [{ path: env }] },
    ])
    const there = text.replace(before.id, after.id).replace(before.secret, after.secret)
    expect(await fs.readFile(env, 'utf8')).toBe(there)
    expect(await fs.readFile(history, 'utf8')).toBe(text)
    const back = await ground.run('undo', '--profile', 'sam', '--yes', '--json')
    expect([back.code, back.stdout]).toEqual([0, expect.stringContaining(`${env} holds the old pair again.`)])
    expect(await fs.readFile(env, 'utf8')).toBe(text)
    for (const { stdout, stderr } of [asked, done, back])
      for (const { secret } of [before, after]) expect(stdout + stderr).not.toContain(secret)
  })

  it('ends with 0 where nothing stands, and looks nowhere but where it is told', async () => {
    const ground = await lay()
    const { id } = await ground.pair('sam')
    await plant(ground, 'a/x', id)
    await fs.mkdir(path.join(ground.base, 'b'))
    const none = await ground.run('find', '--in', path.join(ground.base, 'b'), '--json')
    expect([none.code, JSON.parse(none.stdout)]).toMatchObject([0, { places: [], files: 0 }])
    expect((await ground.run('find', '--in', path.join(ground.base, 'a'))).code).toBe(1)
    expect(ground.actions).toEqual([])
  })

  it('says what is wrong with what it was given, without repeating what may be a secret', async () => {
    const ground = await lay()
    const { secret } = await ground.pair('sam')
    const wrong = await ground.run('find', secret)
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('whole access key ids')])
    expect(wrong.stderr + wrong.stdout).not.toContain(secret)
    const missing = await ground.run('find', '--in', path.join(ground.base, 'nowhere'))
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('no such folder')])
    expect((await ground.run('find', '--yes')).code).toBe(2)
  })
})
