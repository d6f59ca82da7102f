import fs from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { readSharedConfig } from '../../server/aws/sharedConfigReader.ts'
import { systemClock } from '../../server/platform/clock.ts'
import { Secret } from '../../server/profiles/keyPair.ts'
import type { KeyPair } from '../../server/profiles/keyPair.ts'
import { locateFiles } from '../../server/profiles/locations.ts'
import { createProfileStore } from '../../server/profiles/store/store.ts'
import { Journal } from '../../server/rotation/journal.ts'
import { section } from '../stage.ts'
import type { Group } from './group.ts'
import type { Report } from './report.ts'
import { median, repeat, timed } from './statistics.ts'

const profiles = 5_000
const pending = 200

export const files: Group = {
  name: 'files',
  about: 'reading, saving and journaling, in the process of the bench',
  async measure(report) {
    const root = await fs.mkdtemp(path.join(tmpdir(), 'keyturn-bench-'))
    try {
      await reading(report, root)
      await saving(report, root)
      await journaling(report, root)
    } finally {
      await fs.rm(root, { recursive: true, force: true })
    }
  },
}

const pairOf = (kind: string, at: number): KeyPair => ({
  id: `AKIA${kind}${at.toString().padStart(13, '0')}`,
  secret: new Secret(`${kind}${at}`.padStart(40, 'x')),
})

function credentialsOf(count: number): string {
  return Array.from({ length: count }, (_, at) => {
    const { id, secret } = pairOf('OLD', at)
    return section(`team-${at}`, { id, secret: secret.reveal() }, 'region = eu-central-1\n')
  }).join('\n')
}

function storeOf(credentials: string) {
  return createProfileStore({
    locations: locateFiles({
      flags: { credentials, config: `${credentials}-config` },
      env: {},
      home: tmpdir(),
      cwd: tmpdir(),
    }),
    reader: readSharedConfig,
    clock: systemClock,
  })
}

async function reading(report: Report, root: string): Promise<void> {
  const file = path.join(root, 'many')
  await fs.writeFile(file, credentialsOf(profiles), { mode: 0o600 })
  // A file that was written just now is read twice.
  await fs.utimes(file, new Date(0), new Date(0))
  const times = await repeat(9, async () => {
    const { result, ms } = await timed(() => storeOf(file).read())
    if (result.profiles.filter(({ rotatable }) => rotatable).length !== profiles)
      throw new Error('not all were read')
    return ms
  })
  report.add({
    what: `${profiles.toLocaleString('en')} profiles read by three readers and classified, median of 9`,
    value: median(times),
    unit: 'ms',
    atMost: 150,
  })
}

async function saving(report: Report, root: string): Promise<void> {
  const file = path.join(root, 'saved')
  await fs.writeFile(file, credentialsOf(pending), { mode: 0o600 })
  const store = storeOf(file)
  const from = Array.from({ length: pending }, (_, at) => pairOf('OLD', at))
  const { calls, ms } = await counted(fs, 'rename', () =>
    Promise.all(
      from.map((pair, at) =>
        store.swap([{ file: 'credentials', profile: `team-${at}`, from: pair, to: pairOf('NEW', at) }]),
      ),
    ),
  )
  await store.release()
  const renamed = calls.filter(([, to]) => to === file).length
  report.add({
    what: `rewrites of the file for ${pending} saves that wait`,
    value: renamed,
    unit: '',
    atMost: 2,
  })
  report.add({ what: '  until the last is durable', value: ms, unit: 'ms' })
}

async function journaling(report: Report, root: string): Promise<void> {
  const journal = await Journal.create(root, {
    version: 1,
    run: 'bench',
    kind: 'rotate',
    at: new Date().toISOString(),
    oldKey: 'deactivate',
    rotations: [],
  })
  const probe = await fs.open(path.join(root, 'bench.jsonl'))
  const handles = Object.getPrototypeOf(probe) as FileHandle
  await probe.close()
  const { calls, ms } = await counted(handles, 'sync', () =>
    Promise.all(
      Array.from({ length: pending }, (_, at) =>
        journal.append(`${at}`, { at: new Date().toISOString(), phase: 'started', step: 'create' }),
      ),
    ),
  )
  await journal.close()
  report.add({
    what: `fsyncs for ${pending} journal entries that wait`,
    value: calls.length,
    unit: '',
    atMost: 2,
  })
  report.add({ what: '  until the last is durable', value: ms, unit: 'ms' })
}

/** Counts the calls of one method while `act` lasts. */
async function counted<Name extends string>(
  target: Record<Name, (...args: never[]) => unknown>,
  name: Name,
  act: () => Promise<unknown>,
): Promise<{ calls: unknown[][]; ms: number }> {
  const real = target[name]
  const calls: unknown[][] = []
  target[name] = function (this: unknown, ...args: never[]) {
    calls.push(args)
    return real.apply(this, args)
  }
  try {
    const { ms } = await timed(act)
    return { calls, ms }
  } finally {
    target[name] = real
  }
}
