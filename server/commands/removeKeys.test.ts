import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { CommandGround } from './testing/commandGround.ts'

it('takes a key that AWS refuses out of the file, its lines shown first, and undo brings them back', async () => {
  const ground = await CommandGround.lay([{ name: 'sam' }, { name: 'tess' }])
  const text = () => readFileSync(ground.credentials, 'utf8')
  const before = text()
  const { id, secret } = await ground.pair('sam')
  const works = await ground.run('leaked', '--remove', id, '--yes')
  expect(works.stdout + works.stderr).toContain('AWS accepts the key')
  expect(text()).toBe(before)

  await ground.run('leaked', '--kill', id, '--yes')
  const dry = await ground.run('leaked', '--remove', id, '--dry-run')
  expect(dry.stdout).toContain(id)
  expect(dry.stdout).not.toContain(secret)
  expect(text()).toBe(before)

  const removed = await ground.run('leaked', '--remove', id, '--yes', '--json')
  const [run] = (JSON.parse(removed.stdout) as { runs: { id: string; state: string }[] }).runs
  expect(run?.state).toBe('done')
  expect(text()).not.toContain(id)

  await ground.run('undo', run?.id as string, '--yes')
  expect(text()).toBe(before)
})
