import fs from 'node:fs/promises'
import path from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { CommandGround } from './testing/commandGround.ts'

let ground: CommandGround
beforeEach(async () => {
  ground = await CommandGround.lay([{ name: 'alice' }])
})

describe('id and secret the wrong way round', { timeout: 60_000 }, () => {
  it('are named, and the secret is shown, sent and kept nowhere', async () => {
    const { id, secret } = await ground.pair('alice')
    await fs.writeFile(
      ground.credentials,
      `[alice]\naws_access_key_id = ${secret}\naws_secret_access_key = ${id}\n[tpl]\naws_access_key_id = YOUR_ACCESS_KEY_ID\naws_secret_access_key = x\n`,
      { mode: 0o600 },
    )
    // As a version kept it that had not looked.
    const findings = [{ id: secret, asOf: '2026-05-01T10:00:00.000Z', siblings: [] }]
    await fs.writeFile(path.join(ground.state, 'keys.json'), JSON.stringify({ version: 1, findings }))
    const settings = JSON.parse(await fs.readFile(path.join(ground.state, 'settings.json'), 'utf8')) as object
    await fs.writeFile(
      path.join(ground.state, 'settings.json'),
      JSON.stringify({ ...settings, exclusions: [secret, 'AKIAIOSFODNN7EXAMPLE'] }),
    )
    const ends = [
      await ground.run('status', '--check'),
      await ground.run('rotate', '--all', '--yes'),
      await ground.run('rotate', '--all', '--dry-run', '--json'),
      await ground.run('rotate', '--profile', 'alice', '--yes'),
      await ground.run('status', '--json'),
    ]
    expect(ends.map(({ code }) => code)).toEqual([0, 1, 1, 1, 0])
    expect(ends[1]?.stdout).toMatch(/\[alice\] {2}Id and secret are the wrong way round\./)
    expect(ends[1]?.stdout).toContain('Skipped, a placeholder, not a key id: [tpl]')
    expect(ends[3]?.stdout).toContain('wrong way round')
    expect(ground.actions).toEqual([])
    const kept = await ground.everything()
    delete kept[ground.credentials]
    for (const { stdout, stderr } of ends) expect(stdout + stderr).not.toContain(secret)
    for (const text of Object.values(kept))
      expect(Buffer.from(text, 'base64').toString()).not.toContain(secret)
    const { exclusions } = JSON.parse(await fs.readFile(path.join(ground.state, 'settings.json'), 'utf8'))
    expect(exclusions).toEqual(['AKIAIOSFODNN7EXAMPLE'])
  })
})
