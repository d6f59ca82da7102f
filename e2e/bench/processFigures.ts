import { readFileSync } from 'node:fs'

/** What a tick of /proc lasts; USER_HZ is 100 on every Linux that Node runs on. */
const tickMs = 10

/** Processor time that a process has used, in milliseconds; NaN where the system has no /proc. */
export function cpuMs(pid: number | undefined): number {
  const text = read(`/proc/${pid}/stat`)
  if (text === undefined) return Number.NaN
  // The name of the program, in brackets, may hold blanks.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * tickMs
}

/** Most memory that a process has held at once, in MiB; NaN where the system has no /proc. */
export function peakMemoryMiB(pid: number | undefined): number {
  const text = read(`/proc/${pid}/status`) ?? ''
  return Number(/VmHWM:\s+(\d+)/.exec(text)?.[1] ?? Number.NaN) / 1024
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
