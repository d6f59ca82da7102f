import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { readSharedConfig } from '../../server/aws/sharedConfigReader.ts'
import { classify } from '../../server/profiles/classify.ts'
import { Secret } from '../../server/profiles/keyPair.ts'
import type { KeyPair } from '../../server/profiles/keyPair.ts'
import { splicePairs } from '../../server/profiles/store/pairs.ts'
import type { FoundProfile } from '../../server/profiles/ports.ts'
import { readWithAll } from '../../server/profiles/agreement/reading.ts'
import type { Reading } from '../../server/profiles/agreement/reading.ts'
import { settingReaders } from '../../server/profiles/agreement/settingReaders.ts'
import { strictAbout, strictReaders } from '../../server/profiles/agreement/strictReaders.ts'
import { tidy } from '../../server/profiles/ini/tidy.ts'
import { awkwardFile } from '../../server/profiles/testing/generateFiles.ts'
import { forms } from './forms.ts'
import { ReaderProcess } from './readers.ts'
import type { Answer, ReaderCommand } from './readers.ts'

const [perFile = 1_500, seed = 20_261_125] = process.argv.slice(2).map(Number)
const commands = JSON.parse(process.env['KEYTURN_READERS'] ?? '[]') as ReaderCommand[]
const readers = commands.map((command) => new ReaderProcess(command))
const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'keyturn-readers-'))
const places = { credentials: path.join(directory, 'credentials'), config: path.join(directory, 'config') }
const count = { files: 0, rotated: 0, lost: 0, changed: 0, said: 0, wrong: 0, asked: 0, tidied: 0 }
const faults: string[] = []

type Which = 'credentials' | 'config'

async function ask(
  reader: ReaderProcess,
  which: Which,
  bytes: Buffer,
  names: readonly string[],
): Promise<Answer[]> {
  fs.writeFileSync(places.credentials, which === 'credentials' ? bytes : '')
  fs.writeFileSync(places.config, which === 'config' ? bytes : '')
  return reader.ask(places.credentials, places.config, names)
}

const valueOf = ({ id, secret }: KeyPair) => `${id}:${secret.reveal()}`

/** Every reader, before and after one profile's pair is replaced; and before, whether it is as we say. */
async function look(what: string, which: Which, bytes: Buffer, pick: number): Promise<void> {
  count.files++
  const before = await readWithAll(bytes, which, readSharedConfig)
  const found = classify({ [which]: before }, { credentials: 'credentials', config: 'config' })
  const rotatable = found.filter((each) => each.rotatable)
  const chosen = rotatable[pick % Math.max(1, rotatable.length)]
  if (!chosen?.pair) return
  const fresh: KeyPair = {
    id: `AKIANEW${String(count.files).padStart(13, 'Q')}`,
    secret: new Secret(`n/+${count.files}`.padEnd(40, 'w')),
  }
  const after = splicePairs(before, new Map([[chosen.name, fresh]])).bytes
  const names = [...before.profiles.keys()]
  for (const reader of readers) {
    const old = await ask(reader, which, bytes, names)
    const now = await ask(reader, which, after, names)
    count.rotated++
    for (const [index, name] of names.entries()) {
      const tell = (kind: 'changed' | 'lost', words: string) => {
        count[kind]++
        faults.push(`${reader.name}, ${what}, [${name}]: ${words} ${JSON.stringify(bytes.toString())}`)
      }
      count.asked++
      if (name !== chosen.name && now[index] !== old[index])
        tell('changed', 'another profile is read differently after')
      if (name === chosen.name && old[index] === valueOf(chosen.pair) && now[index] !== valueOf(fresh))
        tell('lost', 'it had read the old pair and does not read the new one')
    }
    for (const profile of rotatable) compare(reader, what, before, profile, old[names.indexOf(profile.name)])
  }
}

/** Where lines can be tidied: no profile is read differently after, but for those that a reader could not read before. */
async function lookTidied(what: string, which: Which, bytes: Buffer): Promise<void> {
  const before = await readWithAll(bytes, which, readSharedConfig)
  const tidied = tidy(before.document, which)
  if (!tidied) return
  count.tidied++
  const after = await readWithAll(tidied.bytes, which, readSharedConfig)
  const places = { credentials: 'credentials', config: 'config' }
  const found = classify({ [which]: after }, places)
  const rotatable = found.filter((each) => each.rotatable)
  const pairs = new Map(
    classify({ [which]: before }, places).map(({ name, pair }) => [name, pair && valueOf(pair)]),
  )
  const names = [...before.profiles.keys()]
  for (const reader of readers) {
    const old = await ask(reader, which, bytes, names)
    const now = await ask(reader, which, tidied.bytes, names)
    for (const [index, name] of names.entries()) {
      count.asked++
      const was = old[index]
      const is = now[index]
      // What they could not read, or took a further line or a comment into, may be mended; the rest they read as before.
      const isUnusable = was === undefined || was.includes('\n')
      if (was === is || isUnusable || is === pairs.get(name)) continue
      count.changed++
      faults.push(
        `${reader.name}, ${what}, [${name}]: tidying changed what it reads, ${String(was)} to ${String(is)} ${JSON.stringify(bytes.toString())}`,
      )
    }
    for (const profile of rotatable)
      compare(reader, `${what}, tidied`, after, profile, now[names.indexOf(profile.name)])
  }
}

function headerOf(reading: Reading, name: string): string {
  return reading.profiles.get(name)?.at(-1)?.name ?? ''
}

function compare(
  reader: ReaderProcess,
  what: string,
  before: Reading,
  profile: FoundProfile,
  got: Answer,
): void {
  const { document, which } = before
  if (!isComparable(reader, before, profile)) return
  const findings = strictAbout(strictReaders(document, which), headerOf(before, profile.name))
  const lines = findings
    .filter(({ readers }) => readers.some((name) => name === reader.name))
    .map(({ kind }) => kind)
  const settings = settingReaders(profile.settings).filter((each) => each.reader === reader.name)
  const said = lines.length + settings.length > 0
  const reads = profile.pair !== undefined && got === valueOf(profile.pair)
  count.said++
  if (said !== reads) return
  // Of a setting we know what most values do; of a line what every reader does.
  if (reads && lines.length === 0) return
  count.wrong++
  faults.push(
    `${reader.name}, ${what}, [${profile.name}]: ${reads ? `said not to read it (${lines.join(', ')}), and it does` : 'nothing was said, and it does not read it'} ${JSON.stringify(document.bytes.toString())}`,
  )
}

/**
 * What is not compared: a role's profile, which asks others, and a lone carriage return, at which every reader cuts lines
 * in its own way. Of Go we know what it makes of plain lines: not headers with signs in them, which it takes for a part
 * of the section above, nor indented lines, which are settings of their own for it.
 */
function isComparable(
  reader: ReaderProcess,
  { document, which }: Reading,
  { settings }: FoundProfile,
): boolean {
  if (settings.values['role_arn'] !== undefined) return false
  if (document.hasLoneCr(1, document.lines.length + 1) !== undefined) return false
  if (reader.name !== 'Go 2') return true
  return (
    document.sections.every(
      ({ name, entries }) =>
        !/[;#\][]/.test(name) && entries.every(({ continuations }) => continuations.length === 0),
    ) && !strictReaders(document, which).some(({ kind }) => kind === 'header-text')
  )
}

for (const { what, which, text } of forms) {
  await look(what, which, Buffer.from(text), 0)
  await lookTidied(what, which, Buffer.from(text))
}
const people = count.files
for (const which of ['credentials', 'config'] as const)
  for (const [bytes, pick] of fc.sample(fc.tuple(awkwardFile(which), fc.nat()), { numRuns: perFile, seed })) {
    await look('generated', which, bytes, pick)
    await lookTidied('generated', which, bytes)
  }
for (const reader of readers) await reader.end()
fs.rmSync(directory, { recursive: true })

console.log(
  `${people} forms of people's and ${count.files - people} generated files, ${count.rotated} rotations asked of a reader: ${count.lost} lost pairs, ${count.changed} changed profiles in ${count.asked} answers; ${count.tidied} files asked as they are tidied, too`,
)
console.log(
  `What Keyturn says that a reader cannot read, and what it reads: ${count.wrong} of ${count.said} differ`,
)
for (const fault of faults.slice(0, 20)) console.log(fault)
if (faults.length > 0) process.exitCode = 1
