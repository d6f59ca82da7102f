import { mkdtempSync, rmSync } from 'node:fs'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { readSharedConfig } from '../../aws/sharedConfigReader.ts'
import { systemClock } from '../../platform/clock.ts'
import type { Trouble } from '../../api/problem.ts'
import { Failure } from '../../platform/failure.ts'
import { Secret } from '../keyPair.ts'
import type { KeyPair } from '../keyPair.ts'
import { createProfileStore } from '../store/store.ts'

/** Two files in a throwaway directory, and stores over them. */
export class StoreFixture {
  readonly directory = mkdtempSync(path.join(os.tmpdir(), 'keyturn-files-'))
  readonly credentials = path.join(this.directory, 'credentials')
  readonly config = path.join(this.directory, 'config')

  open(options: { lockPatienceMs?: number } = {}) {
    return createProfileStore({
      locations: {
        credentials: { path: this.credentials, from: 'test' },
        config: { path: this.config, from: 'test' },
      },
      reader: readSharedConfig,
      clock: systemClock,
      lockPatienceMs: options.lockPatienceMs ?? 2_000,
    })
  }

  /** A file that was written a while ago, so that nobody waits for a write to end. */
  async put(which: 'credentials' | 'config', content: string | Buffer, mode = 0o600): Promise<void> {
    const hourAgo = Date.now() / 1000 - 3600
    await fs.writeFile(this[which], content, { mode })
    await fs.utimes(this[which], hourAgo, hourAgo)
  }

  text(which: 'credentials' | 'config'): Promise<string> {
    return fs.readFile(this[which], 'utf8')
  }

  /** What stands beside the two files: locks and temporary files that should be gone. */
  async leftOver(): Promise<string[]> {
    return (await fs.readdir(this.directory)).filter((name) => name.startsWith('.'))
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true })
  }
}

export function pair(n: number): KeyPair {
  return { id: `AKIA${String(n).padStart(16, '0')}`, secret: new Secret(`secret/${n}+`.padEnd(40, 'x')) }
}

export function section(name: string, n: number, eol = '\n'): string {
  return `[${name}]${eol}aws_access_key_id = ${pair(n).id}${eol}aws_secret_access_key = ${pair(n).secret.reveal()}${eol}`
}

/** The trouble that a call ends in; undefined where it succeeds. Anything but a Failure is thrown on: a defect. */
export async function troubleOf(doing: Promise<unknown>): Promise<Trouble | undefined> {
  try {
    await doing
    return undefined
  } catch (error) {
    if (error instanceof Failure) return error.trouble
    throw error
  }
}
