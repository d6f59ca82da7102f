import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultSettings } from '../../server/api/settings.ts'
import type { Settings } from '../../server/api/settings.ts'
import { startSandbox } from '../../server/sandbox/sandbox.ts'
import type { Sandbox, SandboxOptions } from '../../server/sandbox/sandbox.ts'

export type Which = 'credentials' | 'config'
export interface Pair {
  readonly id: string
  readonly secret: string
}

export const account = '123456789012'

/** A new key is refused twice, accepted once, refused again: STS and IAM do not agree on when. By calls, not by time. */
export const flapping = {
  sts: [{ works: false, calls: 2 }, { works: true, calls: 1 }, { works: false, calls: 1 }, { works: true }],
  iam: [{ works: true, calls: 1 }, { works: false, calls: 1 }, { works: true }],
}

/** Short waits, so that thousands of rotations fit into minutes; their proportions are those of the defaults. */
export const hasty: Settings['verification'] = {
  passes: 2,
  intervalMs: 20,
  patienceMs: 20_000,
  confirmPatienceMs: 10_000,
  orphanPatienceMs: 300,
}

/** Files and a state directory of their own, and an AWS of their own over real HTTP. */
export class Ground {
  readonly root: string
  readonly credentials: string
  readonly config: string
  readonly state: string
  readonly sandbox: Sandbox

  private constructor(root: string, sandbox: Sandbox) {
    this.root = root
    this.credentials = join(root, 'aws', 'credentials')
    this.config = join(root, 'aws', 'config')
    this.state = join(root, 'state')
    this.sandbox = sandbox
  }

  static async open(options: SandboxOptions = {}, settings: Partial<Settings> = {}): Promise<Ground> {
    const sandbox = await startSandbox({ accounts: [{ id: account }], seed: 1, ...options })
    // On memory-backed storage where there is some: an fsync there costs nothing, and is as good a boundary.
    const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'keyturn-faults-'))
    const ground = new Ground(root, sandbox)
    mkdirSync(join(root, 'aws'), { mode: 0o700 })
    ground.addState('state', settings)
    return ground
  }

  /** A state directory with settings of its own. @returns its path */
  addState(name: string, settings: Partial<Settings> = {}): string {
    const directory = join(this.root, name)
    mkdirSync(directory, { mode: 0o700 })
    writeFileSync(
      join(directory, 'settings.json'),
      JSON.stringify({ ...defaultSettings, verification: hasty, ...settings }),
      { mode: 0o600 },
    )
    return directory
  }

  /** The flags that lead the command to these files, this state and this AWS. */
  args(state = this.state): string[] {
    return [
      ...['--credentials-file', this.credentials, '--config-file', this.config],
      ...['--state-dir', state, '--endpoint-url', this.sandbox.url],
    ]
  }

  /** Puts a file there in one go; undefined: there is none. */
  lay(which: Which, text: string | undefined): void {
    if (text === undefined) return rmSync(this[which], { force: true })
    writeFileSync(`${this[which]}.new`, text, { mode: 0o600 })
    renameSync(`${this[which]}.new`, this[which])
  }

  text(which: Which): string {
    return existsSync(this[which]) ? readFileSync(this[which], 'utf8') : ''
  }

  /** The pair of each profile by `file:section`, read without any of the product's code. */
  pairs(): Map<string, Pair> {
    const pairs = new Map<string, Pair>()
    for (const which of ['credentials', 'config'] as const) {
      let name = ''
      for (const line of this.text(which).split('\n')) {
        const header = /^\[(.*)\]$/.exec(line.trim())
        if (header) name = `${which}:${header[1]}`
        const value = /^(aws_access_key_id|aws_secret_access_key)\s*=\s*(\S+)/.exec(line)
        if (!value) continue
        const pair = pairs.get(name) ?? { id: '', secret: '' }
        pairs.set(
          name,
          value[1] === 'aws_access_key_id'
            ? { ...pair, id: value[2] ?? '' }
            : { ...pair, secret: value[2] ?? '' },
        )
      }
    }
    return pairs
  }

  /** Everything under the state directories and beside the files, but the two files themselves and the undo store. */
  traces(): { path: string; text: string }[] {
    return walk(this.root)
      .filter((path) => path !== this.credentials && path !== this.config && !path.includes('/undo/'))
      .flatMap((path) => {
        try {
          return [{ path, text: readFileSync(path, 'utf8') }]
        } catch (error) {
          // A process that still lives has given its own temporary file its name meanwhile.
          if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
          throw error
        }
      })
  }

  async close(): Promise<void> {
    await this.sandbox.close()
    rmSync(this.root, { recursive: true, force: true })
  }
}

function walk(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? walk(join(directory, entry.name))
      : entry.isFile()
        ? [join(directory, entry.name)]
        : [],
  )
}
