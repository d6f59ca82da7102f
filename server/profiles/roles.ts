import type { ProfileSettings } from './ports.ts'

/** For each profile, the role profiles whose `source_profile` chain ends there. */
export function roleUsers(
  settings: ReadonlyMap<string, ProfileSettings>,
): ReadonlyMap<string, readonly string[]> {
  const users = new Map<string, string[]>()
  const ends = new Map<string, string | undefined>()
  for (const [name, { values }] of settings) {
    if (!values['role_arn'] || !values['source_profile']) continue
    const end = chainEnd(name, settings, ends)
    if (end === undefined) continue
    const known = users.get(end)
    if (known) known.push(name)
    else users.set(end, [name])
  }
  return users
}

/** Where the chain ends; undefined where it leads to no profile or in a circle. Each profile is walked once. */
function chainEnd(
  start: string,
  settings: ReadonlyMap<string, ProfileSettings>,
  ends: Map<string, string | undefined>,
): string | undefined {
  const path = new Set<string>()
  let at = start
  let end: string | undefined
  for (;;) {
    if (ends.has(at)) {
      end = ends.get(at)
      break
    }
    if (path.has(at)) break
    path.add(at)
    const values = settings.get(at)?.values
    const source = values?.['role_arn'] ? values['source_profile'] : undefined
    if (!values) break
    if (!source || source === at) {
      end = at
      break
    }
    at = source
  }
  for (const name of path) ends.set(name, end)
  return end
}
