import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { LeakSearch, telling } from './search.ts'
import type { Leak } from './search.ts'

/** What the embedded IAM of a test begins each of its secrets and tokens with. */
export const marker = 'CANARYk7Qx2v'

const recorder = pathToFileURL(path.join(import.meta.dirname, 'record.mjs'))
const asked = /\n<<<asked (\S+ \S+)>>>\n/

/**
 * Watches the commands that a test starts: every byte that they send on their connections (pages, replies, events),
 * their output, and what they keep. At the end none of it may hold a secret, in whatever writing.
 */
export class LeakGuard {
  readonly #directory = mkdtempSync(path.join(tmpdir(), 'keyturn-sent-'))
  readonly #secrets = new LeakSearch()
  /** They stand in the printed link, and nowhere else. */
  readonly #links = new LeakSearch()
  readonly #known = new Set<string>()
  #leaks: readonly Leak[] | undefined

  constructor() {
    this.#secrets.learn('a secret of the embedded IAM', marker)
  }

  /** For Node, before the command's script. */
  get nodeArgs(): string[] {
    recorder.searchParams.set('to', this.#directory)
    return ['--import', recorder.href]
  }

  /** Of secrets that are too short nothing can be said. */
  learn(label: string, secret: string): void {
    if (secret.length < telling || this.#known.has(secret)) return
    this.#known.add(secret)
    this.#secrets.learn(label, secret)
  }

  /** The secrets of a credentials file, whatever else is wrong with it. */
  learnFile(text: string): void {
    for (const [, name = '', value = ''] of text.matchAll(
      /(aws_(?:secret_access_key|session_token))\W+(\S+)/g,
    ))
      this.learn(name, value)
  }

  /** What the commands printed, and the links among it. */
  heard(stdout: string, stderr: string): void {
    this.#secrets.add('standard output', stdout)
    for (const [, secret = ''] of stdout.matchAll(/^Keyturn is ready: \S+\/#(\S+)$/gm)) {
      this.#links.learn('the secret of a link', secret)
    }
    this.keep('standard error', stderr)
  }

  /** Bytes in which there may be no secret at all. */
  keep(place: string, bytes: Buffer | string): void {
    this.#secrets.add(place, bytes)
    this.#links.add(place, bytes)
  }

  /** Every reply, by what was asked. */
  replies(): [asked: string, bytes: Buffer][] {
    return readdirSync(this.#directory).flatMap((name) => {
      const parts = readFileSync(path.join(this.#directory, name), 'latin1').split(asked)
      // Even parts are bytes, odd ones what was asked before them.
      return parts.flatMap((bytes, at): [string, Buffer][] =>
        at % 2 === 0 && bytes !== ''
          ? [[parts[at - 1] ?? 'nothing asked', Buffer.from(bytes, 'latin1')]]
          : [],
      )
    })
  }

  /** All leaks; what was recorded is removed. */
  end(): readonly Leak[] {
    if (this.#leaks) return this.#leaks
    for (const [place, bytes] of this.replies()) this.keep(place, bytes)
    rmSync(this.#directory, { recursive: true, force: true })
    return (this.#leaks = [...this.#secrets.leaks(), ...this.#links.leaks()])
  }

  /** @throws Error that says where a secret came out, and how it was written there */
  expectNone(): void {
    const leaks = this.end()
    if (leaks.length === 0) return
    // One writing of each at each place tells enough.
    const told = new Map(leaks.map((leak) => [`${leak.place}: ${leak.form.split(', ')[0]}`, leak]))
    const lines = [...told.values()].map(({ place, form }) => `${place}: ${form}`)
    throw new Error(`a secret came out\n${lines.join('\n')}`)
  }

  /** What was searched. */
  get places(): readonly string[] {
    return this.#secrets.places
  }

  get size(): number {
    return this.#secrets.size
  }
}
