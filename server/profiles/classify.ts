import type { Profile, Which } from '../api/inventory.ts'
import type { Trouble } from '../api/problem.ts'
import { idKey, objection, secretKey } from './agreement.ts'
import type { Section, Value } from './document.ts'
import { Secret } from './keyPair.ts'
import type { KeyPair } from './keyPair.ts'
import type { FoundProfile, ProfileSettings } from './ports.ts'
import { servicesOf } from './profileNames.ts'
import type { Reading } from './reading.ts'
import { reasonFor } from './reasons.ts'
import { roleUsers } from './roles.ts'

/** The two files as read; a file that is not there is absent. */
export interface Readings {
  readonly credentials?: Reading
  readonly config?: Reading
}

type Values = ReadonlyMap<string, Value>
const none: Values = new Map()

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
  return [...names].flatMap((name) =>
    found(readings, paths, name, settings.get(name) as ProfileSettings, roles.get(name) ?? []),
  )
}

function found(
  readings: Readings,
  paths: Readonly<Record<Which, string>>,
  name: string,
  settings: ProfileSettings,
  usedByRoles: readonly string[],
): FoundProfile[] {
  const places = (['credentials', 'config'] as const).flatMap((file) => {
    const reading = readings[file]
    const section = reading?.profiles.get(name)?.at(-1)
    return reading && section
      ? [{ file, reading, section, values: reading.document.values(section.name) }]
      : []
  })
  const holding = places.filter(({ values }) => values.has(idKey) || values.has(secretKey))
  const shown = holding.length > 0 ? holding : places.slice(0, 1)
  return shown.map(({ file, reading, section, values }, index) => {
    const pair = pairOf(values)
    const kind = kindOf(name, file, pair, settings)
    const reason =
      kind === 'access-key'
        ? objection(reading, name, paths[file])
        : reasonFor(kind, name, settings, values, holding.length > 1)
    return {
      name,
      file,
      line: section.line,
      kind,
      ...(pair ? { pair, lines: linesOf(reading, section) } : {}),
      settings,
      usedByRoles,
      rotatable: kind === 'access-key' && !reason,
      ...(reason ? { reason } : {}),
      ...(index > 0 ? { warning: shadowed(name, paths) } : {}),
    }
  })
}

function linesOf(reading: Reading, section: Section): { id: number; secret: number } {
  const line = (key: string) => reading.document.entry(section.name, key)?.line ?? section.line
  return { id: line(idKey), secret: line(secretKey) }
}

function pairOf(values: Values): KeyPair | undefined {
  const id = values.get(idKey)
  const secret = values.get(secretKey)
  if (typeof id !== 'string' || typeof secret !== 'string' || id === '' || secret === '') return undefined
  return { id, secret: new Secret(secret) }
}

/**
 * What AWS's tools would use this profile for. botocore asks roles, web identity and SSO before the credentials file
 * and a process before the config file; the JavaScript SDK asks for a static pair right after roles. A profile is
 * `access-key` only where both use its pair.
 */
function kindOf(
  name: string,
  file: Which,
  pair: KeyPair | undefined,
  { values }: ProfileSettings,
): Profile['kind'] {
  const has = (...keys: string[]) => keys.some((key) => (values[key] ?? '') !== '')
  if (has('role_arn')) {
    if (has('web_identity_token_file')) return 'web-identity'
    if (!(pair && values['source_profile'] === name)) return 'assume-role'
  }
  if (has('web_identity_token_file')) return 'web-identity'
  if (has('sso_session', 'sso_start_url', 'sso_account_id', 'sso_role_name', 'login_session')) return 'sso'
  if (has('aws_session_token', 'aws_security_token') || pair?.id.startsWith('ASIA')) return 'temporary'
  if (has('credential_process') && !(pair && file === 'credentials')) return 'process'
  return pair ? 'access-key' : 'incomplete'
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
    if (key === 'aws_session_token' || key === 'aws_security_token')
      values[key] = value === '' ? '' : 'present'
    else if (typeof value === 'string') values[key] = value
    else
      for (const [inner, text] of value)
        if (!inner.toLowerCase().includes('secret')) values[`${key}.${inner}`] = text
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

function shadowed(name: string, paths: Readonly<Record<Which, string>>): Trouble {
  return {
    name: 'pair-shadowed',
    title: `[${name}] has a pair in both files`,
    detail: `AWS tools use the pair in ${paths.credentials}; the one in ${paths.config} is not used.`,
    remedy: 'Remove the pair that you do not need.',
  }
}
