import type { Trouble } from '../api/problem.ts'
import type { HeldKey } from './ports.ts'

/**
 * What in the environment stands before the files for other programs started from the same shell: said plainly, since a rotation
 * changes the files and not what those programs have.
 *
 * @param env may hold an empty value where a secret was set
 */
export function environmentNotices(
  env: Readonly<Record<string, string | undefined>>,
  held: readonly HeldKey[],
): Trouble[] {
  const notices: Trouble[] = []
  const id = env.AWS_ACCESS_KEY_ID
  if (id) {
    const own = held.find((key) => key.id === id)
    const profiles = own?.profiles.map(({ name }) => `[${name}]`).join(', ')
    notices.push({
      name: 'environment-key',
      title: 'The environment holds an access key',
      detail: own
        ? `AWS_ACCESS_KEY_ID holds ****${id.slice(-4)}, the key of ${profiles}. Programs started from that shell use it instead of the files, and a rotation does not change it there.`
        : `AWS_ACCESS_KEY_ID holds ****${id.slice(-4)}, which no profile holds. Programs started from that shell use it instead of the files. Keyturn does not touch it.`,
      remedy: own
        ? 'Unset AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY there, or they fail once the old key is off.'
        : 'Unset AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY if the files are meant to be used.',
    })
  }
  // botocore lets AWS_DEFAULT_PROFILE go before AWS_PROFILE; the JavaScript SDK knows only the latter.
  const name = ['AWS_PROFILE', 'AWS_DEFAULT_PROFILE'].find((each) => env[each])
  const profile = name && env[name]
  if (name && profile && profile !== 'default') {
    notices.push({
      name: 'environment-profile',
      title: `${name} chooses [${profile}]`,
      detail: `Programs started from that shell use [${profile}] where they name no profile. Keyturn shows and rotates all profiles alike.`,
    })
  }
  return notices
}
