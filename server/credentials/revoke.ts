/** AWS's own name for it; where that is taken by something else, ours. */
export const revokeNames = ['AWSRevokeOlderSessions', 'AWSRevokeOlderSessions-Keyturn'] as const
/** The longest life of a session that a key makes: GetSessionToken and GetFederationToken. */
export const longestSessionMs = 36 * 3_600_000

/**
 * Denies every session issued before the cut. A long-term key's request has no `aws:TokenIssueTime`, so that the condition is
 * false for it; with `IfExists` it would be denied as well.
 */
export function revokePolicy(cut: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: { DateLessThan: { 'aws:TokenIssueTime': cut } },
      },
    ],
  })
}

/** The cut of a policy of exactly this form, be it AWS's console's or ours; undefined: it is another policy. */
export function cutOf(document: string): string | undefined {
  try {
    const policy = JSON.parse(document) as {
      readonly Statement?: unknown
    }
    const [statement, ...more] = [policy.Statement ?? []].flat() as Record<string, unknown>[]
    const { Condition, ...rest } = statement ?? {}
    const cut = (Condition as { DateLessThan?: Record<string, unknown> } | undefined)?.DateLessThan?.[
      'aws:TokenIssueTime'
    ]
    if (more.length > 0 || typeof cut !== 'string' || !Number.isFinite(Date.parse(cut))) return undefined
    const plain = JSON.stringify([rest['Effect'], [rest['Action']].flat(), [rest['Resource']].flat()])
    const onlyThat =
      JSON.stringify(Condition) === JSON.stringify({ DateLessThan: { 'aws:TokenIssueTime': cut } })
    return plain === '["Deny",["*"],["*"]]' && onlyThat ? cut : undefined
  } catch {
    return undefined
  }
}

/** The whole second after an instant by AWS's clock, as policies write it. @param at milliseconds since the epoch */
export function cutAfter(at: number): string {
  return new Date((Math.floor(at / 1000) + 1) * 1000).toISOString().replace('.000Z', 'Z')
}

/** From then on nothing older than the cut can live. */
export const overAt = (cut: string): number => Date.parse(cut) + longestSessionMs
