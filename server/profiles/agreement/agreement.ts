import type { Trouble } from '../../api/problem.ts'
import { brokenOff } from './cures.ts'
import { explain } from './explain.ts'
import type { Entry, Section } from '../ini/document.ts'
import { awsValue } from './reading.ts'
import type { Reading } from './reading.ts'
import { ambiguous, faultProblem } from './wording.ts'

export const idKey = 'aws_access_key_id'
export const secretKey = 'aws_secret_access_key'
const credentialKeys = [idKey, secretKey, 'aws_session_token', 'aws_security_token']

/** Text that no reader quotes, cuts, unescapes or takes for a comment; control characters could forge lines. */
const plain = /^[\x21-\x7e]+$/
const special = /["'#;\\]/

/** Whether a value can be spliced in: plain, and neither a boolean nor null, which `ini` would turn into one. */
export function isPlainValue(value: string): boolean {
  return plain.test(value) && !special.test(value) && !/^(true|false|null)$/.test(value)
}

/**
 * Why the pair of a profile may not be written; undefined where it may. It may where our document (botocore's rules),
 * AWS's own loader and `ini` read the same name, id and secret, and the form is one that botocore is proved to read
 * alike.
 * @param path as the person knows the file, for the words
 */
export function objection(reading: Reading, profile: string, path: string): Trouble | undefined {
  const { document } = reading
  const fault = document.faults[0]
  if (fault) return faultProblem(path, document, fault).trouble
  const [section, second] = reading.profiles.get(profile) ?? []
  if (!section) return undefined
  if (second)
    return ambiguous(
      path,
      second.line,
      `[${second.name}] names the same profile as [${section.name}] on line ${section.line}`,
      'Tools differ in which of the two they take.',
      `Merge the two sections into one, or rename the one on line ${second.line}.`,
    )
  const cr = document.hasLoneCr(section.line, section.endLine)
  if (cr !== undefined)
    return ambiguous(
      path,
      cr,
      'a carriage return without a line feed',
      'The AWS CLI begins a new line there, other tools do not.',
      `Save the file with ordinary line endings; line ${cr} has an odd one.`,
    )
  const own = new Set(section.entries.map((entry) => entry.key))
  const effective = document.values(section.name)
  for (const key of credentialKeys)
    if (!own.has(key) && effective.has(key)) return inheritedKey(reading, path, section, key)
  if (reading.which === 'credentials' && /^profile\s/.test(section.name))
    return explain(reading, profile, section, [], path)
  const id = document.entry(section.name, idKey)
  const secret = document.entry(section.name, secretKey)
  const broken = [id, secret].map((entry) => entry && brokenOff(document, entry)).find(Boolean)
  if (broken) return ambiguous(path, broken.line, broken.what, cutShort, broken.fix)
  if (id && secret && agreed(reading, profile, section, id) && agreed(reading, profile, section, secret))
    return undefined
  return explain(reading, profile, section, [id, secret], path)
}

const cutShort = 'Every tool takes the first part for the whole value, and AWS refuses it.'

function agreed(reading: Reading, profile: string, section: Section, entry: Entry): boolean {
  return (
    typeof entry.value === 'string' &&
    entry.continuations.length === 0 &&
    isPlainValue(entry.value) &&
    awsValue(reading, profile, entry.key) === entry.value &&
    reading.ini.get(section.name)?.[entry.key] === entry.value
  )
}

function inheritedKey(reading: Reading, path: string, section: Section, key: string): Trouble {
  const line = reading.document.entry('DEFAULT', key)?.line ?? section.line
  return ambiguous(
    path,
    line,
    `${key} stands under [DEFAULT]`,
    `The AWS CLI and boto3 let every profile inherit it, [${section.name}] too; other tools take [DEFAULT] for a profile of that name.`,
    'Rename [DEFAULT] to [default] if that profile is meant, or move its lines into the profiles that need them.',
  )
}
