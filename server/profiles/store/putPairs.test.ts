import { afterEach, beforeEach, expect, it } from 'vitest'
import { readSharedConfig } from '../../aws/sharedConfigReader.ts'
import { NotDurableError } from '../../platform/atomicFile.ts'
import { systemClock } from '../../platform/clock.ts'
import { Secret } from '../keyPair.ts'
import type { KeyPair } from '../keyPair.ts'
import { putPairs } from './putPairs.ts'
import type { SharedConfigReader } from '../agreement/reading.ts'
import { MovedMeanwhile, StoredFile } from './storedFile.ts'
import { pair, section, StoreFixture, troubleOf } from '../testing/storeFixture.ts'

// What is written into two files as one, and each way in which that goes wrong half-way.

let ground: StoreFixture
let files: { credentials: StoredFile; config: StoredFile }

beforeEach(async () => {
  ground = new StoreFixture()
  await ground.put('credentials', section('a', 1))
  await ground.put('config', section('profile b', 1))
  files = open(readSharedConfig)
})
afterEach(async () => {
  for (const file of Object.values(files)) await file.release()
  ground.remove()
})

function open(reader: SharedConfigReader) {
  return {
    credentials: new StoredFile(
      'credentials',
      { path: ground.credentials, from: 'default' },
      reader,
      systemClock,
    ),
    config: new StoredFile('config', { path: ground.config, from: 'default' }, reader, systemClock),
  }
}

/** Puts a pair into [a] of one file and [b] of the other. */
async function put(to: KeyPair = pair(2)) {
  const views = { credentials: await files.credentials.view(), config: await files.config.view() }
  return putPairs(files, views, { credentials: new Map([['a', to]]), config: new Map([['b', to]]) })
}

const bothTexts = async () => [await ground.text('credentials'), await ground.text('config')]
const asBefore = () => [section('a', 1), section('profile b', 1)]
const disk = () => Object.assign(new Error('EIO: injected'), { code: 'EIO' })

it('writes neither file where a reader would lose the profile by it', async () => {
  files = open(async (bytes, which) => {
    const { b: lost, ...rest } = await readSharedConfig(bytes, which)
    return bytes.includes(pair(2).id) || !lost ? rest : { ...rest, b: lost }
  })
  expect(await put()).toMatchObject({
    kind: 'failed',
    file: 'config',
    error: { trouble: { name: 'file-ambiguous', detail: expect.stringContaining('AWS SDK') } },
  })
  expect(await bothTexts()).toEqual(asBefore())
})

it('writes neither where the new value is one that some reader may take otherwise', async () => {
  const outcome = await put({ id: pair(2).id, secret: new Secret("it's") })
  expect(outcome).toMatchObject({ kind: 'failed', file: 'credentials' })
  expect(await bothTexts()).toEqual(asBefore())
})

it('puts the first file back where the second cannot be written', async () => {
  files.config.replace = () => Promise.reject(disk())
  expect(await put()).toMatchObject({ kind: 'failed', file: 'config', error: { trouble: { code: 'EIO' } } })
  expect(await bothTexts()).toEqual(asBefore())
})

it('leaves in the first file what another program wrote there meanwhile', async () => {
  files.config.replace = async () => {
    await ground.put('credentials', section('a', 7))
    throw disk()
  }
  expect(await put()).toMatchObject({ kind: 'failed', file: 'config' })
  expect(await bothTexts()).toEqual([section('a', 7), section('profile b', 1)])
})

/** Lets putting back, the second replacement of the first file, go through `act`. */
function puttingBack(act: (replace: () => Promise<void>) => Promise<void>): void {
  const replace = files.credentials.replace.bind(files.credentials)
  let turns = 0
  files.credentials.replace = (view, bytes) =>
    ++turns === 1 ? replace(view, bytes) : act(() => replace(view, bytes))
  files.config.replace = () => Promise.reject(disk())
}

it('takes a file that is put back, but perhaps not for good, for put back', async () => {
  puttingBack(async (replace) => {
    await replace()
    throw new NotDurableError(disk())
  })
  expect(await put()).toMatchObject({ kind: 'failed', file: 'config' })
  expect(await bothTexts()).toEqual(asBefore())
})

it('begins anew where the file moves while it is put back', async () => {
  let moved = 0
  puttingBack(async (replace) => {
    if (++moved < 5) throw new MovedMeanwhile('changed')
    await replace()
  })
  expect(await put()).toMatchObject({ kind: 'failed', file: 'config' })
  expect(await bothTexts()).toEqual(asBefore())
})

it.each([
  ['it never stands still', new MovedMeanwhile('changed'), undefined],
  ['the disk refuses that too', disk(), 'EIO'],
])('says that one file has the new pair where it cannot be put back: %s', async (_, error, code) => {
  puttingBack(() => Promise.reject(error))
  const trouble = await troubleOf(put())
  expect([trouble?.name, trouble?.code]).toEqual(['file-half-written', code])
  expect(trouble?.detail).toContain(`${ground.credentials}, written just before`)
  expect(await bothTexts()).toEqual([section('a', 2), section('profile b', 1)])
})
