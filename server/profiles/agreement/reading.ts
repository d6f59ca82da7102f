import type { Which } from '../../api/inventory.ts'
import type { Trouble } from '../../api/problem.ts'
import { IniDocument } from '../ini/document.ts'
import type { Section, Value } from '../ini/document.ts'
import { readIni } from '../ini/iniReader.ts'
import type { IniSections } from '../ini/iniReader.ts'
import { profileOf } from '../ini/profileNames.ts'

/**
 * AWS's own loader, as a port: sections of a file given as bytes, config-file profiles without their prefix.
 * Implemented in server/aws, the only folder that knows the SDK.
 */
export type SharedConfigReader = (
  bytes: Buffer,
  which: Which,
) => Promise<Readonly<Record<string, Readonly<Record<string, string | undefined>>>>>

type AwsSections = Awaited<ReturnType<SharedConfigReader>>

/** What the three readers make of one file. */
export interface Reading {
  readonly which: Which
  readonly document: IniDocument
  readonly aws: AwsSections
  readonly ini: IniSections
  /** Sections that are profiles, by profile name; more than one where headers name the same profile. */
  readonly profiles: ReadonlyMap<string, readonly Section[]>
  /** Profiles whose pair could not be saved though all readers agree now: see `trySplice`. */
  readonly refused?: ReadonlyMap<string, Trouble>
}

export async function readWithAll(bytes: Buffer, which: Which, reader: SharedConfigReader): Promise<Reading> {
  const document = IniDocument.parse(bytes)
  const profiles = new Map<string, Section[]>()
  for (const section of document.sections) {
    const name = profileOf(which, section.name)
    if (name === undefined) continue
    const known = profiles.get(name)
    if (known) known.push(section)
    else profiles.set(name, [section])
  }
  return { which, document, aws: await reader(bytes, which), ini: readIni(bytes), profiles }
}

/** A value of AWS's loader; undefined where it does not know the profile or the key. */
export function awsValue(reading: Reading, profile: string, key: string): string | undefined {
  const section = Object.hasOwn(reading.aws, profile) ? reading.aws[profile] : undefined
  return section && Object.hasOwn(section, key) ? section[key] : undefined
}

/** A value that a splice changed: in section `header`, read as `profile`, the value of `key` is now `value`. */
export interface Changed {
  readonly header: string
  readonly profile: string
  readonly key: string
  readonly value: string
}

/**
 * Whether every reader reads the changed values, and everything else as before.
 * @returns which reader disagrees about what, in words without values; undefined where all agree
 */
export function differenceAfter(
  before: Reading,
  after: Reading,
  changed: readonly Changed[],
): string | undefined {
  const byHeader = new Map(changed.map((each) => [`${each.header}\0${each.key}`, each.value]))
  const byProfile = new Map(changed.map((each) => [`${each.profile}\0${each.key}`, each.value]))
  return (
    compare('the line document', flatDocument(before.document), flatDocument(after.document), byHeader) ??
    compare(
      'the AWS SDK for JavaScript',
      flat(Object.entries(before.aws)),
      flat(Object.entries(after.aws)),
      byProfile,
    ) ??
    compare('the ini package', flat(before.ini), flat(after.ini), byHeader)
  )
}

/** The same where the settings are new, or stand in a section that is: nothing else comes, goes or changes. */
export function differenceAdded(
  before: Reading,
  after: Reading,
  added: readonly Changed[],
): string | undefined {
  const byHeader = new Map(added.map((each) => [`${each.header}\0${each.key}`, each.value]))
  const byProfile = new Map(added.map((each) => [`${each.profile}\0${each.key}`, each.value]))
  const document = (reading: Reading) => new Map(contentOf(reading.document))
  const aws = (reading: Reading) => flat(Object.entries(reading.aws))
  return (
    compare('the line document', filled(document(before), byHeader), document(after), byHeader) ??
    compare('the AWS SDK for JavaScript', filled(aws(before), byProfile), aws(after), byProfile) ??
    compare('the ini package', filled(flat(before.ini), byHeader), flat(after.ini), byHeader)
  )
}

/** With a place for each new setting. */
function filled(before: Flat, added: ReadonlyMap<string, string>): Flat {
  for (const key of added.keys()) if (!before.has(key)) before.set(key, '')
  return before
}

type Flat = Map<string, string>

function compare(
  reader: string,
  before: Flat,
  after: Flat,
  changed: ReadonlyMap<string, string>,
): string | undefined {
  const where = (key: string) => `${reader} at [${key.split('\0').join('] ')}`
  for (const [key, value] of changed)
    if (!before.has(key) || after.get(key) !== text(value)) return where(key)
  if (before.size !== after.size) return reader
  for (const [key, value] of before) if (!changed.has(key) && after.get(key) !== value) return where(key)
  return undefined
}

/** Every value by section and key, in one flat map. */
export function contentOf(document: IniDocument): ReadonlyMap<string, string> {
  const all: Flat = new Map()
  for (const section of document.sections)
    for (const entry of section.entries) all.set(`${section.name}\0${entry.key}`, text(entry.value))
  return all
}

function flatDocument(document: IniDocument): Flat {
  const all: Flat = new Map(contentOf(document))
  for (const section of document.sections) all.set(section.name, String(section.line))
  for (const [index, fault] of document.faults.entries()) all.set(`\0${index}`, `${fault.kind} ${fault.line}`)
  return all
}

function flat(sections: Iterable<readonly [string, Readonly<Record<string, unknown>>]>): Flat {
  const all: Flat = new Map()
  for (const [name, section] of sections)
    for (const [key, value] of Object.entries(section)) all.set(`${name}\0${key}`, text(value as Value))
  return all
}

function text(value: unknown): string {
  return JSON.stringify(value instanceof Map ? [...value] : value) ?? ''
}
