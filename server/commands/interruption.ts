import { Failure } from '../platform/failure.ts'

/** SIGHUP is also Windows closing the console window, SIGBREAK its Ctrl-Break; elsewhere that one never comes. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK'] as const

/**
 * Ctrl-C: the first one lets the steps under way end, the second quits at once, which the journal makes safe.
 */
export class Interruption {
  readonly #controller = new AbortController()
  readonly #quit: () => void
  readonly #onSignal = () => this.request()

  /** @param options quit: what the second one does. listens: whether signals of this process count; default: they do */
  constructor({ quit, listens = true }: { readonly quit: () => void; readonly listens?: boolean }) {
    this.#quit = quit
    if (listens) for (const name of signals) process.on(name, this.#onSignal)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get requested(): boolean {
    return this.signal.aborted
  }

  /** A signal came, or readline saw Ctrl-C. */
  readonly request = (): void => {
    if (this.requested) {
      this.#quit()
      return
    }
    this.#controller.abort()
  }

  /** For what has no effect and may be left where it is: looking, asking. @throws Failure `interrupted` */
  unless<T>(act: Promise<T>): Promise<T> {
    const failure = () => new Failure(interrupted)
    return new Promise((resolve, reject) => {
      act.then(resolve, reject)
      if (this.requested) reject(failure())
      this.signal.addEventListener('abort', () => reject(failure()), { once: true })
    })
  }

  /** Signals do again what they do by themselves. */
  end(): void {
    for (const name of signals) process.off(name, this.#onSignal)
  }
}

const interrupted = {
  name: 'interrupted',
  title: 'Interrupted',
  detail: 'Nothing was changed.',
}
