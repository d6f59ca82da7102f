import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import type { Recorded, Report } from './report.ts'
import { shown } from './report.ts'

const file = new URL('FIGURES.md', import.meta.url)
const [begin, end] = ['<!-- figures: begin -->', '<!-- figures: end -->']

/** Puts the figures in the place of those that FIGURES.md holds, formatted; what is written around them stays. */
export async function writeFigures(report: Report, machine: string, now: Date): Promise<void> {
  const text = readFileSync(file, 'utf8')
  const [before, rest = ''] = text.split(begin)
  const [, after] = rest.split(end)
  if (after === undefined) throw new Error('FIGURES.md has no place for figures')
  const groups = [...new Set(report.figures.map(({ group }) => group))]
  const tables = groups.map((group) =>
    table(
      group,
      report.figures.filter((figure) => figure.group === group),
    ),
  )
  const plot = '![Time, floor and memory by the number of keys](scaling.svg)'
  const head = `\`npm run bench -- --write\` on ${now.toISOString().slice(0, 10)}; ${machine}.`
  const filled = `${before}${begin}\n\n${[head, plot, ...tables].join('\n\n')}\n\n${end}${after}`
  const filepath = fileURLToPath(file)
  writeFileSync(file, await format(filled, { ...(await resolveConfig(filepath)), filepath }))
}

function table(group: string, figures: readonly Recorded[]): string {
  const rows = figures.map(({ what, value, unit, atMost, atLeast, met }) => {
    const limit = atMost !== undefined ? `≤ ${atMost}` : atLeast !== undefined ? `≥ ${atLeast}` : ''
    const judged = met === undefined ? limit : `${limit} ${met ? 'met' : '**missed**'}`
    const indented = what.startsWith('  ') ? `· ${what.trim()}` : what
    return `| ${indented} | ${shown(value)} ${unit} | ${judged} |`.replaceAll('  ', ' ')
  })
  return [`### ${group}`, '', '| figure | | limit |', '| --- | ---: | --- |', ...rows].join('\n')
}
