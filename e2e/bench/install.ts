import { execFileSync } from 'node:child_process'
import { cpSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Group } from './group.ts'

const root = path.join(import.meta.dirname, '..', '..')
const needed = ['package.json', 'package-lock.json', '.npmrc', 'server/scripts']

type Packages = Record<string, { readonly version: string; readonly dependencies?: Record<string, string> }>

export const install: Group = {
  name: 'install',
  about: '`npm ci --omit=dev` in an empty directory',
  async measure(report, { full }) {
    const directory = mkdtempSync(path.join(tmpdir(), 'keyturn-install-'))
    try {
      for (const name of needed)
        cpSync(path.join(root, name), path.join(directory, name), { recursive: true })
      execFileSync('npm', ['ci', '--omit=dev', '--prefer-offline'], {
        cwd: directory,
        stdio: ['ignore', 2, 2],
        shell: process.platform === 'win32',
      })
      const tree = new Tree(directory)
      report.add({ what: 'packages', value: tree.names.length, unit: '' })
      report.add({
        what: 'size on disk',
        value: blocks(path.join(directory, 'node_modules')),
        unit: 'MiB',
        atMost: 70,
      })
      report.note(`${'MiB alone'.padStart(10)} ${'with all it needs'.padStart(18)}`)
      const shown = full ? tree.names : tree.direct
      for (const name of shown.sort((a, b) => tree.total(b) - tree.total(a))) report.note(tree.line(name))
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

/** What npm has installed, by its path, with sizes. */
class Tree {
  readonly names: string[]
  readonly direct: string[]
  readonly #packages: Packages
  readonly #sizes: Map<string, number>

  constructor(directory: string) {
    const read = (file: string): unknown => JSON.parse(readFileSync(path.join(directory, file), 'utf8'))
    this.#packages = (read('node_modules/.package-lock.json') as { packages: Packages }).packages
    const { dependencies } = read('package.json') as { dependencies: Record<string, string> }
    this.names = Object.keys(this.#packages)
    this.direct = Object.keys(dependencies).map((name) => `node_modules/${name}`)
    this.#sizes = new Map(
      this.names.map((name) => [name, blocks(path.join(directory, name), 'node_modules')]),
    )
  }

  total(name: string): number {
    return [...this.#closure(name)].reduce((sum, each) => sum + (this.#sizes.get(each) ?? 0), 0)
  }

  line(name: string): string {
    const alone = (this.#sizes.get(name) ?? 0).toFixed(2).padStart(10)
    const count = `${this.#closure(name).size} packages`
    const all = `${this.total(name).toFixed(2)} in ${count}`.padStart(18)
    return `${alone} ${all}  ${name.replace(/^node_modules\//, '')} ${this.#packages[name]?.version}`
  }

  #closure(name: string, found = new Set<string>()): Set<string> {
    if (found.has(name)) return found
    found.add(name)
    for (const wanted of Object.keys(this.#packages[name]?.dependencies ?? {})) {
      const place = this.#resolve(name, wanted)
      if (place !== undefined) this.#closure(place, found)
    }
    return found
  }

  /** The nearest one above, as Node looks for it. */
  #resolve(from: string, wanted: string): string | undefined {
    for (let place = from; ; place = place.slice(0, Math.max(0, place.lastIndexOf('/node_modules/')))) {
      const candidate = `${place === '' ? '' : `${place}/`}node_modules/${wanted}`
      if (candidate in this.#packages) return candidate
      if (place === '') return undefined
    }
  }
}

/** MiB that a folder takes on the disk, as `du` counts; without folders of the name `except`. */
function blocks(folder: string, except?: string): number {
  let bytes = lstatSync(folder).blocks * 512
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory()) bytes += entry.name === except ? 0 : blocks(file, except) * 2 ** 20
    else bytes += lstatSync(file).blocks * 512
  }
  return bytes / 2 ** 20
}
