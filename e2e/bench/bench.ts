import { availableParallelism, cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { writeFigures } from './figuresFile.ts'
import { groups } from './groups.ts'
import { Report } from './report.ts'

const usage = `npm run bench -- [--only NAME]… [--check] [--json] [--full] [--write]

  --only NAME  one group of figures: ${groups.map(({ name }) => name).join(', ')}
  --check      exit 1 where a limit is missed
  --json       one JSON document on standard output, the table on standard error
  --full       also what takes ten minutes and more
  --write      put the figures and the plot into e2e/bench/FIGURES.md; not with --only
`

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    check: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const unknown = values.only.find((name) => !groups.some((group) => group.name === name))
// What FIGURES.md holds is of one run: a part of it would take the place of the whole.
const partial = values.write && values.only.length > 0
if (values.help || unknown !== undefined || partial) {
  process.stderr.write(usage)
  process.exit(values.help ? 0 : 2)
}

const output = values.json ? process.stderr : process.stdout
const say = (line: string) => void output.write(`${line}\n`)
const machine = {
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
  processor: cpus()[0]?.model ?? 'unknown',
  processors: availableParallelism(),
  memoryGiB: Math.round(totalmem() / 2 ** 30),
}
const machineLine = `Node ${machine.node}, ${machine.platform}, ${machine.processors} × ${machine.processor}, ${machine.memoryGiB} GiB`
say(machineLine)

const report = new Report(say)
for (const group of groups) {
  if (values.only.length > 0 && !values.only.includes(group.name)) continue
  report.begin(group.name, group.about)
  await group.measure(report, values)
}
if (report.missed.length > 0)
  say(`\n${report.missed.length} missed: ${report.missed.map(({ what }) => what).join('; ')}`)
if (values.write) await writeFigures(report, machineLine, new Date())
if (values.json) process.stdout.write(`${JSON.stringify({ machine, figures: report.figures }, null, 2)}\n`)
process.exitCode = values.check && report.missed.length > 0 ? 1 : 0
