import type { Finding } from './ports.ts'

export interface Naming {
  /** Ids that the files hold, and those of runs that are open. */
  readonly ids: ReadonlySet<string>
  /** How long a finding stays whose user nobody has listed since, in days. */
  readonly days: number
  /** Milliseconds since the epoch. */
  readonly now: number
}

/**
 * Pure: the findings of keys that no file, no open run and no list of their user names any more. What a newer list of the
 * same user lacks is deleted at AWS and never comes back.
 */
export function unnamed(findings: readonly Finding[], { ids, days, now }: Naming): string[] {
  const lists = newestLists(findings.filter(({ id }) => ids.has(id)))
  return findings.flatMap((finding) => {
    const { id, asOf, user } = finding
    if (ids.has(id)) return []
    const list = user && lists.get(user.arn)
    if (list?.siblings.some((sibling) => sibling.id === id)) return []
    const isGone = list !== undefined && list.asOf > asOf
    return isGone || now - Date.parse(asOf) > days * 86_400_000 ? [id] : []
  })
}

/** By the user's ARN; one that IAM's list did not tell of is none. */
function newestLists(findings: readonly Finding[]): ReadonlyMap<string, Finding> {
  const lists = new Map<string, Finding>()
  for (const finding of findings) {
    if (!finding.user || finding.status === undefined) continue
    const known = lists.get(finding.user.arn)
    if (!known || known.asOf < finding.asOf) lists.set(finding.user.arn, finding)
  }
  return lists
}
