import fs from 'node:fs/promises'
import path from 'node:path'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import type { Which } from '../../api/inventory.ts'
import { makeDirectory, writeAtomic } from '../../platform/atomicFile.ts'
import type { Clock } from '../../platform/clock.ts'
import { ownFiles } from '../../platform/ownFiles.ts'
import { sharing } from '../../platform/sharing.ts'
import { idKey } from '../agreement/agreement.ts'
import { IniDocument } from '../ini/document.ts'
import { parseKeyId } from '../keyId.ts'
import { loadFile } from './load.ts'
import type { FilesSnapshot } from '../ports.ts'

/**
 * One of the files in which a key may stand, as it was just looked at. That it cannot be read is an arm of its own, so
 * that no rule can take it for a file that holds nothing.
 */
export type FileSeen =
  | {
      readonly seen: 'known'
      readonly path: string
      readonly holds: readonly { readonly profile: string; readonly file?: Which; readonly id: string }[]
    }
  /** Gone or empty. It says nothing of the keys that it held when it was last read: it may come back with them. */
  | { readonly seen: 'absent'; readonly path: string; readonly held: ReadonlySet<string> }
  | { readonly seen: 'unknown'; readonly path: string; readonly why: string }

const Memory = Type.Object({
  version: Type.Literal(1),
  files: Type.Array(Type.Object({ path: Type.String(), ids: Type.Array(Type.String()) })),
})

/** Files that are remembered at most: those that were read last. */
const most = 50
const both: readonly Which[] = ['credentials', 'config']

/**
 * Which key ids each credentials or config file held when it was last read, this machine's other ones included:
 * `files.json` in the state directory. Ids alone. Without it a new process would take a file that is away for one that
 * never held a key.
 */
export class SeenFiles {
  readonly #file: string
  readonly #clock: Clock
  readonly #readOnly: boolean
  /** By path, the one that was read last at the end. */
  readonly #held: Map<string, ReadonlySet<string>>
  /** What was remembered last: many look at the same. */
  #last: FilesSnapshot | undefined
  /** Not durable yet. */
  #changed = false
  readonly #save = sharing(() => this.#saveNow())

  private constructor(file: string, clock: Clock, readOnly: boolean, memory: Static<typeof Memory>['files']) {
    this.#file = file
    this.#clock = clock
    this.#readOnly = readOnly
    this.#held = new Map(memory.map((each) => [each.path, new Set(each.ids)]))
  }

  /** What is damaged or not there counts as nothing remembered: the files themselves are read next. */
  static async open(stateDirectory: string, clock: Clock, readOnly = false): Promise<SeenFiles> {
    const file = path.join(stateDirectory, 'files.json')
    let files: Static<typeof Memory>['files'] = []
    try {
      const value: unknown = JSON.parse(String(await ownFiles.read(file)))
      if (Value.Check(Memory, value)) files = value.files
    } catch {
      // As above.
    }
    return new SeenFiles(file, clock, readOnly, files)
  }

  /** Remembers what the files hold, durable when it resolves. That it cannot be kept stops nothing. */
  async saw(snapshot: FilesSnapshot): Promise<void> {
    this.#remember(snapshot)
    await this.#keep()
  }

  /**
   * Remembers that these files are about to hold a key, durable when it resolves: a process that ends right after the
   * write, and a file that is away by the next start, must not make anyone take the key for one that no file holds.
   */
  async willHold(files: Iterable<string>, key: string): Promise<void> {
    for (const file of files) {
      const held = this.#held.get(file)
      if (held?.has(key)) continue
      this.#held.set(file, new Set(held).add(key))
      this.#changed = true
    }
    this.#last = undefined
    await this.#keep()
  }

  /** @param keys whose other files, not configured now, are looked at as well */
  async look(snapshot: FilesSnapshot, keys: readonly string[]): Promise<FileSeen[]> {
    await this.saw(snapshot)
    const configured = await Promise.all(both.map((which) => this.#configured(snapshot, which, keys)))
    const others = [...this.#held]
      .filter(
        ([file, ids]) => keys.some((key) => ids.has(key)) && !configured.some(({ path }) => path === file),
      )
      .map(([file, held]) => this.#other(file, held))
    return [...configured, ...(await Promise.all(others))]
  }

  async #keep(): Promise<void> {
    if (!this.#readOnly && this.#changed) await this.#save()
  }

  async #saveNow(): Promise<void> {
    if (!this.#changed) return
    this.#changed = false
    try {
      await makeDirectory(path.dirname(this.#file))
      await writeAtomic(this.#file, this.#text())
    } catch {
      // The next look writes it.
      this.#changed = true
    }
  }

  #remember(snapshot: FilesSnapshot): void {
    if (snapshot === this.#last) return
    this.#last = snapshot
    for (const which of both) {
      const { path: file, state } = snapshot.files[which]
      if (state !== 'ok') continue
      const ids = new Set(holdsOf(snapshot, which).flatMap(({ id }) => parseKeyId(id) ?? []))
      const before = this.#held.get(file)
      if (!same(ids, before ?? new Set())) this.#changed = true
      this.#held.delete(file)
      if (ids.size > 0) this.#held.set(file, ids)
    }
    for (const file of [...this.#held.keys()].slice(0, -most)) this.#held.delete(file)
  }

  async #configured(snapshot: FilesSnapshot, which: Which, keys: readonly string[]): Promise<FileSeen> {
    const { path: file, state, problems } = snapshot.files[which]
    switch (state) {
      case 'ok':
        return { seen: 'known', path: file, holds: holdsOf(snapshot, which) }
      case 'missing':
      case 'empty':
        return { seen: 'absent', path: file, held: this.#held.get(file) ?? new Set() }
      case 'unreadable':
        // Bytes in which no key's id stands hold none of them, whatever else they may be.
        if (await lacks(file, keys)) return { seen: 'known', path: file, holds: [] }
        return { seen: 'unknown', path: file, why: problems[0]?.trouble.detail ?? 'it cannot be read.' }
    }
  }

  /** A file of an earlier start. Where its directory is there and it is not, somebody removed it for good. */
  async #other(file: string, held: ReadonlySet<string>): Promise<FileSeen> {
    const loaded = await loadFile(file, { clock: this.#clock, expected: false })
    if (loaded.state === 'unreadable') return { seen: 'unknown', path: file, why: loaded.trouble.detail }
    if (loaded.state === 'ok') {
      const { sections } = IniDocument.parse(loaded.bytes)
      const holds = sections.flatMap((section) =>
        section.entries
          .filter(({ key }) => key === idKey)
          .map(({ value }) => ({ profile: section.name, id: String(value) })),
      )
      return { seen: 'known', path: file, holds }
    }
    const removed = loaded.state === 'missing' && (await exists(path.dirname(file)))
    return removed ? { seen: 'known', path: file, holds: [] } : { seen: 'absent', path: file, held }
  }

  #text(): string {
    const files = [...this.#held].map(([file, ids]) => ({ path: file, ids: [...ids].sort() }))
    return JSON.stringify({ version: 1, files })
  }
}

function holdsOf(snapshot: FilesSnapshot, which: Which) {
  return snapshot.profiles.flatMap(({ name, file, pair }) =>
    file === which && pair ? [{ profile: name, file, id: pair.id }] : [],
  )
}

/** Whether a file of whatever form can be read and names none of these keys, in one byte a character or in two. */
async function lacks(file: string, keys: readonly string[]): Promise<boolean> {
  if (keys.length === 0) return false
  try {
    if (!(await fs.stat(file)).isFile()) return false
    const bytes = await fs.readFile(file)
    if (bytes.length === 0) return false
    return !keys.some(
      (key) => bytes.includes(key) || bytes.includes(key, 0, 'utf16le') || bytes.includes(swapped(key)),
    )
  } catch {
    return false
  }
}

/** In UTF-16 with the high byte first. */
function swapped(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16()
}

function same(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((each) => other.has(each))
}

async function exists(directory: string): Promise<boolean> {
  return fs.stat(directory).then(
    () => true,
    () => false,
  )
}
