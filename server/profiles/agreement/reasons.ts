import type { Profile } from '../../api/inventory.ts'
import type { Trouble } from '../../api/problem.ts'
import { idKey, secretKey } from './agreement.ts'
import { invisibleIn, nearMiss, withoutInvisible } from './cures.ts'
import type { Entry, IniDocument, Section, Value } from '../ini/document.ts'
import { parseKeyId } from '../keyId.ts'
import type { ProfileSettings } from '../ports.ts'

/** A profile where it stands, for the words about it. */
export interface Place {
  readonly name: string
  /** As the person knows the file. */
  readonly path: string
  readonly document: IniDocument
  readonly section: Section
  /** Its own values and those inherited from [DEFAULT]. */
  readonly values: ReadonlyMap<string, Value>
  readonly settings: ProfileSettings
  /** All profiles of both files. */
  readonly all: ReadonlyMap<string, ProfileSettings>
  readonly inBothFiles: boolean
}

/** Why a profile of this kind has nothing that Keyturn could rotate. */
export function reasonFor(kind: Exclude<Profile['kind'], 'access-key' | 'ignored'>, place: Place): Trouble {
  const { name, settings } = place
  const unused = pairUnused(place)
  switch (kind) {
    case 'temporary':
      return {
        name: 'temporary-credentials',
        title: 'Temporary credentials',
        detail: `[${name}] holds a session token or an ASIA… key: these expire by themselves, there is nothing to rotate.`,
        remedy: 'Renew them with the tool that wrote them.',
      }
    case 'sso':
      return settings.values['login_session']
        ? {
            name: 'sso-profile',
            title: 'Signs in with the console’s login',
            detail: `[${name}] gets short-lived credentials by signing in (login_session): it has no key to rotate.`,
            ...unused,
          }
        : {
            name: 'sso-profile',
            title: 'Signs in with SSO',
            detail: `[${name}] gets short-lived credentials by signing in: it has no key to rotate.`,
            ...unused,
          }
    case 'assume-role':
      return roleReason(place, unused)
    case 'web-identity':
      return {
        name: 'web-identity-profile',
        title: 'Uses a web identity',
        detail: `[${name}] exchanges a token for short-lived credentials: it has no key to rotate.`,
        ...unused,
      }
    case 'process':
      return {
        name: 'process-profile',
        title: 'Asks another program',
        detail: `[${name}] gets its credentials from credential_process: that program holds the key.`,
        ...unused,
      }
    case 'incomplete':
      return incompleteReason(place)
  }
}

function pairUnused({ values }: Place): Pick<Trouble, 'remedy'> {
  return values.has(idKey) && values.has(secretKey)
    ? {
        remedy: `Its section also holds an access key. If that key is still needed, move it to a profile of its own; Keyturn can rotate it there.`,
      }
    : {}
}

/** What the AWS CLI does with the role: where it names no source that can be used, it refuses the profile. */
function roleReason({ name, settings, all, values }: Place, unused: Pick<Trouble, 'remedy'>): Trouble {
  const { role_arn: role = '', source_profile: source, credential_source: place } = settings.values
  const both = values.has(idKey) && values.has(secretKey)
  const broken = (title: string, what: string, remedy: string): Trouble => ({
    name: 'role-without-source',
    title,
    detail: `[${name}] names the role ${role}, ${what}. The AWS CLI and boto3 refuse such a profile${both ? '; other tools use the pair in its section' : ''}.`,
    remedy,
  })
  const orPair = both ? ', or remove role_arn if the pair is meant: then it can be rotated' : ''
  if (source && place)
    return broken(
      'A role with two sources',
      'and both source_profile and credential_source',
      `Remove one of the two${orPair}.`,
    )
  if (!source && !place)
    return broken(
      'A role without a source',
      'but no source: neither source_profile nor credential_source',
      `Name the profile whose key it uses: source_profile = …${orPair}.`,
    )
  if (source && source !== name && !all.has(source))
    return broken(
      'A role whose source is not there',
      `and the source profile [${source}], which is in neither file`,
      `Name a profile that is there as source_profile${orPair}.`,
    )
  if (source && leadsNowhere(name, all))
    return broken(
      'A role without a source',
      'and the source profiles lead in a circle',
      'Let one of them hold a pair, or name another source.',
    )
  return {
    name: 'role-profile',
    title: 'Assumes a role',
    detail: source
      ? `[${name}] uses the role ${role}: rotate the key of its source profile [${source}] instead.`
      : `[${name}] uses the role ${role} with what ${place} gives: it has no key to rotate.`,
    ...unused,
  }
}

function leadsNowhere(start: string, all: ReadonlyMap<string, ProfileSettings>): boolean {
  const seen = new Set<string>()
  for (let at: string | undefined = start; at !== undefined;) {
    if (seen.has(at)) return true
    seen.add(at)
    const values: ProfileSettings['values'] = all.get(at)?.values ?? {}
    const next: string | undefined = values['role_arn'] ? values['source_profile'] : undefined
    // A role that names itself uses its own pair.
    if (next === at) return !(values[idKey] && at !== start)
    at = next
  }
  return false
}

function incompleteReason(place: Place): Trouble {
  const { name, path, document, section, values, inBothFiles } = place
  const id = values.get(idKey)
  const misnamed = section.entries.map((entry) => nearMiss(document, entry)).find(Boolean)
  if (misnamed) {
    const { line, what, fix } = misnamed.cure
    return {
      name: 'misnamed-key',
      title: `Line ${line}: ${what}`,
      detail: `${path}, line ${line}: ${what}. For every tool [${name}] lacks ${misnamed.means}.`,
      remedy: fix,
    }
  }
  if (typeof id === 'string' && id !== '' && parseKeyId(id) === undefined) return notAKeyId(place, id)
  const half = values.has(idKey) ? idKey : values.has(secretKey) ? secretKey : undefined
  if (!half)
    return {
      name: 'no-credentials',
      title: 'No credentials',
      detail: `[${name}] has settings but no access key.`,
    }
  return {
    name: 'incomplete-pair',
    title: 'Half a pair',
    detail: inBothFiles
      ? `[${name}] has its key id in one file and its secret in the other: the AWS CLI does not accept that.`
      : `[${name}] has ${half} but not the other half of the pair, or one of the two is empty.`,
    remedy: `Write ${idKey} and ${secretKey} into the same section of the same file.`,
  }
}

/** What fills the id's place in templates, password managers, masks and empty variables. */
const placeholder =
  /^(none|null|nil|undefined|n\/a|empty|todo|changeme|change_me|test|dummy|fake|foo|bar|x+|\.+|-+)$|[<>{}$%]|\*{2,}|^\w+:\/\/|your|example_|access.?key|^AKIA[xX.…]+$/i

/** The value is told by what it is, never by itself: it may be the secret. */
function notAKeyId({ name, path, document, section, values }: Place, id: string): Trouble {
  const line = lineOf(document, section, idKey)
  const at = `${path}, line ${line}: ${idKey} of [${name}]`
  const secret = values.get(secretKey)
  const unsent = 'The value is not shown, and nothing is sent.'
  if (typeof secret === 'string' && parseKeyId(secret) !== undefined)
    return {
      name: 'id-and-secret-swapped',
      title: 'Id and secret are the wrong way round',
      detail: `${at} holds the secret, and ${secretKey} the key id: id and secret are the wrong way round. ${unsent}`,
      remedy: `Exchange the two values: the one that begins with AKIA belongs to ${idKey}.`,
    }
  const hidden = invisibleIn(id)
  if (hidden !== undefined && parseKeyId(withoutInvisible(id)) !== undefined)
    return {
      name: 'not-a-key-id',
      title: `Line ${line}: ${hidden} in the key id`,
      detail: `${at} has ${hidden} in it: no tool can use it. ${unsent}`,
      remedy: `Type the key id on line ${line} anew.`,
    }
  if (parseKeyId(id.replace(/^[“”„‘’‚«»`]+|[“”„‘’‚«»`]+$/g, '')) !== undefined)
    return {
      name: 'not-a-key-id',
      title: `Line ${line}: the key id is in quotes`,
      detail: `${at} is in typographic quotes: tools take them for a part of the value. ${unsent}`,
      remedy: `Remove the quotes around the values of [${name}].`,
    }
  if (/^[A-Za-z0-9/+=]{40}$/.test(id))
    return {
      name: 'not-a-key-id',
      title: 'A secret in the place of the key id',
      detail: `${at} looks like a secret access key. ${unsent}`,
      remedy: `Write the key id there (AKIA and 16 letters and digits), and the secret as ${secretKey}.`,
    }
  if (placeholder.test(id))
    return {
      name: 'placeholder-key-id',
      title: 'A placeholder, not a key id',
      detail: `${at} is a placeholder, not a key id. ${unsent}`,
      remedy: `Write the key id there, or remove the profile's two lines if nothing uses it.`,
    }
  return {
    name: 'not-a-key-id',
    title: 'Not a key id',
    detail: `${at} cannot be a key id of AWS's. ${unsent}`,
    remedy: `Copy the key id once more: AKIA and 16 letters and digits.`,
  }
}

/** A token that was left when the pair was replaced by a long-term one: every tool sends it along, and AWS refuses. */
export function leftOverToken({ name, path, document, section }: Place): Trouble {
  const key = section.entries.some((entry) => entry.key === 'aws_session_token')
    ? 'aws_session_token'
    : 'aws_security_token'
  const line = lineOf(document, section, key)
  return {
    name: 'left-over-token',
    title: `Line ${line}: a left-over ${key}`,
    detail: `${path}, line ${line}: [${name}] holds a long-term key (AKIA…) and a session token of some earlier one. Tools send both, and AWS refuses that.`,
    remedy: `Remove ${key} on line ${line}; then it can be rotated.`,
  }
}

/** A pair in a section that is no profile. */
export function ignoredReason(path: string, header: string, line: number, isConfig: boolean): Trouble {
  const known = header.startsWith('profile') && isConfig
  const name =
    header
      .replace(/^profile\s*/, '')
      .replace(/['"\\]/g, '')
      .replace(/[^A-Za-z0-9_\-./%@:+]+/g, '-') || 'name'
  const plain = header === 'DEFAULT' ? 'default' : name
  const wanted = isConfig && plain !== 'default' ? `[profile ${plain}]` : `[${plain}]`
  return {
    name: 'section-ignored',
    title: known ? 'Ignored by every tool but Go’s SDK' : 'Ignored by every tool',
    detail: `${path}, line ${line}: [${header}] is no profile for the AWS CLI and the SDKs${known ? ', save the one for Go' : ''}. The pair in it is not used, and its key is not rotated.`,
    remedy: `If it is used, write ${wanted} on line ${line}; else remove the section, and delete its key in AWS.`,
  }
}

function lineOf(document: IniDocument, section: Section, key: string): number {
  const entry: Entry | undefined = document.entry(section.name, key) ?? document.entry('DEFAULT', key)
  return entry?.line ?? section.line
}
