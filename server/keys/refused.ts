import type { Finding } from './ports.ts'

/** Pure: keys that AWS refused when it was last asked, or lists as turned off: nobody can use them as they are. */
export function refusedKeys(findings: readonly Finding[]): ReadonlySet<string> {
  return new Set(
    findings
      .filter(({ problem, status }) => problem?.name === 'invalid-key' || (!problem && status === 'Inactive'))
      .map(({ id }) => id),
  )
}
