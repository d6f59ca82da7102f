import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { scrubJournals } from './scrubJournals.ts'

let directory: string
beforeEach(async () => {
  directory = await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-scrub-'))
})
afterEach(() => fs.rm(directory, { recursive: true }))

const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const journal = (spec: object) =>
  `${JSON.stringify({ version: 1, run: 'r', rotations: [{ spec, target: {} }] })}\n${JSON.stringify({ rotation: 'r.1', entry: { facts: { keys: [secret] } } })}\n`

it('takes out what an older version took for key ids, in every line, and leaves all else', async () => {
  const file = path.join(directory, 'a.jsonl')
  for (const spec of [
    { from: secret },
    { from: 'AKIAIOSFODNN7EXAMPLE', spare: secret },
    { from: 'AKIAIOSFODNN7EXAMPLE', to: secret },
    { from: 'AKIAIOSFODNN7EXAMPLE', via: secret },
    { from: 'AKIAIOSFODNN7EXAMPLE', merge: { key: secret, profiles: [] } },
  ]) {
    await fs.writeFile(file, journal(spec))
    await scrubJournals(directory)
    const text = await fs.readFile(file, 'utf8')
    expect(text).toBe(journal(spec).replaceAll(secret, '••••••••'))
  }
})

it('leaves a journal of key ids, a torn one and other files untouched', async () => {
  const texts = {
    'a.jsonl': journal({ from: 'AKIAIOSFODNN7EXAMPLE', to: 'AKIAI44QH8DHBEXAMPLE' }),
    'b.jsonl': '{"version":1,"rot',
    'c.jsonl': 'null\n',
    'd.txt': journal({ from: secret }),
  }
  for (const [name, text] of Object.entries(texts)) await fs.writeFile(path.join(directory, name), text)
  const before = await fs.stat(path.join(directory, 'a.jsonl'))
  await scrubJournals(directory)
  for (const [name, text] of Object.entries(texts))
    expect(await fs.readFile(path.join(directory, name), 'utf8')).toBe(text)
  expect((await fs.stat(path.join(directory, 'a.jsonl'))).ino).toBe(before.ino)
  await scrubJournals(path.join(directory, 'none'))
})
