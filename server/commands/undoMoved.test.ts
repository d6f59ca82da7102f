import { readFileSync, writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { CommandGround } from './testing/commandGround.ts'

it('undoes where the new key stands now, and names the profile that no longer holds it', async () => {
  const ground = await CommandGround.lay([{ name: 'sam' }, { name: 'tess' }])
  const text = () => readFileSync(ground.credentials, 'utf8')
  const [old, other] = [await ground.pair('sam'), await ground.pair('tess')]
  const pair = ({ id, secret }: typeof old) =>
    `aws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`
  writeFileSync(ground.credentials, `${text()}\n[second]\n${pair(old)}`)
  expect((await ground.run('rotate', '--profile', 'sam', '--yes')).code).toBe(0)
  const now = await ground.pair('sam')
  writeFileSync(
    ground.credentials,
    text()
      .replace('[sam]', '[renamed]')
      .replace(`[second]\n${pair(now)}`, `[second]\n${pair(other)}`),
  )
  expect(text()).toContain(`[second]\n${pair(other)}`)

  const undone = await ground.run('undo', '--profile', 'sam', '--yes', '--json')
  const document = JSON.parse(undone.stdout) as { leftOut: unknown[]; runs: { state: string }[] }
  expect([undone.code, document.runs.map(({ state }) => state)]).toEqual([1, ['done']])
  expect(document.leftOut).toEqual([{ profile: 'second', file: 'credentials', holds: other.id, key: old.id }])
  expect(text()).toContain(`[renamed]\n${pair(old)}`)
  expect(text()).toContain(`[second]\n${pair(other)}`)
  expect(undone.stderr).toContain('left as it is: 1 profile.')
})
