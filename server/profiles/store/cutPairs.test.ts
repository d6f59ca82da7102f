import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readSharedConfig } from '../../aws/sharedConfigReader.ts'
import { systemClock } from '../../platform/clock.ts'
import type { CutProfile, PairPlace, ProfileStore } from '../ports.ts'
import { Secret } from '../keyPair.ts'
import { createProfileStore } from './store.ts'

let directory: string
let store: ProfileStore
const credentials = () => join(directory, 'credentials')
const text = () => readFileSync(credentials(), 'utf8')

beforeEach(() => {
  directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'keyturn-cut-'))
  store = createProfileStore({
    locations: {
      credentials: { path: credentials(), from: 'test' },
      config: { path: join(directory, 'config'), from: 'test' },
    },
    reader: readSharedConfig,
    clock: systemClock,
  })
})

afterEach(async () => {
  await store.release()
  rmSync(directory, { recursive: true })
})

const id = (n: number) => `AKIAXMPLKEYTURNTEST${n}`
const secret = (n: number) => `secret/of+number${n}`

async function placesOf(key: string): Promise<PairPlace[]> {
  const { profiles } = await store.read()
  return profiles.flatMap(({ name, file, pair }) => (pair?.id === key ? [{ profile: name, file, pair }] : []))
}

/** @returns what was taken out */
async function cut(key: string): Promise<readonly CutProfile[]> {
  const kept: CutProfile[] = []
  await store.cutOut(await placesOf(key), (cuts) => {
    kept.push(...cuts)
    return Promise.resolve()
  })
  return kept
}

const plain = (name: string, n: number, more = '') =>
  `[${name}]\naws_access_key_id = ${id(n)}\naws_secret_access_key = ${secret(n)}\n${more}`

describe('a pair that is taken out of a file', () => {
  it('takes a section that holds nothing else, and what parts it from the next', async () => {
    writeFileSync(credentials(), `${plain('a', 1)}\n${plain('b', 2)}\n# of c\n${plain('c', 3)}`)
    await cut(id(2))
    expect(text()).toBe(`${plain('a', 1)}\n# of c\n${plain('c', 3)}`)
  })

  it('leaves a header beside which something of the person stands, and a file that would be empty', async () => {
    writeFileSync(
      credentials(),
      `${plain('a', 1, 'region = eu-west-1\n')}\n[b]\n# of Bob\n${plain('', 2).slice(3)}`,
    )
    await cut(id(1))
    await cut(id(2))
    expect(text()).toBe('[a]\nregion = eu-west-1\n\n[b]\n# of Bob\n')
    writeFileSync(credentials(), plain('a', 1))
    await cut(id(1))
    expect(text()).toBe('[a]\n')
  })

  it('is shown without its secret, which lies in what is kept alone', async () => {
    writeFileSync(credentials(), `${plain('a', 1)}\n${plain('b', 2)}`)
    const shown = await store.lookAtCut(await placesOf(id(2)))
    expect(shown.flatMap((each) => each.shown)).toEqual([
      { line: 5, text: '[b]' },
      { line: 6, text: `aws_access_key_id = ${id(2)}` },
      { line: 7, text: 'aws_secret_access_key = ••••••••' },
    ])
    expect(text()).toContain(secret(2))
  })

  it('stays where the profile holds another by now, where readers differ, and where its lines could not be kept', async () => {
    writeFileSync(credentials(), plain('a', 1))
    const places = await placesOf(id(1))
    writeFileSync(credentials(), plain('a', 2))
    await expect(cutAt(places)).rejects.toMatchObject({ trouble: { name: 'file-moved' } })
    const odd = `[a]\naws_access_key_id = ${id(1)}\naws_secret_access_key = "${secret(1)}"\n`
    writeFileSync(credentials(), odd)
    const [quoted] = await placesOf(id(1))
    await expect(cutAt([quoted as PairPlace])).rejects.toMatchObject({ trouble: { name: 'file-ambiguous' } })
    expect(text()).toBe(odd)
    writeFileSync(credentials(), plain('a', 1))
    const full = () => Promise.reject(new Error('full'))
    await expect(store.cutOut(await placesOf(id(1)), full)).rejects.toThrow('full')
    expect(text()).toBe(plain('a', 1))
  })

  it('is passed over where it is gone already', async () => {
    writeFileSync(credentials(), `${plain('a', 1)}\n${plain('b', 2)}`)
    const places = await placesOf(id(1))
    await cut(id(1))
    const after = text()
    await cutAt(places)
    expect(text()).toBe(after)
  })

  const cutAt = (places: readonly PairPlace[]) => store.cutOut(places, () => Promise.resolve())
})

describe('what was taken out', () => {
  const put = async (cuts: readonly CutProfile[], n: number) => {
    await store.putBack(cuts, { id: id(n), secret: new Secret(secret(n)) })
  }

  it('comes back byte for byte, whatever the file looks like and whoever else was changed meanwhile', async () => {
    const newline = fc.constantFrom('\n', '\r\n')
    const filler = fc.array(fc.constantFrom('', '# a comment', '; another'), { maxLength: 2 })
    const setting = fc.constantFrom('region = eu-west-1', 'output=json')
    const section = fc.record({
      fill: fc.tuple(filler, filler, filler, filler),
      more: fc.option(setting, { nil: undefined }),
      swap: fc.boolean(),
      indent: fc.constantFrom(' = ', '=', '  =  '),
    })
    const files = fc.record({
      newline,
      sections: fc.array(section, { minLength: 2, maxLength: 5 }),
      which: fc.nat(),
      rotated: fc.boolean(),
      ended: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(files, async ({ newline: nl, sections, which, rotated, ended }) => {
        const lines = sections.flatMap(({ fill, more, swap, indent }, n) => {
          const two = [`aws_access_key_id${indent}${id(n)}`, `aws_secret_access_key${indent}${secret(n)}`]
          const [first, second] = swap ? two.reverse() : two
          return [
            `[p${n}]`,
            ...fill[0],
            first,
            ...fill[1],
            ...(more ? [more] : []),
            second,
            ...fill[2],
            ...fill[3],
          ]
        })
        const before = lines.join(nl) + (ended ? nl : '')
        writeFileSync(credentials(), before)
        const gone = which % sections.length
        const other = (gone + 1) % sections.length
        const cuts = await cut(id(gone))
        expect(text()).not.toContain(secret(gone))
        for (let n = 0; n < sections.length; n++) if (n !== gone) expect(text()).toContain(secret(n))
        const change = (all: string) => all.replace(secret(other), `${secret(other)}/and/longer`)
        if (rotated) writeFileSync(credentials(), change(text()))
        await put(cuts, gone)
        expect(text()).toBe(rotated ? change(before) : before)
        await store.release()
      }),
      { numRuns: 40 },
    )
  })

  it('comes into the section again that somebody wrote meanwhile, else to the end', async () => {
    writeFileSync(credentials(), `${plain('a', 1)}\n${plain('b', 2)}`)
    const cuts = await cut(id(1))
    writeFileSync(credentials(), `[b]\nregion = eu-west-1\n[a]\noutput = json`)
    await put(cuts, 1)
    expect(text()).toBe(`[b]\nregion = eu-west-1\n${plain('a', 1, '\n')}output = json`)
    writeFileSync(credentials(), '# nothing of it is left\n')
    await put(cuts, 1)
    expect(text()).toBe(`# nothing of it is left\n${plain('a', 1, '\n')}`)
  })

  it('comes with its header where its lines alone were taken and the section is gone, and twice is once', async () => {
    writeFileSync(credentials(), `${plain('a', 1, 'region = eu-west-1\n')}`)
    const cuts = await cut(id(1))
    writeFileSync(credentials(), '[b]\nregion = eu-west-1\n')
    await put(cuts, 1)
    await put(cuts, 1)
    expect(text()).toBe(`[b]\nregion = eu-west-1\n${plain('a', 1)}`)
  })

  it('stays out where the profile holds another key by now', async () => {
    writeFileSync(credentials(), `${plain('a', 1)}\n${plain('b', 2)}`)
    const cuts = await cut(id(1))
    writeFileSync(credentials(), plain('a', 2))
    await expect(put(cuts, 1)).rejects.toMatchObject({ trouble: { name: 'file-moved' } })
    expect(text()).toBe(plain('a', 2))
  })
})
