import fs from 'node:fs/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import { CommandGround } from './testing/commandGround.ts'

let ground: CommandGround
beforeEach(async () => {
  ground = await CommandGround.lay([{ name: 'alice' }, { name: 'bob', keys: [{ createdAt: Date.now() }] }])
})

describe('keyturn ls', { timeout: 60_000 }, () => {
  it('lists every key as last known, without asking AWS', async () => {
    const { id } = await ground.pair('alice')
    const before = await ground.run('ls')
    expect([before.code, before.stderr]).toEqual([0, ''])
    expect(before.stdout).toContain(`[alice]  ${id}  age not known`)
    expect(ground.actions).toEqual([])

    await ground.run('status', '--check')
    const asked = ground.sandbox.calls.length
    const document = JSON.parse((await ground.run('ls', '--json')).stdout) as { keys: unknown[] }
    expect(document).toMatchObject({
      exitCode: 0,
      keys: [
        { id, profiles: ['alice'], user: 'alice', status: 'Active', days: 200, overdue: true },
        { profiles: ['bob'], days: 0, overdue: false },
      ],
    })
    const csv = await ground.run('ls', '--csv')
    expect(csv.stdout.split('\r\n')[0]).toBe(
      'profiles,id,account,user,status,created,days,overdue,last_used,as_of',
    )
    expect(csv.stdout.split('\r\n')[1]).toContain(`alice,${id},123456789012,alice,Active,`)
    expect((await ground.run('ls')).stdout).toMatch(/200 days old {2}alice in 123456789012 {2}overdue/)
    expect(ground.sandbox.calls.length).toBe(asked)
  })

  it('tells of a file that it cannot read, and fails', async () => {
    await fs.writeFile(ground.credentials, 'one\ntwo\n')
    const ended = await ground.run('ls', '--json')
    expect(ended.code).toBe(1)
    expect(ended.stderr).toMatch(/before the first/)
    expect(JSON.parse(ended.stdout)).toMatchObject({
      exitCode: 1,
      problem: { name: expect.any(String) as string },
    })
  })
})
