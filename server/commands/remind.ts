import { execFile } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { openToLook } from '../engine/engine.ts'
import { makeDirectory, writeAtomic } from '../platform/atomicFile.ts'
import { Failure } from '../platform/failure.ts'
import { quietDirectory } from '../platform/programs.ts'
import { confirmed } from './command.ts'
import type { Command, Ended } from './command.ts'
import { exit } from './exitCodes.ts'
import { givenWords, hint } from './hints.ts'
import { lastingWords, startOfThis } from './invocation.ts'
import { shellWords } from './shellWords.ts'
import { ownMark, timerOf, type Timer } from './timerUnits.ts'
import { unitDiff } from './unitDiff.ts'
import { withFiles } from './withFiles.ts'

const patienceMs = 30_000

/** `keyturn remind`: a timer of this system that rotates what is overdue, shown first; or takes that timer away again. */
export async function remind(command: Command): Promise<Ended> {
  const looking = await openToLook(command.options, command.env)
  try {
    const days = command.options.olderThanDays ?? looking.settings.get().agePolicyDays
    return await withFiles(looking, command, () => remindWith(command, days))
  } finally {
    await looking.close()
  }
}

async function remindWith(command: Command, days: number): Promise<Ended> {
  const { options, terminal } = command
  const remove = options.remind?.remove === true
  const timer = timerHere(command, days)
  const found = await Promise.all(
    timer.units.map(async (unit) => ({ ...unit, before: await textOf(unit.path) })),
  )
  const foreign = found.find(({ before }) => before !== undefined && !before.includes(ownMark))
  if (foreign) throw new Failure(notOurs(foreign.path))
  if (remove && found.every(({ before }) => before === undefined)) throw new Failure(noReminder)
  const changes = found.map((unit) => ({ ...unit, text: remove ? undefined : unit.text }))
  for (const { path: file, before, text } of changes) {
    const diff = unitDiff(before, text)
    terminal.print(`${diff.length === 0 ? 'Stays' : text === undefined ? 'Deletes' : 'Writes'} ${file}`)
    for (const line of diff) terminal.print(`    ${line}`)
  }
  const runs = remove ? [...timer.stop, ...timer.after] : timer.start
  for (const words of runs) terminal.print(`Runs ${shellWords(words, process.platform)}`)
  const document = { timer: { remove, days, files: changes.map(({ path: file }) => file), runs } }
  if (options.dryRun) {
    terminal.print('A dry run: nothing was changed.')
    return { code: exit.ok, document: { ...document, done: false } }
  }
  await refuseWithoutService(timer)
  if (!options.yes) await confirmed(command, remove ? 'Take the timer away?' : 'Write and start it?')
  await (remove ? takeAway(timer) : putUp(timer, found))
  terminal.print(
    remove
      ? 'The timer is gone.'
      : `Looks every Monday at 10. To take it away: ${hint('keyturn remind --remove')}`,
  )
  return { code: exit.ok, document: { ...document, done: true } }
}

function timerHere({ options, env }: Command, days: number): Timer {
  const start = startOfThis(env)
  const program = lastingWords(start)
  if (!program) throw new Failure(notInstalled)
  const words = [
    ...program,
    'rotate',
    '--older-than',
    `${days}d`,
    '--yes',
    '--recover',
    ...placesOf(options, env),
  ]
  const timer = timerOf(words, {
    platform: process.platform,
    home: (process.platform !== 'win32' && env['HOME']) || os.homedir(),
    env,
    uid: process.getuid?.() ?? 0,
  })
  if (timer) return timer
  throw new Failure(noService)
}

/** A timer has not the variables of this shell: what they say of files is said by options. */
function placesOf(options: Command['options'], env: Command['env']): string[] {
  const { AWS_SHARED_CREDENTIALS_FILE: credentials, AWS_CONFIG_FILE: config, XDG_STATE_HOME: state } = env
  return givenWords(
    {
      ...options,
      ...(!options.credentialsFile && credentials && { credentialsFile: credentials }),
      ...(!options.configFile && config && { configFile: config }),
      ...(!options.stateDir &&
        state &&
        process.platform === 'linux' && { stateDir: path.join(state, 'keyturn') }),
    },
    process.cwd(),
  )
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    const bytes = await fs.readFile(file)
    return bytes.toString(bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf16le' : 'utf8').replace(/^\ufeff/, '')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function put(file: string, text: string | undefined): Promise<void> {
  if (text === undefined) return fs.rm(file, { force: true })
  await makeDirectory(path.dirname(file))
  // The one system that reads it as XML of Windows wants its own encoding.
  const bytes = process.platform === 'win32' ? Buffer.from(`\ufeff${text}`, 'utf16le') : text
  await writeAtomic(file, bytes, { mode: 0o644 })
}

type Found = Timer['units'][number] & { readonly before: string | undefined }

/** Either the timer runs, or the files are as they were. */
async function putUp({ start, stop, after }: Timer, found: readonly Found[]): Promise<void> {
  const existed = found.some(({ before }) => before !== undefined)
  // What runs by the old unit would go on by it.
  if (existed) for (const words of stop) await ran(words)
  for (const { path: file, text } of found) await put(file, text)
  for (const words of start) {
    const failed = await ran(words)
    if (failed === undefined) continue
    for (const { path: file, before } of found) await put(file, before)
    for (const each of existed ? start : after) await ran(each)
    throw new Failure(refused(words, failed))
  }
}

async function takeAway({ units, stop, after }: Timer): Promise<void> {
  // One that does not run any more is no reason to keep its unit.
  for (const words of stop) await ran(words)
  for (const { path: file } of units) await put(file, undefined)
  for (const words of after) await ran(words)
}

async function refuseWithoutService({ check }: Timer): Promise<void> {
  if (check && (await ran(check)) !== undefined) throw new Failure(noService)
}

/** @returns what it said, where it did not end with 0 */
function ran([program = '', ...args]: readonly string[]): Promise<string | undefined> {
  const system = quietDirectory()
  const file = system === undefined ? program : path.win32.join(system, `${program}.exe`)
  return new Promise((resolve) => {
    execFile(file, args, { timeout: patienceMs, cwd: system }, (error, _, stderr) =>
      resolve(error === null ? undefined : stderr.trim() || error.message),
    )
  })
}

const noService = {
  name: 'no-timer-service',
  title: 'No timer can be made here',
  detail: 'Neither systemd for this user, nor launchd, nor the Task Scheduler answers. Nothing was changed.',
  remedy: 'By cron, each Monday at 10: 0 10 * * 1, then the command that keyturn remind --dry-run shows.',
}

const notInstalled = {
  name: 'not-installed',
  title: 'Keyturn is not installed',
  detail:
    'It runs from a cache of a package manager, which may be cleared before the timer is due. Nothing was changed.',
  remedy: 'Install it, as by npm install --global keyturn, and say it again.',
}

const noReminder = {
  name: 'no-reminder',
  title: 'Nothing to take away',
  detail: 'No unit of Keyturn’s is there.',
}

const notOurs = (file: string) => ({
  name: 'not-own-unit',
  title: 'A unit that others wrote is there',
  detail: `${file} was not written by Keyturn. Nothing was changed.`,
  remedy: 'Move it away, if it is not needed, and say it again.',
})

const refused = (words: readonly string[], said: string) => ({
  name: 'timer-refused',
  title: 'The system did not take the timer',
  detail: `${shellWords(words, process.platform)} failed: ${said}. The files are as they were.`,
})
