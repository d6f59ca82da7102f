import { parentPort, workerData } from 'node:worker_threads'
import { type FoundFile, type Job, type Passed, Walker, type WalkReport, type WalkSetup } from './walker.ts'

/** How long a thread works before it reports and shares what is left, in milliseconds. */
const sliceMs = 25

const walker = new Walker(workerData as WalkSetup)

parentPort?.on('message', (jobs: readonly Job[]) => parentPort?.postMessage(workOn(jobs)))

/** As much as a slice of time allows; the rest goes back to be shared among the threads. */
function workOn(jobs: readonly Job[]): WalkReport {
  const next = [...jobs]
  const found: FoundFile[] = []
  const passed: Passed[] = []
  const until = performance.now() + sliceMs
  let files = 0
  let bytes = 0
  do {
    const job = next.pop()
    if (!job) break
    const report = walker.do(job)
    files += report.files
    bytes += report.bytes
    found.push(...report.found)
    passed.push(...report.passed)
    next.push(...report.next)
  } while (performance.now() < until)
  return { files, bytes, found, passed, next }
}
