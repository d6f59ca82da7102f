import { expect, it } from 'vitest'
import type { RestRow } from '../api/ledger.ts'
import { CommandGround, type Exit } from './testing/commandGround.ts'

const restOf = ({ stdout }: Exit) =>
  (JSON.parse(stdout) as { ledger: { leak: boolean; rest?: RestRow[] } }).ledger
const openOf = (exit: Exit) => (restOf(exit).rest ?? []).filter(({ state }) => state === 'open')
const policies = ['Put', 'Get', 'Delete'].map((act) => `iam:${act}UserPolicy`)
const kindsOf = (exit: Exit) => openOf(exit).map(({ kind }) => kind)

it('keeps a theft open until what stands beside its keys is seen to, or left by name', async () => {
  const ground = await CommandGround.lay([
    { name: 'bea', serviceCredentials: [{ service: 'bedrock.amazonaws.com' }], alsoAllow: policies },
  ])
  const begun = await ground.run('leaked', '--yes', '--json')
  expect(begun.code).toBe(1)
  expect(restOf(begun).leak).toBe(true)
  expect(kindsOf(begun)).toEqual(['credentials', 'sessions', 'places'])

  // Each is looked for by a command of its own; the ledger knows then.
  await ground.run('after', '--json')
  const looked = await ground.run('status', '--json')
  expect(looked.code).toBe(1)
  expect(kindsOf(looked)).toEqual(['credential', 'sessions', 'places'])
  const [credential] = openOf(looked)
  expect(credential).toMatchObject({ user: 'bea', reason: 'Active' })
  await ground.run('after', '--deactivate', credential?.credential ?? '', '--yes')
  await ground.run('after', '--end-sessions', '--yes')
  await ground.run('find', '--json')
  const told = await ground.run('leaked', '--json')
  expect(kindsOf(told)).toEqual([])
  expect(told.code).toBe(0)
  expect(restOf(told)).toMatchObject({
    leak: false,
    rest: [
      { kind: 'credential', state: 'closed', closedBy: 'done' },
      { kind: 'sessions', state: 'closed', closedBy: 'done' },
    ],
  })
})

it('takes a row that is left by name, with its words, and opens it again', async () => {
  const ground = await CommandGround.lay([{ name: 'sam' }])
  const rows = openOf(await ground.run('leaked', '--yes', '--json'))
  const ids = rows.map(({ id }) => id)
  const left = await ground.run('leaked', '--leave', ...ids, '--because', 'a drill', '--yes', '--json')
  expect([left.code, openOf(left)]).toEqual([0, []])
  expect(restOf(left).rest).toMatchObject(ids.map(() => ({ closedBy: 'left', why: 'a drill' })))
  expect((await ground.run('leaked', '--leave', ids[0] ?? '', '--yes')).code).toBe(2)
  const again = await ground.run('leaked', '--reopen', ids[0] ?? '', '--json')
  expect([again.code, openOf(again).map(({ id }) => id)]).toEqual([1, [ids[0]]])
})

it('says nothing of what stands beside keys where none had leaked', async () => {
  const ground = await CommandGround.lay([{ name: 'sam' }])
  await ground.run('rotate', '--all', '--yes')
  expect(restOf(await ground.run('status', '--json')).rest).toBeUndefined()
})
