import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { Environment } from '../platform/environment.ts'
import { printable, printableJson } from '../../shared/printable.ts'
import { coloured, hasColours, type Tone } from './colours.ts'
import { documentHere, type Invocation } from './hints.ts'
import { printed } from './layout.ts'

/** The process's own streams, or a test's. */
export interface Streams {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number }
  readonly env: Environment
}

/** What a command is shown and asked on: this process's terminal, or that of another one. */
export type Screen = Pick<Terminal, keyof Terminal>

/**
 * Results go to standard output, everything that is said meanwhile to standard error. With --json standard output
 * has one JSON document and nothing else.
 */
export class Terminal {
  /** Whether a person can be asked something. */
  readonly asks: boolean
  /** Whether what is said is seen on a terminal, where lines can be drawn anew. */
  readonly draws: boolean
  /** Whether a result is seen on a terminal; elsewhere nothing is printed where there is nothing to say. */
  readonly talks: boolean
  readonly bar: { readonly full: string; readonly empty: string }
  readonly #streams: Streams
  readonly #results: 'words' | 'json' | 'data'
  readonly colours: boolean
  readonly #invocation: Invocation

  /**
   * @param results in words, as one JSON document, or as text for another program: then words go to standard error
   * @param invocation how the commands that are named are typed here
   */
  constructor(
    streams: Streams,
    results: 'words' | 'json' | 'data',
    invocation: Invocation = { program: 'keyturn', given: '' },
  ) {
    const { stdin, stdout, stderr, env } = streams
    this.#streams = streams
    this.#results = results
    this.#invocation = invocation
    this.draws = stderr.isTTY === true && env['TERM'] !== 'dumb'
    this.asks = stdin.isTTY === true && stderr.isTTY === true
    this.talks = results !== 'words' ? stderr.isTTY === true : stdout.isTTY === true
    this.colours = hasColours(stderr, env)
    const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''
    this.bar = /utf-?8/i.test(locale) ? { full: '█', empty: '░' } : { full: '#', empty: '-' }
  }

  get columns(): number {
    return this.#streams.stderr.columns ?? 80
  }

  get rows(): number {
    return this.#streams.stderr.rows ?? 24
  }

  /** The result in words: on standard output, unless that is for a program. */
  print(text: string): void {
    this.#write(this.#results !== 'words' ? this.#streams.stderr : this.#streams.stdout, text)
  }

  /** On standard error. */
  say(text: string): void {
    this.#write(this.#streams.stderr, text)
  }

  #write(stream: Streams['stderr'] | Streams['stdout'], text: string): void {
    stream.write(`${printed(text, this.#invocation, stream, this.#streams.env)}\n`)
  }

  /** On standard error, control sequences included: for lines that this program made itself. */
  draw(sequences: string): void {
    this.#streams.stderr.write(sequences)
  }

  document(value: unknown): void {
    if (this.#results !== 'json') return
    this.#streams.stdout.write(`${printableJson(documentHere(value, this.#invocation))}\n`)
  }

  /** For another program; control characters are the caller's to spell out. */
  data(text: string): void {
    if (this.#results === 'data') this.#streams.stdout.write(text)
  }

  colour(tone: Tone, text: string): string {
    return coloured(this.colours, tone, text)
  }

  /**
   * Asks on the terminal.
   * @returns the line; undefined at the end of the input or when `signal` aborts
   */
  ask(question: string, signal: AbortSignal, onInterrupt: () => void): Promise<string | undefined> {
    const { stdin, stderr } = this.#streams
    const lines = createInterface({ input: stdin, output: stderr, terminal: true })
    return new Promise((resolve) => {
      const end = (answer?: string) => {
        signal.removeEventListener('abort', abort)
        resolve(answer)
        lines.close()
      }
      const abort = () => {
        stderr.write('\n')
        end()
      }
      if (signal.aborted) return end()
      signal.addEventListener('abort', abort, { once: true })
      // In raw mode the terminal sends no signal: readline sees the key.
      lines.on('SIGINT', onInterrupt)
      lines.on('close', () => end())
      lines.question(printable(question), end)
    })
  }
}
