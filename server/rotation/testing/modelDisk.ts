import type { Ground } from './ground.ts'
import { pairsIn } from './ground.ts'

export interface File {
  readonly kind: 'file'
  readonly ino: number
  mode: number
  /** Another buffer after every write: images share it. */
  data: Buffer
  /** What a power cut leaves of it. */
  durable: Buffer
  /** Counts writes; stands for the time of the last one. */
  version: number
}

export interface Directory {
  readonly kind: 'directory'
  readonly ino: number
  mode: number
  entries: Map<string, Node>
  /** The names that a power cut leaves. */
  durable: Map<string, Node>
}

export type Node = File | Directory

/** How the machine comes to stand still, and so what is left on the disk. */
export const endings = [
  'killed',
  'power cut: all that was not fsynced is lost',
  'power cut: names survive, content that was not fsynced is lost',
  'power cut: content survives, names that were not fsynced are lost',
] as const
export type Ending = (typeof endings)[number]

/** A whole disk at an instant: what stands on it, and what of it is durable. */
export type DiskImage = Directory

/**
 * A disk as a plain model, by the letter of POSIX: content is durable once its file was fsynced, a name once its
 * directory was. `fsOnModel.ts` puts it behind node:fs/promises; `modelDisk.test.ts` compares it with a real one.
 */
export class ModelDisk implements Ground {
  readonly root = '/keyturn-model-disk'
  readonly credentials = `${this.root}/credentials`
  readonly config = `${this.root}/config`
  readonly state = `${this.root}/state`
  #nodes = 0
  #writes = 0
  #top: Directory = this.directory(0o700)
  /** Told before and after each act that writes. */
  onBoundary: (label: string) => void = () => undefined

  readonly #honest: boolean

  /** @param honest false: it says that it has fsynced and has not, as some disks do */
  constructor(honest = true) {
    this.#honest = honest
    this.#keep('state', this.directory(0o700))
  }

  text(which: 'credentials' | 'config'): string {
    const node = this.find(this[which])
    return node?.kind === 'file' ? node.data.toString('utf8') : ''
  }

  /** Durable at once: it was there before all that is tried here. */
  lay(which: 'credentials' | 'config', text: string): void {
    const file = this.file(0o600)
    file.data = file.durable = Buffer.from(text)
    this.#keep(which, file)
  }

  /** Somebody removed it, long enough ago that no power cut brings it back. */
  lose(which: 'credentials' | 'config'): void {
    this.#top.entries.delete(which)
    this.#top.durable.delete(which)
  }

  #keep(name: string, node: Node): void {
    this.#top.entries.set(name, node)
    this.#top.durable.set(name, node)
  }

  pairs(): Map<string, { id: string; secret: string }> {
    return pairsIn((which) => this.text(which))
  }

  journals(): string {
    const runs = this.find(`${this.state}/runs`)
    if (runs?.kind !== 'directory') return ''
    return [...runs.entries.values()]
      .map((node) => (node.kind === 'file' ? node.data.toString() : ''))
      .join('')
  }

  /** Files that a write to their place was under way with. */
  temporaries(): string[] {
    const names = (at: Directory): string[] =>
      [...at.entries].flatMap(([name, node]) =>
        node.kind === 'directory' ? names(node) : name.endsWith('.tmp') ? [name] : [],
      )
    return names(this.#top)
  }

  find(path: string): Node | undefined {
    let node: Node | undefined = this.#top
    for (const name of path.slice(this.root.length).split('/')) {
      if (name === '') continue
      if (node?.kind !== 'directory') return undefined
      node = node.entries.get(name)
    }
    return node
  }

  file(mode: number): File {
    return { kind: 'file', ino: ++this.#nodes, mode, data: empty, durable: empty, version: ++this.#writes }
  }

  directory(mode: number): Directory {
    return { kind: 'directory', ino: ++this.#nodes, mode, entries: new Map(), durable: new Map() }
  }

  /** Bytes at a place of a file; what is skipped is zeros. */
  write(file: File, bytes: Buffer, at: number): void {
    if (bytes.length === 0) return
    this.truncate(file, Math.max(file.data.length, at + bytes.length))
    bytes.copy(file.data, at)
  }

  truncate(file: File, length: number): void {
    const data = Buffer.alloc(length)
    file.data.copy(data)
    file.data = data
    file.version = ++this.#writes
  }

  sync(node: Node): void {
    if (!this.#honest) return
    if (node.kind === 'file') node.durable = node.data
    else node.durable = new Map(node.entries)
  }

  /** What a death at this instant leaves, with its locks gone: those of a dead process count for nothing, which lock.test.ts proves. */
  after(ending: Ending): DiskImage {
    const image = copy(this.#top)
    if (ending !== 'killed') cutPower(image, ending)
    dropLocks(image)
    return image
  }

  restore(image: DiskImage): void {
    this.#top = copy(image)
  }
}

const empty = Buffer.alloc(0)

/** Of a directory and all that it leads to, by names of today or durable ones; a node that has two is copied once. */
function copy(top: Directory): Directory {
  const copies = new Map<Node, Node>()
  const copyOf = (node: Node): Node => {
    const known = copies.get(node)
    if (known) return known
    if (node.kind === 'file') {
      const file = { ...node }
      copies.set(node, file)
      return file
    }
    const directory: Directory = { ...node, entries: new Map(), durable: new Map() }
    copies.set(node, directory)
    for (const [name, child] of node.entries) directory.entries.set(name, copyOf(child))
    for (const [name, child] of node.durable) directory.durable.set(name, copyOf(child))
    return directory
  }
  return copyOf(top) as Directory
}

/** After it, all that is left is durable. */
function cutPower(node: Node, ending: Exclude<Ending, 'killed'>): void {
  if (node.kind === 'file') {
    if (ending !== endings[3]) node.data = node.durable
    else node.durable = node.data
    return
  }
  if (ending === endings[2]) node.durable = new Map(node.entries)
  else node.entries = new Map(node.durable)
  for (const child of node.entries.values()) cutPower(child, ending)
}

function dropLocks(directory: Directory): void {
  for (const names of [directory.entries, directory.durable])
    for (const [name, node] of names) {
      if (node.kind === 'directory') dropLocks(node)
      else if (name.includes('lock')) names.delete(name)
    }
}

/** Alike for two images that a life cannot tell apart: what is drawn at random is left out. */
export function keyOf(node: Node): string {
  if (node.kind === 'file') {
    const data = node.data.toString('latin1')
    return node.data.equals(node.durable)
      ? data
      : `${data}\0unsynced, else ${node.durable.toString('latin1')}`
  }
  const listed = (names: Map<string, Node>) =>
    [...names].map(([name, child]) => `${name.replace(/[0-9a-f]{16}\.tmp$/, 'tmp')}\0${keyOf(child)}`).sort()
  const now = listed(node.entries).join('\n')
  const durable = listed(node.durable).join('\n')
  return now === durable ? `{${now}}` : `{${now}\0unsynced, else ${durable}}`
}
