import type { Profile, Which } from '../api/inventory.ts'
import type { Trouble } from '../api/problem.ts'
import { idKey, objection, secretKey } from './agreement/agreement.ts'
import { nearMiss } from './agreement/cures.ts'
import type { Section, Value } from './ini/document.ts'
import { parseKeyId } from './keyId.ts'
import { Secret } from './keyPair.ts'
import type { KeyPair } from './keyPair.ts'
import type { FoundProfile, ProfileSettings } from './ports.ts'
import { profileOf, servicesOf } from './ini/profileNames.ts'
import type { Reading } from './agreement/reading.ts'
import { ignoredReason, leftOverToken, reasonFor } from './agreement/reasons.ts'
import type { Place } from './agreement/reasons.ts'
import { roleUsers } from './roles.ts'
import { settingReaders } from './agreement/settingReaders.ts'
import { strictAbout, strictReaders } from './agreement/strictReaders.ts'
import { settingTrouble, strictTrouble } from './agreement/strictWords.ts'

/** The two files as read; a file that is not there is absent. */
export interface Readings {
  readonly credentials?: Reading
  readonly config?: Reading
}

type Values = ReadonlyMap<string, Value>
const none: Values = new Map()
const both = ['credentials', 'config'] as const

/** Every profile of both files: its kind, its pair, its settings, whether it may be written and why not. */
export function classify(readings: Readings, paths: Readonly<Record<Which, string>>): FoundProfile[] {
  const names = new Set([
    ...(readings.credentials?.profiles.keys() ?? []),
    ...(readings.config?.profiles.keys() ?? []),
  ])
  const settings = new Map<string, ProfileSettings>()
  const services = allServices(readings.config)
  for (const name of names) settings.set(name, settingsOf(readings, name, services))
  const roles = roleUsers(settings)
  const profiles = [...names].flatMap((name) => found(readings, paths, name, settings, roles.get(name) ?? []))
  for (const which of both) {
    const reading = readings[which]
    if (reading) profiles.push(...ignored(reading, paths[which]))
  }
  return profiles
}

function found(
  readings: Readings,
  paths: Readonly<Record<Which, string>>,
  name: string,
  all: ReadonlyMap<string, ProfileSettings>,
  usedByRoles: readonly string[],
): FoundProfile[] {
  const settings = all.get(name) as ProfileSettings
  const places = both.flatMap((file) => {
    const reading = readings[file]
    const section = reading?.profiles.get(name)?.at(-1)
    return reading && section
      ? [{ file, reading, section, values: reading.document.values(section.name) }]
      : []
  })
  const holding = places.filter(({ values }) => values.has(idKey) || values.has(secretKey))
  const meant = () =>
    places.find(({ reading, section }) => section.entries.some((entry) => nearMiss(reading.document, entry)))
  const shown = holding.length > 0 ? holding : [meant() ?? places[0]].filter((place) => place !== undefined)
  return shown.map(({ file, reading, section, values }, index) => {
    const pair = pairOf(values)
    const kind = kindOf(name, file, pair, settings, values)
    const { document } = reading
    const inBothFiles = holding.length > 1
    const place = { name, path: paths[file], document, section, values, settings, all, inBothFiles }
    const reason = reasonAgainst(kind, place, reading, pair)
    const elsewhere = places.find((each) => each.file !== file && hasToken(each.values))
    const warning =
      index > 0
        ? shadowed(name, paths)
        : elsewhere && kind === 'access-key'
          ? tokenElsewhere(name, paths[elsewhere.file])
          : kind === 'access-key' && !reason
            ? unreadElsewhere(reading, place)
            : undefined
    const regionAt = regionIn(places, paths)
    return {
      name,
      file,
      line: section.line,
      kind,
      ...(pair ? { pair, lines: linesOf(reading, section) } : {}),
      settings,
      ...(regionAt && { regionAt }),
      usedByRoles,
      rotatable: kind === 'access-key' && !reason,
      ...(reason ? { reason } : {}),
      ...(warning ? { warning } : {}),
    }
  })
}

/** The credentials file wins, as in the settings. */
function regionIn(
  places: readonly { file: Which; reading: Reading; section: Section }[],
  paths: Readonly<Record<Which, string>>,
): FoundProfile['regionAt'] {
  for (const { file, reading, section } of places) {
    const line = reading.document.entry(section.name, 'region')?.line
    if (line !== undefined) return { path: paths[file], line }
  }
  return undefined
}

/** The first line, or else the first setting, for which another SDK does not read the pair. */
function unreadElsewhere(
  { document, which }: Reading,
  { name, path, section, settings }: Place,
): Trouble | undefined {
  const [line] = strictAbout(strictReaders(document, which), section.name)
  if (line) return strictTrouble(path, document, line)
  const [setting] = settingReaders(settings)
  return setting && settingTrouble(name, path, setting)
}

function reasonAgainst(
  kind: Profile['kind'],
  place: Place,
  reading: Reading,
  pair: KeyPair | undefined,
): Trouble | undefined {
  if (kind === 'access-key')
    return (
      objection(reading, place.name, place.path) ??
      reading.refused?.get(place.name) ??
      (hasToken(place.values) ? leftOverToken(place) : undefined)
    )
  if (kind === 'ignored') return undefined
  // Of two headers for one profile the last is looked at; the pair may stand below the first.
  const sections = reading.profiles.get(place.name) ?? []
  if (kind === 'incomplete' && sections.length > 1 && sections.some(holdsKey))
    return objection(reading, place.name, place.path) ?? reasonFor(kind, place)
  // A key id in quotes, or with a comment behind it, is a question of how the line is read.
  const written = place.values.get(idKey)
  if (kind === 'incomplete' && !pair && typeof written === 'string' && isDecorated(written))
    return objection(reading, place.name, place.path) ?? reasonFor(kind, place)
  return reasonFor(kind, place)
}

function holdsKey({ entries }: Section): boolean {
  return entries.some(({ key }) => key === idKey || key === secretKey)
}

/** A key id that one reader or another would find in it. */
function isDecorated(written: string): boolean {
  const bare = written.replace(/[\s#;].*$/s, '').replace(/^["']|["'\\]+$/g, '')
  return bare !== written && parseKeyId(bare) !== undefined
}

/** Sections that hold a pair and are no profile: no tool reads them, and nobody would see them. */
function* ignored(reading: Reading, path: string): Generator<FoundProfile> {
  const { document, which } = reading
  for (const section of document.sections) {
    if (profileOf(which, section.name) !== undefined) continue
    const own = new Map(section.entries.map(({ key, value }) => [key, value]))
    if (!own.has(idKey) || !own.has(secretKey)) continue
    const pair = pairOf(own)
    yield {
      name: section.name,
      file: which,
      line: section.line,
      kind: 'ignored',
      ...(pair ? { pair, lines: linesOf(reading, section) } : {}),
      settings: { values: {}, services: {} },
      usedByRoles: [],
      rotatable: false,
      reason: ignoredReason(path, section.name, section.line, which === 'config'),
    }
  }
}

function linesOf(reading: Reading, section: Section): { id: number; secret: number } {
  const line = (key: string) => reading.document.entry(section.name, key)?.line ?? section.line
  return { id: line(idKey), secret: line(secretKey) }
}

function pairOf(values: Values): KeyPair | undefined {
  const written = values.get(idKey)
  const secret = values.get(secretKey)
  const id = typeof written === 'string' ? parseKeyId(written) : undefined
  if (id === undefined || typeof secret !== 'string' || secret === '') return undefined
  return { id, secret: new Secret(secret) }
}

/**
 * What AWS's tools would use this profile for. botocore asks roles, web identity and SSO before the credentials file,
 * and a login and a process before the config file; the JavaScript SDK asks for a static pair right after roles. A
 * profile is `access-key` only where both use its pair. A session token counts where botocore looks for it: beside the
 * pair, in the same section.
 */
function kindOf(
  name: string,
  file: Which,
  pair: KeyPair | undefined,
  { values }: ProfileSettings,
  own: Values,
): Profile['kind'] {
  const has = (...keys: string[]) => keys.some((key) => (values[key] ?? '') !== '')
  const first = pair !== undefined && file === 'credentials'
  if (has('role_arn')) {
    if (has('web_identity_token_file')) return 'web-identity'
    if (!(pair && values['source_profile'] === name)) return 'assume-role'
  }
  if (has('web_identity_token_file')) return 'web-identity'
  if (has('sso_session', 'sso_start_url', 'sso_account_id', 'sso_role_name')) return 'sso'
  if (pair ? isTemporary(pair) : hasToken(own)) return 'temporary'
  if (has('login_session') && !first) return 'sso'
  if (has('credential_process') && !first) return 'process'
  return pair ? 'access-key' : 'incomplete'
}

/** What STS gives out, and LocalStack's own. */
function isTemporary({ id }: KeyPair): boolean {
  return /^(ASIA|LSIA)/.test(id)
}

function hasToken(values: Values): boolean {
  return ['aws_session_token', 'aws_security_token'].some((key) => (values.get(key) ?? '') !== '')
}

function settingsOf(
  readings: Readings,
  name: string,
  services: ReadonlyMap<string, ProfileSettings['services']>,
): ProfileSettings {
  const of = (reading: Reading | undefined): Values => {
    const section = reading?.profiles.get(name)?.at(-1)
    return reading && section ? reading.document.values(section.name) : none
  }
  const values: Record<string, string> = Object.create(null)
  for (const [key, value] of [...of(readings.config), ...of(readings.credentials)]) {
    // A secret has one place, the pair: settings travel further than it may.
    if (key === secretKey) continue
    // Where it is no key id it may be the secret.
    if (key === idKey && (typeof value !== 'string' || parseKeyId(value) === undefined)) continue
    if (key === 'aws_session_token' || key === 'aws_security_token')
      values[key] = value === '' ? '' : 'present'
    else if (typeof value === 'string') values[key] = value
    else
      for (const [inner, text] of value)
        if (!/secret|access_key_id/i.test(inner)) values[`${key}.${inner}`] = text
  }
  return { values, services: services.get(values['services'] ?? '') ?? {} }
}

function allServices(config: Reading | undefined): ReadonlyMap<string, ProfileSettings['services']> {
  const all = new Map<string, ProfileSettings['services']>()
  for (const section of config?.document.sections ?? []) {
    const name = servicesOf(section.name)
    if (name === undefined) continue
    const blocks: Record<string, Readonly<Record<string, string>>> = Object.create(null)
    for (const entry of section.entries)
      if (typeof entry.value !== 'string') blocks[entry.key] = Object.fromEntries(entry.value)
    all.set(name, blocks)
  }
  return all
}

function tokenElsewhere(name: string, path: string): Trouble {
  return {
    name: 'token-elsewhere',
    title: `[${name}] has a session token in the other file`,
    detail: `The AWS CLI uses the pair without the token of [${name}] in ${path}; the SDK for JavaScript sends both, and AWS refuses that.`,
    remedy: `Remove the session token of [${name}] from ${path}.`,
  }
}

function shadowed(name: string, paths: Readonly<Record<Which, string>>): Trouble {
  return {
    name: 'pair-shadowed',
    title: `[${name}] has a pair in both files`,
    detail: `AWS tools use the pair in ${paths.credentials}; the one in ${paths.config} is not used.`,
    remedy: 'Remove the pair that you do not need.',
  }
}
