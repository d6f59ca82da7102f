import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { readSharedConfig } from '../../server/aws/sharedConfigReader.ts'
import { profileOf } from '../../server/profiles/ini/profileNames.ts'
import type { Reading } from '../../server/profiles/agreement/reading.ts'
import { disagreement, generateCases } from '../../server/profiles/testing/differential.ts'
import type { Case, Seen } from '../../server/profiles/testing/differential.ts'

export interface DifferentialResult {
  readonly files: number
  readonly writable: number
  /** Of the writable ones: botocore did not read the new pair, or read something else differently. */
  readonly disagreements: readonly string[]
  /** Of all: our document and botocore do not give the same values, or not the same refusal. */
  readonly misreadings: readonly string[]
}

/**
 * What botocore reads, in one process, before and after what Keyturn would write.
 * @param python a Python with botocore: that of the suite's virtual environment
 */
export async function runDifferential(
  python: string,
  { files = 2_000, seed = 20_261_123 } = {},
): Promise<DifferentialResult> {
  const script = fileURLToPath(new URL('botocore_readings.py', import.meta.url))
  const child = spawn(python, [script], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, PYTHONUTF8: '1' },
  })
  const ended = once(child, 'close')
  const replies = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const read = async (which: Case['which'], bytes: Buffer): Promise<Seen> => {
    child.stdin.write(`${JSON.stringify({ which, bytes: bytes.toString('base64') })}\n`)
    const { value, done } = await replies.next()
    if (done) throw new Error('the Python process ended early')
    return JSON.parse(value) as Seen
  }

  const disagreements: string[] = []
  const misreadings: string[] = []
  let writable = 0
  for await (const { which, before, write } of generateCases(files, seed, readSharedConfig)) {
    const { bytes } = before.document
    const seen = await read(which, bytes)
    const misread = misreading(before, seen)
    if (misread) misreadings.push(`${misread} ${JSON.stringify(bytes.toString())}`)
    if (!write) continue
    writable++
    const wrong = disagreement(seen, await read(which, write.bytes), write.profile, write.pair)
    if (wrong) disagreements.push(`${wrong} ${JSON.stringify(bytes.toString())}`)
  }
  child.stdin.end()
  await ended
  return { files, writable, disagreements, misreadings }
}

/** Our document promises botocore's own values, and a fault wherever botocore refuses the file. */
function misreading({ document, which }: Reading, seen: Seen): string | undefined {
  const refused = document.faults.length > 0
  if ('error' in seen || refused)
    return 'error' in seen === refused ? undefined : `refused by ${refused ? 'us' : 'botocore'} alone`
  const ours: Record<string, unknown> = Object.create(null)
  for (const section of document.sections) {
    const name = profileOf(which, section.name)
    if (name === undefined) continue
    const values = Object.create(null) as Record<string, unknown>
    for (const [key, value] of document.values(section.name))
      values[key] = typeof value === 'string' ? value : Object.fromEntries(value)
    ours[name] = values
  }
  const theirs = Object.fromEntries(
    Object.entries(seen.sections).filter(([name]) => !name.startsWith('other ')),
  )
  return stable(ours) === stable(theirs) ? undefined : 'read differently'
}

function stable(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner !== null && typeof inner === 'object'
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { files, writable, disagreements, misreadings } = await runDifferential(
    process.argv[2] ?? 'python3',
    {
      ...(process.argv[3] && { files: Number(process.argv[3]) }),
      ...(process.argv[4] && { seed: Number(process.argv[4]) }),
    },
  )
  console.log(
    `differential (botocore): ${files} files, ${writable} writable, ${disagreements.length} disagreements, ${misreadings.length} misreadings`,
  )
  for (const line of [...disagreements, ...misreadings].slice(0, 20)) console.log(line)
  if (disagreements.length > 0 || misreadings.length > 0 || writable < files / 4) process.exitCode = 1
}
