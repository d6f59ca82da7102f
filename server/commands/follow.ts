import type { Rotation, Run } from '../api/run.ts'
import type { Engine } from '../engine/engine.ts'
import { Failure } from '../platform/failure.ts'
import { Progress } from './progress.ts'
import type { Command } from './command.ts'

/**
 * Shows runs as they go, asks for MFA codes, lets Ctrl-C end them after the steps under way.
 * @returns the runs as they ended
 */
export async function follow(
  engine: Engine,
  { terminal, interruption, beside }: Pick<Command, 'terminal' | 'interruption' | 'beside'>,
  begun: readonly Run[],
): Promise<Run[]> {
  const { bus, runs } = engine
  const ids = begun.map(({ id }) => id)
  const progress = new Progress(terminal, begun)
  const codes = new Codes(engine, terminal, interruption, progress)
  const unsubscribe = bus.subscribe((event) => {
    // Others that a page began are the page's to show and to give codes for.
    if (event.type !== 'rotation' || !ids.includes(event.run)) return
    progress.update(event.rotation)
    codes.see(event.rotation)
  })
  // What happened between the start and this subscription.
  for (const { id } of begun) {
    for (const rotation of runs.existing(id).rotations) {
      progress.update(rotation)
      codes.see(rotation)
    }
  }
  let drained: ReturnType<typeof runs.drain> | undefined
  let end: () => void = () => undefined
  const ended = new Promise<void>((resolve) => (end = resolve))
  const stop = () => {
    terminal.say('Keyturn ends after the steps under way. Press Ctrl-C again to quit at once.')
    // The page's own runs go on.
    if (beside) return ids.forEach((id) => void runs.stop(id))
    drained = runs.drain()
    void drained.then(() => end())
  }
  if (interruption.requested) stop()
  else interruption.signal.addEventListener('abort', stop, { once: true })
  // A call that AWS never answers keeps nobody: the journal knows what it was about.
  await Promise.race([runs.ended(ids), ended])
  const left = (await drained)?.left === true
  unsubscribe()
  codes.end()
  progress.end()
  if (left) terminal.say('A step made no headway: it is left to the journal, for keyturn --recover.')
  return begun.map(({ id }) => runs.existing(id))
}

/** Six digits for each device, one question at a time; those that wait for none go on meanwhile. */
class Codes {
  readonly #engine: Engine
  readonly #terminal: Command['terminal']
  readonly #interruption: Command['interruption']
  readonly #progress: Progress
  readonly #over = new AbortController()
  /** Devices whose code was given and not yet taken, by the rotation that waits. */
  readonly #waiting = new Map<string, string>()
  readonly #asked = new Set<string>()
  readonly #queue: string[] = []
  #asking = false

  constructor(
    engine: Engine,
    terminal: Command['terminal'],
    interruption: Command['interruption'],
    progress: Progress,
  ) {
    this.#engine = engine
    this.#terminal = terminal
    this.#interruption = interruption
    this.#progress = progress
    interruption.signal.addEventListener('abort', () => this.#over.abort(), { once: true })
  }

  see({ id, mfa }: Rotation): void {
    if (mfa) {
      this.#waiting.set(id, mfa.device)
      this.#need(mfa.device)
      return
    }
    const taken = this.#waiting.get(id)
    if (taken === undefined) return
    this.#waiting.delete(id)
    this.#asked.delete(taken)
  }

  #need(device: string): void {
    const { signers } = this.#engine
    if (!signers.waitsFor(device)) return
    if (!this.#terminal.asks) {
      signers.refuse(device, new Failure(noTerminal(device)))
      return
    }
    if (this.#queue.includes(device)) return
    this.#queue.push(device)
    void this.#ask()
  }

  end(): void {
    this.#over.abort()
  }

  async #ask(): Promise<void> {
    if (this.#asking) return
    this.#asking = true
    this.#progress.pause()
    for (let device = this.#queue[0]; device !== undefined; device = this.#queue[0]) {
      await this.#askFor(device)
      this.#queue.shift()
    }
    this.#progress.resume()
    this.#asking = false
  }

  async #askFor(device: string): Promise<void> {
    const { signers } = this.#engine
    if (this.#asked.has(device))
      this.#terminal.say('AWS did not take that code. A code works once: use the next one.')
    this.#asked.add(device)
    while (signers.waitsFor(device)) {
      const code = await this.#terminal.ask(
        `MFA code of ${device}: `,
        this.#over.signal,
        this.#interruption.request,
      )
      if (this.#over.signal.aborted) return
      if (code === undefined) return signers.refuse(device, new Failure(noCode(device)))
      if (/^\s*\d{6}\s*$/.test(code)) return signers.give(device, code.trim())
      this.#terminal.say('A code has six digits.')
    }
  }
}

const noTerminal = (device: string) => ({
  name: 'mfa-no-terminal',
  title: 'An MFA code is needed',
  detail: `AWS asks for a code of ${device}, and there is no terminal to ask on.`,
  remedy: 'Run the command on a terminal, or rotate this key on the page.',
})

const noCode = (device: string) => ({
  name: 'mfa-no-code',
  title: 'No MFA code was given',
  detail: `AWS asks for a code of ${device}.`,
  remedy: 'Rotate this key again with the device at hand.',
})
