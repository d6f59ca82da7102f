import { describe, expect, it } from 'vitest'
import { AwsFailure } from '../../keys/iam.ts'
import { noCopy } from '../undo.ts'
import { dies } from '../testing/callEnds.ts'
import { Stage } from '../testing/stage.ts'

const refusedBut = (stage: Stage, failure: () => unknown) => {
  const who = stage.iam.whoAmI.bind(stage.iam)
  stage.iam.whoAmI = (signer) =>
    who(signer).catch((error: unknown) => {
      throw failure() ?? error
    })
}

async function killing(stage: Stage) {
  const [key] = stage.keys
  return stage.room.undos.kill([key!.id], key!.id.slice(-4))
}

describe('a key that is turned off without a new one', () => {
  it.each(['before', 'after'] as const)(
    'where the process dies %s AWS has done it, is seen to by the recovery',
    async (when) => {
      const stage = await Stage.open()
      const run = await killing(stage)
      dies(stage.iam, 'setKeyStatus', when)
      const rotation = await stage.run(run)
      await stage.restart()
      const ended = await stage.recover(rotation)
      const done = when === 'after'
      expect(stage.keys[0]?.status).toBe(done ? 'Inactive' : 'Active')
      expect(ended.state).toBe(done ? 'done' : 'rolledBack')
    },
  )

  it('is not settled where AWS tells neither', async () => {
    const stage = await Stage.open()
    const run = await killing(stage)
    dies(stage.iam, 'setKeyStatus', 'after')
    const rotation = await stage.run(run)
    await stage.restart()
    let away = true
    refusedBut(stage, () =>
      away
        ? new AwsFailure('network', { name: 'no-answer', title: 'No answer', detail: 'No answer.' })
        : undefined,
    )
    expect((await stage.recover(rotation)).state).not.toBe('done')
    away = false
    expect((await stage.retry(rotation)).oldKeyState).toBe('inactive')
  })

  it('is not taken for dead where AWS refuses who signs for it', async () => {
    const stage = await Stage.open('two users at once')
    const [ann, bob] = stage.iam.users
    const { id } = await stage.room.plans.begin({ keys: 'all', oldKey: 'keep' })
    await stage.room.plans.made(id)
    const run = await stage.room.undos.kill([ann!.keys[0]!.id], ann!.keys[0]!.id.slice(-4), 'two')
    bob!.keys[0]!.status = 'Inactive'
    const rotation = await stage.run(run)
    expect([rotation.state, ann!.keys[0]!.status]).not.toEqual(['done', 'Inactive'])
    expect(rotation.problem?.name).toBe('invalid-key')
  })

  it('notes when AWS refused it, by AWS’s clock', async () => {
    const stage = await Stage.open()
    const date = Date.UTC(2026, 10, 25, 4)
    const who = stage.iam.whoAmI.bind(stage.iam)
    stage.iam.whoAmI = (signer) =>
      who(signer).catch((error: AwsFailure) => {
        throw new AwsFailure(error.kind, error.trouble, { date })
      })
    expect((await stage.run(await killing(stage))).refusedAt).toBe('2026-11-25T04:00:00.000Z')
  })

  it('says where AWS goes on accepting it, and looks again', async () => {
    const stage = await Stage.open()
    const other = stage.iam.addKey(stage.iam.addUser('other'))
    const [key] = stage.keys
    const who = stage.iam.whoAmI.bind(stage.iam)
    let lingers = true
    stage.iam.whoAmI = (signer) =>
      lingers && key!.status === 'Inactive'
        ? who({ ...signer, pair: { id: other.id, secret: signer.pair.secret } }).catch(() => ({
            kind: 'user' as const,
            account: '111122223333',
            arn: 'arn:aws:iam::111122223333:user/one',
            userName: 'one',
          }))
        : who(signer)
    const rotation = await stage.run(await killing(stage))
    expect(rotation.problem?.name).toBe('old-key-lingers')
    lingers = false
    expect((await stage.retry(rotation)).state).toBe('done')
  })
})

it('names the pairs that are kept nowhere once, with the profiles that should hold them', () => {
  const away = {
    file: 'credentials' as const,
    holds: 'AKIAOLD',
    should: 'AKIANEW',
    rotation: 'r',
    replacedAt: '2026-03-01T00:00:00.000Z',
  }
  const words = noCopy([
    { ...away, profile: 'a' },
    { ...away, profile: 'b' },
  ])
  expect(words.detail).toContain('[a], [b] should hold AKIANEW,')
})
