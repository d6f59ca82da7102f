import fs from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readSharedConfig } from '../../aws/sharedConfigReader.ts'
import { systemClock } from '../../platform/clock.ts'
import type { Clock } from '../../platform/clock.ts'
import { mergeForeignWrites } from './foreignWrites.ts'
import { PairTrail } from './pairs.ts'
import type { SharedConfigReader } from '../agreement/reading.ts'
import { MovedMeanwhile, StoredFile } from './storedFile.ts'
import { pair, section, StoreFixture } from '../testing/storeFixture.ts'

// One save of ours, [a] from pair 1 to pair 2, beside another program: `late` had the file open before it.

let ground: StoreFixture
let file: StoredFile
let trail: PairTrail
let late: FileHandle

beforeEach(() => {
  ground = new StoreFixture()
})
afterEach(async () => {
  await late.close()
  await file.release()
  ground.remove()
})

async function saved(base: string, reader: SharedConfigReader = readSharedConfig): Promise<void> {
  await ground.put('credentials', base)
  late = await fs.open(ground.credentials, 'r+')
  file = new StoredFile('credentials', { path: ground.credentials, from: 'default' }, reader, systemClock)
  trail = new PairTrail(() => true)
  await file.replace(
    await file.view(),
    Buffer.from(
      base.replaceAll(pair(1).id, pair(2).id).replaceAll(pair(1).secret.reveal(), pair(2).secret.reveal()),
    ),
  )
  trail.record({ file: 'credentials', profile: 'a', from: pair(1), to: pair(2) })
}

async function writeLate(content: string): Promise<void> {
  await late.truncate(0)
  await late.write(content, 0)
  await late.utimes(1, 1)
}

const merge = (clock: Clock = systemClock) => mergeForeignWrites(file, trail, clock, 'whole')
const text = () => ground.text('credentials')
const disk = () => Object.assign(new Error('EIO: injected'), { code: 'EIO' })

/** The next replacements of the file end so. */
function replacements(...errors: Error[]): void {
  const replace = file.replace.bind(file)
  file.replace = (view, bytes) => {
    const error = errors.shift()
    return error ? Promise.reject(error) : replace(view, bytes)
  }
}

describe('a write that landed on the replaced file', () => {
  const theirs = `${section('a', 1)}region = x\n`

  it('is merged with our pair in it, also where the file moves meanwhile', async () => {
    await saved(section('a', 1))
    await writeLate(theirs)
    replacements(new MovedMeanwhile('changed'))
    expect(await merge()).toMatchObject({ notes: [expect.stringContaining('merged')], pending: [] })
    expect(await text()).toBe(`${section('a', 2)}region = x\n`)
  })

  it('lets no older file go unseen, however many are held and told of', async () => {
    await saved(section('a', 1))
    // Of seventy replaced files the oldest two cannot be merged, the third can, and merging replaces the file once more.
    const opened = [late]
    for (let n = 0; n < 70; n++) {
      opened.push(await fs.open(ground.credentials, 'r+'))
      await file.replace(await file.view(), Buffer.from(`# ${n}\n${section('a', 2)}`))
    }
    const write = async (at: number, content: string) => {
      await opened[at]?.truncate(0)
      await opened[at]?.write(content, 0)
      await opened[at]?.utimes(1, 1)
    }
    await write(0, section('a', 3))
    await write(1, section('a', 3))
    await write(2, `# 0\n${section('a', 2)}region = x\n`)
    await write(3, `# 1\n${section('a', 2)}output = y\n`)
    const { notes } = await merge()
    expect(notes.filter((note) => note.includes('merged'))).toHaveLength(2)
    expect(await text()).toContain('region = x')
    expect(await text()).toContain('output = y')
    for (const handle of opened.slice(1)) await handle.close()
  })

  it('is told, and found again, where the merge cannot be written', async () => {
    await saved(section('a', 1))
    await writeLate(theirs)
    replacements(disk())
    expect(await merge()).toMatchObject({ notes: [], pending: [expect.stringContaining('[a]')] })
    expect(await text()).toBe(section('a', 2))
    expect(await merge()).toMatchObject({ notes: [expect.stringContaining('merged')], pending: [] })
  })

  it('is told where the file has gone meanwhile', async () => {
    await saved(section('a', 1))
    await writeLate(theirs)
    await fs.unlink(ground.credentials)
    const { pending } = await merge()
    expect(pending.join()).toContain('[a]')
    expect(pending.join()).toContain('can no longer be read')
  })

  it('is not merged into a section that would then say a thing twice', async () => {
    await saved(`${section('a', 1)}output = json\n`)
    await ground.put('credentials', `[a]\nregion = ours\n${section('a', 2).slice(4)}output = json\n`)
    await writeLate(`${section('a', 1)}output = json\nregion = theirs\n`)
    const before = await text()
    expect(await merge()).toMatchObject({ notes: [], pending: [expect.stringContaining('[a]')] })
    expect(await text()).toBe(before)
  })

  it('is read until it stands still', async () => {
    await saved(section('a', 1))
    await late.truncate(0)
    const parts = [section('a', 1), 'region = x\n', '']
    let length = 0
    const clock: Clock = {
      now: () => Date.now(),
      monotonic: () => performance.now(),
      sleep: async () => {
        const part = parts.shift() ?? ''
        await late.write(part, length)
        length += part.length
      },
    }
    expect((await merge(clock)).notes).toHaveLength(1)
    expect(await text()).toBe(`${section('a', 2)}region = x\n`)
    expect(parts).toEqual([])
  })

  it('is told once it is taken out again by a program that had read before the merge', async () => {
    await saved(section('a', 1))
    await writeLate(theirs)
    await merge()
    expect(await merge()).toMatchObject({ lost: false, notes: [] })
    await ground.put('credentials', section('a', 2))
    expect(await merge()).toMatchObject({ lost: true, notes: [expect.stringContaining('region of [a]')] })
    expect(await merge()).toMatchObject({ lost: false, notes: [] })
  })
})

describe('an earlier pair that another program put back', () => {
  const putBack = async () => ground.put('credentials', `${section('a', 1)}region = x\n`)
  const mended = () => `${section('a', 2)}region = x\n`

  it('is replaced, also where the file moves meanwhile', async () => {
    await saved(section('a', 1))
    await putBack()
    replacements(new MovedMeanwhile('changed'))
    expect(await merge()).toMatchObject({ pending: [] })
    expect(await text()).toBe(mended())
  })

  it('stays, and is told, where the file never stands still', async () => {
    await saved(section('a', 1))
    await putBack()
    replacements(...Array.from({ length: 10 }, () => new MovedMeanwhile('changed')))
    expect(await merge()).toMatchObject({ notes: [], pending: [expect.stringContaining('[a]')] })
    expect(await text()).toContain(pair(1).id)
    expect(await merge()).toMatchObject({ pending: [] })
    expect(await text()).toBe(mended())
  })

  it('stays, and is told, where the new pair there would be misread', async () => {
    let misread = false
    await saved(section('a', 1), async (bytes, which) =>
      misread && bytes.includes(pair(2).id) ? {} : readSharedConfig(bytes, which),
    )
    await putBack()
    misread = true
    expect(await merge()).toMatchObject({ pending: [expect.stringContaining('could not be replaced')] })
    expect(await text()).toContain(pair(1).id)
  })

  it('is not put where another program took the pair out', async () => {
    await saved(section('a', 1))
    await ground.put('credentials', '[a]\nregion = x\n')
    expect(await merge()).toMatchObject({ pending: [expect.stringContaining('took the pair of [a] out')] })
    expect(await text()).toBe('[a]\nregion = x\n')
  })
})

it('puts no pair back that was not proved a moment ago: AWS may have turned it off since', async () => {
  await saved(section('a', 1))
  trail = new PairTrail((id) => id !== pair(2).id)
  trail.record({ file: 'credentials', profile: 'a', from: pair(1), to: pair(2) })
  await ground.put('credentials', section('a', 1))
  expect(await merge()).toMatchObject({ pending: [], lost: false })
  expect(await text()).toBe(section('a', 1))
})
