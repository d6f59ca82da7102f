// `npm run test:walks`: random walks of people, programs, machines and AWS over the real engine, on every core.
//   --walks N     so many in all (2000)
//   --minutes M   as many as so many minutes hold, instead
//   --seed N      those that this seed draws: again, or others (1)
//   --workers N   so many processes (one a core)
//   --survey      all counter-examples, each in one line and not shrunk
import { fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    walks: { type: 'string' },
    minutes: { type: 'string' },
    seed: { type: 'string', default: '1' },
    workers: { type: 'string', default: String(availableParallelism()) },
    survey: { type: 'boolean', default: false },
  },
})
const workers = Number(values.workers)
const share = Math.ceil(Number(values.walks ?? 2000) / workers)
const main = fileURLToPath(new URL('main.ts', import.meta.url))
const started = performance.now()
const played = await Promise.all(
  Array.from({ length: workers }, (_, index) => {
    // Far enough apart that no two of them draw the same.
    const seed = Number(values.seed) + index * 1_000_000
    const args = ['--seed', String(seed), ...(values.survey ? ['--survey'] : [])]
    args.push(...(values.minutes === undefined ? ['--walks', String(share)] : ['--minutes', values.minutes]))
    const child = fork(main, args, { execArgv: ['--import', 'tsx'] })
    const sum = { walks: 0, acts: 0, failed: true }
    child.on('message', ({ walks, acts }) => Object.assign(sum, { walks, acts }))
    return new Promise((resolve) => child.on('exit', (code) => resolve({ ...sum, failed: code !== 0 })))
  }),
)
const sum = (name) => played.reduce((total, each) => total + each[name], 0)
const seconds = Math.round((performance.now() - started) / 1000)
console.log(
  `${sum('walks')} walks of ${sum('acts')} acts in ${seconds} s, seed ${values.seed}, ${workers} processes`,
)
process.exit(played.some(({ failed }) => failed) ? 1 : 0)
