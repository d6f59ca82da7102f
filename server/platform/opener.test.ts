import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { takeEnvironment } from './environment.ts'
import { Opener } from './opener.ts'

let base: string
beforeEach(async () => {
  base = await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-opener-'))
  await fs.mkdir(path.join(base, 'run'))
  await fs.mkdir(path.join(base, 'state'))
})
afterEach(() => fs.rm(base, { recursive: true, force: true }))

const link = 'http://127.0.0.1:7420/#se-cret_0'
const inRun = () => fs.readdir(path.join(base, 'run'))

describe('Opener', () => {
  it('gives the browser a file of this user alone that leads to the link and loads nothing', async () => {
    let seen: { file: string; mode: number; text: string } | undefined
    const opener = new Opener(
      path.join(base, 'state'),
      { XDG_RUNTIME_DIR: path.join(base, 'run') },
      async (file) => {
        seen = { file, mode: (await fs.stat(file)).mode & 0o777, text: await fs.readFile(file, 'utf8') }
      },
    )
    await opener.open(link, () => undefined)
    expect(seen?.mode).toBe(0o600)
    expect(path.dirname(seen?.file ?? '')).toBe(path.join(base, 'run'))
    expect(seen?.file).not.toContain('se-cret_0')
    expect(seen?.text).toContain(`content="0;url=${link}"`)
    expect(seen?.text).toContain(`content="default-src 'none'"`)
    expect(seen?.text).toContain('<meta name="referrer" content="no-referrer">')
    expect(seen?.text).not.toMatch(/<script| on\w+=|style=/)
    await opener.clear()
    expect(await inRun()).toEqual([])
  })

  it('uses the state directory where the session has none of its own, and keeps one file at most', async () => {
    const opener = new Opener(path.join(base, 'state'), {}, async () => undefined)
    await opener.open(link, () => undefined)
    await opener.open(link, () => undefined)
    expect(await fs.readdir(path.join(base, 'state'))).toHaveLength(1)
    await opener.clear()
    await opener.clear()
    expect(await fs.readdir(path.join(base, 'state'))).toEqual([])
  })

  it('removes what a killed Keyturn left, and nothing else', async () => {
    const state = path.join(base, 'state')
    const [left, fresh, other] = ['keyturn-0123456789abcdef.html', 'keyturn-fedcba9876543210.html', 'x.html']
    for (const name of [left, fresh, other]) await fs.writeFile(path.join(state, name), '')
    for (const name of [left, other]) await fs.utimes(path.join(state, name), 0, 0)
    const opener = new Opener(state, {}, async () => undefined)
    await opener.open(link, () => undefined)
    await opener.clear()
    expect((await fs.readdir(state)).sort()).toEqual([fresh, other])
  })

  it('refuses a link that HTML would read, and says when nothing could be opened', async () => {
    const opener = new Opener(path.join(base, 'state'), {}, async () => {
      throw new Error('no program')
    })
    await expect(opener.open('http://127.0.0.1/"><script>', () => undefined)).rejects.toThrow('characters')
    await expect(opener.open(link, () => undefined)).rejects.toThrow('no program')
    await opener.clear()
  })
})

describe('takeEnvironment', () => {
  it('removes the secrets that a child process would inherit, and keeps that they were set', () => {
    const environment: NodeJS.ProcessEnv = {
      AWS_ACCESS_KEY_ID: 'AKIA1',
      AWS_SECRET_ACCESS_KEY: 'CANARY',
      AWS_SESSION_TOKEN: 'CANARY',
      HOME: '/h',
    }
    const taken = takeEnvironment(environment)
    expect(taken).toEqual({
      AWS_ACCESS_KEY_ID: 'AKIA1',
      AWS_SECRET_ACCESS_KEY: '',
      AWS_SESSION_TOKEN: '',
      HOME: '/h',
    })
    expect(environment).toEqual({ AWS_ACCESS_KEY_ID: 'AKIA1', HOME: '/h' })
  })
})
