import type { Profile } from '../api/inventory.ts'
import type { Trouble } from '../api/problem.ts'
import { idKey, secretKey } from './agreement.ts'
import type { Value } from './document.ts'
import type { ProfileSettings } from './ports.ts'

/** Why a profile of this kind has nothing that Keyturn could rotate. */
export function reasonFor(
  kind: Exclude<Profile['kind'], 'access-key'>,
  name: string,
  settings: ProfileSettings,
  values: ReadonlyMap<string, Value>,
  inBothFiles: boolean,
): Trouble {
  const both = values.has(idKey) && values.has(secretKey)
  const unused = both
    ? {
        remedy: `Its section also holds an access key. If that key is still needed, move it to a profile of its own; Keyturn can rotate it there.`,
      }
    : {}
  switch (kind) {
    case 'temporary':
      return {
        name: 'temporary-credentials',
        title: 'Temporary credentials',
        detail: `[${name}] holds a session token or an ASIA… key: these expire by themselves, there is nothing to rotate.`,
        remedy: 'Renew them with the tool that wrote them.',
      }
    case 'sso':
      return {
        name: 'sso-profile',
        title: 'Signs in with SSO',
        detail: `[${name}] gets short-lived credentials by signing in: it has no key to rotate.`,
        ...unused,
      }
    case 'assume-role':
      return {
        name: 'role-profile',
        title: 'Assumes a role',
        detail: `[${name}] uses the role ${settings.values['role_arn'] ?? ''}: rotate the key of its source profile instead.`,
        ...unused,
      }
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
    case 'incomplete': {
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
  }
}
