import { randomInt } from 'node:crypto'
import { createInterface } from 'node:readline'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import type { Trouble } from '../api/problem.ts'
import { portOf } from '../http/app.ts'
import { launchSecretLifetime } from '../http/launchSecrets.ts'
import type { LaunchSecrets } from '../http/launchSecrets.ts'
import { describeError } from '../platform/redact.ts'
import type { Clock } from '../platform/clock.ts'
import type { Environment } from '../platform/environment.ts'
import { Opener, sweepRedirects } from '../platform/opener.ts'
import { hint } from './hints.ts'
import type { Options } from './options.ts'
import { sayOverSsh } from './overSsh.ts'
import { sayer, type Io } from './say.ts'
import { sentence } from './wording.ts'

/** Those that no program has been given for good (RFC 6335). */
const dynamicPorts = { first: 49_152, last: 65_535 }
const mostDraws = 1_000

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
  /** The first segment of the page's address. */
  readonly pagePath: string
  readonly stateDirectory: string
  /** Takes jobs of commands beside the page; resolves to how to end that. */
  readonly openDesk: (freshLink: () => string) => Promise<() => Promise<void>>
  /** What keeps a file from being read. */
  readonly fileTroubles?: () => Promise<readonly Trouble[]>
  /** Runs that an earlier start left half done. */
  readonly interrupted?: number
  /** Whether a run is under way now. */
  readonly running: () => boolean
  /** Ends what is under way after the steps that have begun; resolves when nothing moves any more, and says whether a step is left. */
  readonly drain: () => Promise<{ readonly left: boolean }>
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
  const say = sayer(io, options)
  const refusal = await listen(served.app, options.port)
  if (refusal !== undefined) {
    say(refusal)
    await served.app.close()
    return 2
  }
  const origin = `http://127.0.0.1:${portOf(served.app)}`
  const freshLink = () => `${origin}/${served.pagePath}/#${served.launchSecrets.issue()}`
  const printLink = (): string => {
    const link = freshLink()
    io.stdout.write(`Keyturn is ready: ${link}\n`)
    return link
  }
  // Of links that were given to another Keyturn, which opened the browser and has ended: one at most is ever good.
  served.launchSecrets.onRedeem(() => void sweepRedirects(served.stateDirectory))
  const closeDesk = await served.openDesk(freshLink).catch(() => {
    say('Commands beside this page cannot be taken: its socket could not be made in the state directory.')
    return () => Promise.resolve()
  })
  endGracefully({ ...served, closeDesk }, stop, say)
  const link = printLink()
  sayOverSsh(say, io.env, link)
  say('The link works once, within two minutes. Press Enter for a fresh one, Ctrl-C to stop.')
  if (served.interrupted) {
    say(`An earlier run was interrupted: open the page, or stop Keyturn and run ${hint('keyturn recover')}`)
  }
  // The page says it too; whoever looks at the terminal need not open it.
  void served.fileTroubles?.().then(
    (troubles) => {
      for (const trouble of troubles) say(`${trouble.title}. ${sentence(trouble)}`)
    },
    () => undefined,
  )
  // The end of the input is not the end of the server: it may have been started without a terminal.
  createInterface({ input: io.stdin }).on('line', printLink)
  if (options.open && io.env.BROWSER !== 'none') void openBrowser(served, link, io.env, say)
  return undefined
}

/**
 * Without a port of the person's choice one is drawn from all that programs may take for themselves. A known one could be
 * prepared: whoever held it before may have left a service worker in the browser, which would run in the place of the page.
 *
 * @returns what to tell where no port could be had
 */
async function listen(app: FastifyInstance, wanted: number | undefined): Promise<string | undefined> {
  const drawn = wanted === undefined || wanted === 0
  for (let draws = 1; ; draws += 1) {
    const port = drawn ? randomInt(dynamicPorts.first, dynamicPorts.last + 1) : wanted
    try {
      await app.listen({ host: '127.0.0.1', port })
      return undefined
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      // Windows keeps some of them to itself.
      if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
      if (drawn && draws < mostDraws) continue
      if (drawn) return 'No free port was found. Choose one with --port.'
      if (code === 'EACCES')
        return `Port ${port} may not be used by this user. Choose one above 1023 with --port.`
      return `Port ${port} is in use by another program. Choose another with --port, or leave --port out.`
    }
  }
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
function endGracefully(
  served: Served & { readonly closeDesk: () => Promise<void> },
  stop: StopRequest,
  say: (text: string) => void,
): void {
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
      const { left } = await served.drain()
      await served.closeDesk()
      await served.app.close()
      if (left) say('A step made no headway: it is left to the journal, and the next start picks it up.')
      say('Keyturn has stopped.')
      // Stopping an idle server is its ordinary end; a run that Ctrl-C cut short is not.
      if (cutShort && signal === 'SIGINT') process.exit(130)
    },
  )
  stop.whenRequested(() => grace.close())
}
