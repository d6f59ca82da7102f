import fs from 'node:fs/promises'
import path from 'node:path'
import { NotDurableError, replaceFile, sweepTemporaries } from '../platform/atomicFile.ts'
import type { Clock } from '../platform/clock.ts'
import type { Environment } from '../platform/environment.ts'
import { Failure } from '../platform/failure.ts'
import { writeFailure } from '../profiles/store/fileTrouble.ts'
import { LineJournal } from '../platform/lineJournal.ts'
import type { KeyPair } from '../profiles/keyPair.ts'
import { judge, type Verdict } from './judge.ts'
import { type Phase, standing, UpdateLine } from './updateLines.ts'

export type Update = Extract<Verdict, { can: 'update' }>

export interface Written {
  readonly path: string
  /** Why it was left as it was; undefined: it holds the pair now. */
  readonly why?: string
}

/**
 * Writes to places, each journaled before and after: which file, from which key to which, and never what stands there.
 * What was written goes back with its rotation.
 */
export class PlaceUpdates {
  readonly journal: LineJournal<typeof UpdateLine>
  #writing: Promise<unknown> = Promise.resolve()

  readonly #env: Environment

  /** @param directory the state directory */
  constructor(directory: string, clock: Clock, env: Environment) {
    this.journal = new LineJournal(path.join(directory, 'places.jsonl'), UpdateLine, clock)
    this.#env = env
  }

  /**
   * Puts the new bytes in the place of those that were judged, whole, in the same mode and of the same owner.
   * @throws Failure `place-changed` where other bytes stand there meanwhile; the others of a failed write, with the old
   * bytes intact
   */
  write(
    file: string,
    { before, after, from, to }: Pick<Update, 'before' | 'after' | 'from' | 'to'>,
  ): Promise<void> {
    return this.#inTurn(async () => {
      const log = (phase: Phase) => this.journal.append({ path: file, from: from.id, to: to.id, phase })
      await log('started')
      try {
        const stat = await fs.lstat(file, { bigint: true })
        const unchanged = () => stillHolds(file, before)
        await unchanged()
        await replaceFile(file, after, stat, unchanged, () => undefined)
      } catch (error) {
        await log(error instanceof NotDurableError ? 'done' : 'failed')
        throw writeFailure(file, error)
      }
      await log('done')
    })
  }

  /** After a crash: removes what it left beside a place, which holds secrets, and finds out whether it was written. */
  async recover(): Promise<void> {
    await this.#inTurn(async () => {
      // Where they cannot be read, `troubles` says it.
      for (const { path: file, from, to } of standing(await this.journal.lines().catch(() => [])).open) {
        await sweepTemporaries(file).catch(() => undefined)
        const text = await fs.readFile(file, 'latin1').catch(() => undefined)
        // One that cannot be read now is looked at again at the next start.
        if (text === undefined) continue
        const written = text.includes(to) && !text.includes(from)
        await this.journal.append({ path: file, from, to, phase: written ? 'done' : 'failed' })
      }
    })
  }

  /** Where Keyturn had put a pair that is about to be turned off again, the pair that works is put there. */
  async follow(key: string, from: KeyPair | undefined, to: KeyPair): Promise<readonly string[]> {
    const lines = await this.journal.lines().catch(({ trouble }: Failure) => trouble)
    // The pair that works stands in the profile: what stands elsewhere must not keep it from being the one in use.
    if ('detail' in lines) return [lines.detail]
    const files = standing(lines).holding(key)
    const written = from ? await this.put(files, from, to) : files.map((path) => ({ path, why: gone }))
    return written.map(({ path, why }: Written) =>
      why === undefined ? `${path} holds the old pair again.` : `${path} was left as it is. ${why}`,
    )
  }

  /**
   * Puts a pair in the place of another in each of these files where that is safe.
   * @param from about to be off
   * @param to works, and a profile holds it
   */
  async put(files: readonly string[], from: KeyPair, to: KeyPair): Promise<readonly Written[]> {
    const written: Written[] = []
    const facts = new Map([
      [from.id, { id: from.id, worth: 'active' as const, pairs: [from], to: { pair: to, profile: '' } }],
    ])
    for (const file of files) {
      const verdict = await judge(file, from.id, { facts, env: this.#env, awsFiles: [] })
      if (verdict.can === 'list') {
        written.push({ path: file, why: verdict.why })
        continue
      }
      await this.write(file, verdict).then(
        () => written.push({ path: file }),
        (error: unknown) => {
          if (!(error instanceof Failure)) throw error
          written.push({ path: file, why: error.trouble.detail })
        },
      )
    }
    return written
  }

  /** Two writes to one file, each compared with what stood there before the other, would undo each other. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const next = this.#writing.then(act, act)
    this.#writing = next.catch(() => undefined)
    return next
  }
}

const gone = 'The pair that was put there is not kept any more: change it by hand.'

async function stillHolds(file: string, before: Buffer): Promise<void> {
  const stat = await fs.lstat(file)
  if (stat.isFile() && (await fs.readFile(file)).equals(before)) return
  throw new Failure({
    name: 'place-changed',
    title: 'The file changed',
    detail: `${file} changed while Keyturn was about to write it. Nothing was written there.`,
    remedy: 'Look for the keys again.',
  })
}
