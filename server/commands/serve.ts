import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import { portOf } from '../app.ts'
import { launchSecretLifetime } from '../http/launchSecrets.ts'
import type { LaunchSecrets } from '../http/launchSecrets.ts'
import { describeError } from '../http/log.ts'
import type { Clock } from '../platform/clock.ts'
import type { Environment } from '../platform/environment.ts'
import { Opener } from '../platform/opener.ts'
import { printable } from '../platform/printable.ts'
import type { Options } from './options.ts'

export const defaultPort = 7420
/** How many ports above the default one are tried. */
const portsTried = 100

export interface Io {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  /** Without the secrets that it may have held: see platform/environment.ts. */
  readonly env: Environment
}

/** The page's 'Stop server', which exists before the server does. */
export class StopRequest {
  #onRequest: (() => void) | undefined
  #requested = false

  readonly request = (): void => {
    this.#requested = true
    this.#onRequest?.()
  }

  whenRequested(onRequest: () => void): void {
    this.#onRequest = onRequest
    if (this.#requested) onRequest()
  }
}

/** What `serve` runs, made by `compose`. */
export interface Served {
  readonly app: FastifyInstance
  readonly clock: Clock
  readonly launchSecrets: LaunchSecrets
  readonly stateDirectory: string
  /** Runs that an earlier start left half done. */
  readonly interrupted?: number
  /** Whether a run is under way now. */
  readonly running: () => boolean
  /** Ends what is under way after the steps that have begun; resolves when nothing moves any more. */
  readonly drain: () => Promise<void>
}

/**
 * Listens on 127.0.0.1, prints the link and stays until it is told to stop. The first line on standard output is the
 * link; only further links follow there, everything else goes to standard error.
 *
 * @returns an exit code where it could not start; otherwise undefined, and the process ends by itself later
 */
export async function serve(
  served: Served,
  options: Options,
  io: Io,
  stop: StopRequest,
): Promise<number | undefined> {
  const say = (text: string) => void io.stderr.write(`${printable(text)}\n`)
  const refusal = await listen(served.app, options.port, say)
  if (refusal !== undefined) {
    say(refusal)
    await served.app.close()
    return 2
  }
  const origin = `http://127.0.0.1:${portOf(served.app)}`
  const printLink = (): string => {
    const link = `${origin}/#${served.launchSecrets.issue()}`
    io.stdout.write(`Keyturn is ready: ${link}\n`)
    return link
  }
  endGracefully(served, stop, say)
  const link = printLink()
  say('The link works once, within two minutes. Press Enter for a fresh one, Ctrl-C to stop.')
  if (served.interrupted) {
    say('An earlier run was interrupted: open the page, or stop Keyturn and run keyturn --recover.')
  }
  // The end of the input is not the end of the server: it may have been started without a terminal.
  createInterface({ input: io.stdin }).on('line', printLink)
  if (options.open && io.env.BROWSER !== 'none') void openBrowser(served, link, io.env, say)
  return undefined
}

/** @returns what to tell where no port could be had */
async function listen(
  app: FastifyInstance,
  wanted: number | undefined,
  say: (text: string) => void,
): Promise<string | undefined> {
  const first = wanted ?? defaultPort
  const last = wanted === undefined ? defaultPort + portsTried : first
  for (let port = first; port <= last; port += 1) {
    try {
      await app.listen({ host: '127.0.0.1', port })
      if (port !== first) say(`Port ${first} is in use by another program; Keyturn uses ${port}.`)
      return undefined
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EACCES')
        return `Port ${port} may not be used by this user. Choose one above 1023 with --port.`
      if (code !== 'EADDRINUSE') throw error
    }
  }
  if (wanted === undefined) return `Ports ${first} to ${last} are all in use. Choose another with --port.`
  return `Port ${wanted} is in use by another program. Choose another with --port, or leave --port out.`
}

async function openBrowser(
  served: Served,
  link: string,
  env: Environment,
  say: (text: string) => void,
): Promise<void> {
  const opener = new Opener(served.stateDirectory, env)
  const failed = () => say('The browser could not be opened. Open the link above by hand.')
  served.launchSecrets.onRedeem(() => void opener.clear())
  await opener.open(link, failed).catch(failed)
  await served.clock.sleep(launchSecretLifetime)
  await opener.clear()
}

/**
 * The first signal lets the steps under way end, the second quits at once: the journal makes that safe. An error that
 * nobody caught ends the process without another step, since what it left in memory cannot be trusted.
 */
function endGracefully(served: Served, stop: StopRequest, say: (text: string) => void): void {
  const grace = closeWithGrace(
    {
      delay: false,
      logger: false,
      skip: [
        'beforeExit',
        'SIGUSR2',
        'SIGILL',
        'SIGTRAP',
        'SIGABRT',
        'SIGBUS',
        'SIGFPE',
        'SIGSEGV',
        'SIGQUIT',
      ],
      onSecondSignal: () => {
        say('Stopped at once. What was under way is picked up at the next start.')
        process.exit(130)
      },
      onSecondError: (error) => {
        say(JSON.stringify(describeError(error)))
        process.exit(1)
      },
    },
    async ({ err, signal }) => {
      if (err) {
        say('Keyturn met an error that it did not foresee and ends. The next start says what was under way.')
        say(JSON.stringify(describeError(err)))
        return
      }
      const cutShort = served.running()
      if (cutShort) {
        say('Keyturn ends after the steps under way. Press Ctrl-C again to quit at once.')
      }
      await served.drain()
      await served.app.close()
      say('Keyturn has stopped.')
      // Stopping an idle server is its ordinary end; a run that Ctrl-C cut short is not.
      if (cutShort && signal === 'SIGINT') process.exit(130)
    },
  )
  stop.whenRequested(() => grace.close())
}
