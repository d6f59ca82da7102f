import path from 'node:path'
import type { Beginner } from '../api/run.ts'
import { groundOf, ownSurroundings } from '../engine/workplace.ts'
import type { Environment } from '../platform/environment.ts'
import { Failure } from '../platform/failure.ts'
import { findInstallation } from '../platform/installation.ts'
import { lockHolder } from '../platform/lock.ts'
import { Opener } from '../platform/opener.ts'
import { canHaveSocket, connectOwn, talk, type Line } from '../platform/ownSocket.ts'
import { exit } from './exitCodes.ts'
import { Interruption } from './interruption.ts'
import type { Options } from './options.ts'
import { sayOverSsh } from './overSsh.ts'
import { sayer, type Io } from './say.ts'
import type { Screen, Terminal } from './terminal.ts'
import { sentence } from './wording.ts'

/** Where a Keyturn with a page takes the jobs of commands. */
export const socketOf = (stateDirectory: string): string => path.join(stateDirectory, 'socket')

/** The first line: a job is only for an engine that does the very same with the very same files. */
export interface Greeting {
  readonly version: string
  readonly ground?: string
}

export type Look = Pick<Screen, 'asks' | 'draws' | 'talks' | 'bar' | 'columns' | 'rows' | 'colours'>

export interface Job {
  readonly options: Options
  readonly env: Environment
  readonly look: Look
  readonly by: Beginner
}

type Message = Readonly<Record<string, unknown>>

/** How long the other one may take to say that it will, in milliseconds. It begins nothing before it is given the job. */
const answerMs = 3_000
/** What the notices before a run are about; nothing else of the environment goes over, and no secret is in it. */
const told = ['AWS_ACCESS_KEY_ID', 'AWS_PROFILE', 'AWS_DEFAULT_PROFILE']

/**
 * Has the Keyturn do a command that holds the state directory with its page, and shows here what it says.
 * @returns the exit code; undefined where there is none that would do the same: then the command is alone
 */
export async function handOver(
  options: Options,
  env: Environment,
  terminal: Terminal,
  by: Beginner,
): Promise<number | undefined> {
  // Hooks that only a recovery's own command names are not in the page's engine, and must run before an old key goes.
  if (options.demo || (options.recover && options.hooks.length > 0)) return undefined
  const place = await ownSurroundings(options, env, true).catch(() => undefined)
  if (!place) return undefined
  const { asks, draws, talks, bar, columns, rows, colours } = terminal
  return converse(place.stateDirectory, groundOf(place), (line, next) => {
    line.send({
      options,
      env: Object.fromEntries(told.map((name) => [name, env[name]])),
      look: { asks, draws, talks, bar, columns, rows, colours },
      by,
    } satisfies Job)
    return follow(line, next, terminal)
  })
}

/** Finds the page of the Keyturn that holds the state directory. @returns the exit code; undefined: there is none */
export async function findPage(options: Options, io: Io): Promise<number | undefined> {
  // A port that was asked for is not what the other one has.
  if (options.demo || options.port) return undefined
  const place = await ownSurroundings(options, io.env, true).catch(() => undefined)
  if (!place) return undefined
  const link = await converse(place.stateDirectory, groundOf(place), async (line, next) => {
    line.send({ page: true })
    return (await next())?.['link']
  })
  if (typeof link !== 'string') return undefined
  const say = sayer(io, options)
  io.stdout.write(`Keyturn is ready: ${link}\n`)
  say('It runs already; this is a fresh link of its page, which works once, within two minutes.')
  sayOverSsh(say, io.env, link)
  if (!options.open || io.env.BROWSER === 'none') return exit.ok
  const failed = () => say('The browser could not be opened. Open the link above by hand.')
  // In the state directory, whatever the session: the one that gave the link removes the file there.
  const opener = new Opener(place.stateDirectory, {})
  await opener.open(link, failed).catch(failed)
  opener.leave()
  return exit.ok
}

/** @returns what `work` does; undefined where nobody is there who would take it */
async function converse<T>(
  stateDirectory: string,
  ground: string,
  work: (line: Line, next: () => Promise<Message | undefined>) => Promise<T>,
): Promise<T | undefined> {
  const file = socketOf(stateDirectory)
  if (!canHaveSocket(file)) return undefined
  // A socket that a dead one left is not asked, nor one whose maker does not hold the lock.
  const holder = await lockHolder(path.join(stateDirectory, 'lock')).catch(() => undefined)
  const socket = holder && (await connectOwn(file))
  if (!socket) return undefined
  const heard: (Message | undefined)[] = []
  let wake: () => void = () => undefined
  const hear = (message?: Message) => {
    heard.push(message)
    wake()
  }
  const line = talk(socket, hear, () => hear())
  const next = async (): Promise<Message | undefined> => {
    if (heard.length === 0) await new Promise<void>((resolve) => (wake = resolve))
    return heard[0] === undefined ? undefined : heard.shift()
  }
  const patience = setTimeout(() => line.drop(), answerMs)
  line.send({ version: findInstallation().version, ground } satisfies Greeting)
  const answer = await next()
  clearTimeout(patience)
  try {
    return answer?.['takes'] === true ? await work(line, next) : undefined
  } finally {
    line.drop()
  }
}

/** Shows and asks what the other one says and wants to know, until the job is over. */
async function follow(
  line: Line,
  next: () => Promise<Message | undefined>,
  terminal: Terminal,
): Promise<number> {
  const asking = new Map<unknown, AbortController>()
  const quit = () => {
    terminal.say(`keyturn: ${leftAtOnce.title}. ${sentence(leftAtOnce)}`)
    terminal.document({ exitCode: exit.interrupted, problem: leftAtOnce })
    process.exit(exit.interrupted)
  }
  const interruption = new Interruption({ quit })
  interruption.signal.addEventListener('abort', () => line.send({ interrupt: true }), { once: true })
  try {
    for (let message = await next(); message; message = await next()) {
      const { say, value, ask, unask, ended } = message
      if (typeof ended === 'number') return ended
      if (unask !== undefined) asking.get(unask)?.abort()
      if (ask !== undefined) {
        const over = new AbortController()
        asking.set(ask, over)
        void terminal
          .ask(String(message['question']), over.signal, interruption.request)
          .then((text) => line.send({ answer: ask, text }))
      }
      if (say === 'document') terminal.document(value)
      else if (say === 'print' || say === 'say' || say === 'draw' || say === 'data')
        terminal[say](String(value))
    }
    const trouble = new Failure(wentAway).trouble
    terminal.say(`keyturn: ${trouble.title}. ${sentence(trouble)}`)
    terminal.document({ exitCode: exit.recovery, problem: trouble })
    return exit.recovery
  } finally {
    for (const over of asking.values()) over.abort()
    interruption.end()
  }
}

const leftAtOnce = {
  name: 'interrupted',
  title: 'Left at once',
  detail: 'The Keyturn with the page ends the steps under way.',
}

const wentAway = {
  name: 'job-unknown',
  title: 'The Keyturn with the page went away',
  detail: 'It was doing this job. What it had begun stands in its journal.',
  remedy: 'Finish it or roll it back: keyturn recover',
}
