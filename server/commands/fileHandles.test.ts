import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { CommandGround } from './testing/commandGround.ts'

const limits = spawnSync('prlimit', ['--version']).status === 0

it.skipIf(!limits)(
  'sixty keys with few file handles: each is rotated, and none is lost',
  async () => {
    const users = Array.from({ length: 60 }, (_, at) => ({ name: `user-${at}` }))
    const ground = await CommandGround.lay(users)
    // The process itself and its calls take some thirty.
    const { code, stdout, stderr } = await ground.startWithHandles(50, ['rotate', '--all', '--yes']).exit
    expect(stdout + stderr).toContain('60 of 60 keys replaced.')
    expect(code).toBe(0)
    for (const { name } of users) {
      const { id } = await ground.pair(name)
      expect(await ground.works(name)).toBe(true)
      const active = ground.sandbox.control.keys(name).filter(({ status }) => status === 'Active')
      expect(active.map((key) => key.id)).toEqual([id])
    }
  },
  120_000,
)
