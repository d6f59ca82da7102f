import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { defaultSettings } from '../api/settings.ts'
import { Failure } from './failure.ts'
import { SettingsFile } from './settingsFile.ts'

let directory: string
let file: string
beforeEach(async () => {
  directory = await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-settings-'))
  file = path.join(directory, 'settings.json')
})
afterEach(() => fs.rm(directory, { recursive: true, force: true }))

describe('SettingsFile', () => {
  it('begins with the defaults and writes nothing', async () => {
    expect((await SettingsFile.open(directory)).get()).toEqual(defaultSettings)
    expect(await fs.readdir(directory)).toEqual([])
  })

  it('keeps what is put, for this user alone', async () => {
    const settings = await SettingsFile.open(directory)
    await settings.put({ ...defaultSettings, theme: 'dark', exclusions: ['AKIA1'] })
    expect(settings.get().theme).toBe('dark')
    expect((await fs.stat(file)).mode & 0o777).toBe(0o600)
    expect((await SettingsFile.open(directory)).get()).toEqual({
      ...defaultSettings,
      theme: 'dark',
      exclusions: ['AKIA1'],
    })
  })

  it('lets the page choose hooks among what lies in hooks/, and no other path', async () => {
    const own = { path: '/opt/deploy', pairOnStdin: false }
    await fs.writeFile(file, JSON.stringify({ hooks: [own] }))
    const settings = await SettingsFile.open(directory)
    const hooks = path.join(directory, 'hooks')
    const there = { path: path.join(hooks, 'deploy'), pairOnStdin: true }
    await settings.put({ ...defaultSettings, hooks: [own, there] })
    for (const foreign of [
      '/tmp/planted',
      '/opt/deploy',
      'deploy',
      '',
      hooks,
      `${hooks}/`,
      `${hooks}/../planted`,
      `${hooks}/below/planted`,
      `${hooks}//deploy`,
      `${directory}/hooks-planted/deploy`,
    ]) {
      const put = settings.put({ ...defaultSettings, hooks: [{ path: foreign, pairOnStdin: true }] })
      await expect(put, foreign).rejects.toMatchObject({ trouble: { name: 'foreign-hook' } })
    }
    expect(settings.get().hooks).toEqual([own, there])
    expect((await SettingsFile.open(directory)).get().hooks).toEqual([own, there])
  })

  it('writes puts in their order', async () => {
    const settings = await SettingsFile.open(directory)
    await Promise.all([1, 2, 3, 4, 5].map((days) => settings.put({ ...defaultSettings, undoDays: days })))
    expect(settings.get().undoDays).toBe(5)
    expect((await SettingsFile.open(directory)).get().undoDays).toBe(5)
  })

  it('fills in what is missing and leaves out what it does not know', async () => {
    await fs.writeFile(
      file,
      '{"theme":"light","verification":{"passes":5,"odd":1},"odd":true,"__proto__":{"x":1}}',
    )
    expect((await SettingsFile.open(directory)).get()).toEqual({
      ...defaultSettings,
      theme: 'light',
      verification: { ...defaultSettings.verification, passes: 5 },
    })
  })

  it.each([
    ['', 'not JSON'],
    ['{', 'not JSON'],
    ['[]', 'object'],
    ['{"theme":"blue"}', 'theme'],
    ['{"idleLockMinutes":0}', 'idleLockMinutes'],
    ['{"verification":3}', 'verification'],
    ['{"verification":{"passes":"3"}}', 'verification.passes'],
    ['{"exclusions":"AKIA1"}', 'exclusions'],
  ])('refuses %s by name and leaves the file as it is', async (text, words) => {
    await fs.writeFile(file, text)
    const error = await SettingsFile.open(directory).catch((thrown: unknown) => thrown)
    if (!(error instanceof Failure)) throw error
    expect(error.trouble.name).toBe('invalid-settings')
    expect(error.trouble.detail).toContain(file)
    expect(error.trouble.detail).toContain(words)
    expect(await fs.readFile(file, 'utf8')).toBe(text)
  })

  it('keeps the old settings in force where the new ones cannot be written, and tries again next time', async () => {
    const settings = await SettingsFile.open(directory)
    await fs.rm(directory, { recursive: true })
    const put = settings.put({ ...defaultSettings, theme: 'dark' })
    await expect(put).rejects.toMatchObject({ trouble: { name: 'settings-unwritable' } })
    expect(settings.get()).toEqual(defaultSettings)
    await fs.mkdir(directory)
    await settings.put({ ...defaultSettings, theme: 'dark' })
    expect(settings.get().theme).toBe('dark')
  })
})
