import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readSharedConfig } from '../../aws/sharedConfigReader.ts'
import { readWithAll } from './reading.ts'
import { StoreFixture } from '../testing/storeFixture.ts'
import { trySplice } from './trial.ts'

const id = 'AKIAIOSFODNN7EXAMPLE'
const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const pair = `aws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`
const other = (n: number) =>
  `[p${n}]\naws_access_key_id = AKIA${String(n).padStart(16, '0')}\naws_secret_access_key = ${secret}\n`

const attempt = async (text: string) => {
  let parsed = 0
  const reading = await readWithAll(Buffer.from(text), 'credentials', readSharedConfig)
  const refused = await trySplice(reading, 'FILE', (bytes) => {
    parsed++
    return readWithAll(bytes, 'credentials', readSharedConfig)
  })
  return { refused, parsed }
}

describe('a pair is saved on trial', () => {
  it.each([
    [`\ufeffaws_secret_access_key = ${secret}`, /byte order mark \(U\+FEFF\)/],
    [`\ufeffaws_access_key_id = ${id}`, /byte order mark/],
  ])('and refused where a value agrees by chance: %j', async (line, words) => {
    const { refused } = await attempt(`[a]\n${pair}${line}\n${other(1)}`)
    expect([...refused.keys()]).toEqual(['a'])
    const trouble = refused.get('a')
    expect(trouble?.name).toBe('file-ambiguous')
    expect(trouble?.title).toMatch(words)
    expect(trouble?.remedy).toMatch(/Remove line 4/)
    expect(JSON.stringify(trouble)).not.toContain(secret)
  })

  it('and the ones to blame among many are found, the others stay', async () => {
    const many = Array.from({ length: 40 }, (_, n) => other(n)).join('')
    const bad = (name: string) => `[${name}]\n${pair}\ufeffaws_secret_access_key = ${secret}\n`
    const { refused, parsed } = await attempt(bad('x') + many + bad('y'))
    expect([...refused.keys()]).toEqual(['x', 'y'])
    expect(parsed).toBeLessThan(30)
  })

  it('once for a whole file that is well', async () => {
    const many = Array.from({ length: 40 }, (_, n) => other(n)).join('')
    expect(await attempt(many)).toEqual({ refused: new Map(), parsed: 1 })
    expect(await attempt('[a]\nregion = x\n')).toEqual({ refused: new Map(), parsed: 0 })
  })
})

describe('in the files', () => {
  let files: StoreFixture
  beforeEach(() => {
    files = new StoreFixture()
  })
  afterEach(() => files.remove())

  it('the profile is not rotatable before anything is made, and is again when the line is gone', async () => {
    await files.put('credentials', `[a]\n${pair}\ufeffaws_secret_access_key = ${secret}\n`)
    const store = files.open()
    const [found] = (await store.read()).profiles
    expect(found).toMatchObject({ name: 'a', kind: 'access-key', rotatable: false })
    expect(found?.reason?.title).toContain('U+FEFF')
    await files.put('credentials', `[a]\n${pair}`)
    expect((await store.read()).profiles[0]?.rotatable).toBe(true)
    await store.release()
  })
})
