import type { OldKey } from '../api/inventory.ts'
import { count, short, when } from './wording.ts'

/** What would be done with old keys; first what something still uses. */
export function tidyText(over: readonly OldKey[], quiet: readonly OldKey[], now: number): string {
  const lines: string[] = []
  const section = (title: string, keys: readonly OldKey[], fact: (key: OldKey) => string) => {
    if (keys.length > 0) lines.push(title, ...keys.map((key) => `  ${whose(key)}  ${fact(key)}`))
  }
  const used = over.filter(({ usedSince }) => usedSince)
  section(
    `Something still uses ${count(used.length, 'old key')}, whose grace is over:`,
    used,
    ({ lastUsed }) =>
      `last used ${when(lastUsed?.at ?? '', now)}${lastUsed?.service ? `, for ${lastUsed.service}` : ''}`,
  )
  section(
    `Will turn off ${count(over.length, 'old key')}:`,
    over,
    ({ keptUntil = '', id }) =>
      `kept until ${keptUntil.slice(0, 10)}; to turn it on again: keyturn old --reactivate ${id}`,
  )
  section(
    `Will delete ${count(quiet.length, 'old key')} for good:`,
    quiet,
    ({ retiredAt }) =>
      `off${retiredAt === undefined ? '' : ` since ${retiredAt.slice(0, 10)}`}, unused since`,
  )
  return lines.join('\n')
}

function whose({ id, user }: OldKey): string {
  return `${short(id)}${user ? `  of ${user.name}` : ''}`
}
