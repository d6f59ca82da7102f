import type { PlanLine } from '../../server/api/plan.ts'

export interface Section {
  path: string
  profile: string
  lines: PlanLine[]
}

/** The lines that change, gathered by the profile they stand in, each profile's in the order of the file. */
export function sectionsOf(lines: readonly PlanLine[]): Section[] {
  const sections = new Map<string, Section>()
  for (const line of lines) {
    const name = `${line.path}\n${line.profile}`
    const known = sections.get(name)
    if (known) known.lines.push(line)
    else sections.set(name, { path: line.path, profile: line.profile, lines: [line] })
  }
  for (const section of sections.values()) section.lines.sort((a, b) => a.line - b.line)
  return [...sections.values()]
}
