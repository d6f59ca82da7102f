import { rmSync } from 'node:fs'
import fs from 'node:fs/promises'
import { randomBytes } from 'node:crypto'
import path from 'node:path'
import type { Environment } from './environment.ts'
import { ownFiles } from './ownFiles.ts'

/** Opens a local file in the person's browser. Resolves when the program that does so runs; rejects where none does. */
export type OpenFile = (file: string, onFailure: () => void) => Promise<void>

/** Tells the operating system to open a file; its opener, such as xdg-open, may still fail a moment later. */
export const openWithSystem: OpenFile = async (file, onFailure) => {
  const { default: open } = await import('open')
  const program = await open(file)
  program.once('exit', (code) => {
    if (code !== null && code !== 0) onFailure()
  })
}

/** The page that leads to the link. It may load nothing, and tells the next page nothing about itself. */
function redirectPage(link: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0;url=${link}">
<title>Keyturn</title>
</head>
<body><p><a href="${link}">Open Keyturn</a></p></body>
</html>
`
}

const ownName = /^keyturn-[0-9a-f]{16}\.html$/
/** Older than any secret that still works, in milliseconds: another Keyturn's file of this moment is left alone. */
const leftOverAge = 10 * 60_000

/**
 * Removes the redirect files that a Keyturn which was killed left behind. What cannot be removed is of no use to anybody:
 * its secret has ended with that process.
 *
 * @param minAge in milliseconds; 0 where nobody else can have made one
 */
export async function sweepRedirects(folder: string, minAge = 0): Promise<void> {
  for (const name of (await ownFiles.list(folder)).filter((found) => ownName.test(found))) {
    const file = path.join(folder, name)
    const stat = await fs.lstat(file).catch(() => undefined)
    if (stat && Date.now() - stat.mtimeMs >= minAge) await ownFiles.remove(file).catch(() => undefined)
  }
}

/**
 * Opens the browser at a link without the link standing in any argument list, where every user of the machine could
 * read it: the browser is given a file that only this user can read, which leads on to the link.
 */
export class Opener {
  readonly #folder: string
  readonly #openFile: OpenFile
  #file: string | undefined
  readonly #removeAtExit = () => {
    if (this.#file !== undefined) rmSync(this.#file, { force: true })
  }

  /** @param stateDirectory used where the session has no runtime directory of its own */
  constructor(stateDirectory: string, environment: Environment, openFile: OpenFile = openWithSystem) {
    this.#folder = environment.XDG_RUNTIME_DIR || stateDirectory
    this.#openFile = openFile
  }

  /**
   * @param link an http URL without characters that HTML would read
   * @param onFailure called where the browser turns out not to open; the file stays until `clear`
   * @throws where the file cannot be written, or no program could be started
   */
  async open(link: string, onFailure: () => void): Promise<void> {
    if (!/^[\w:/.#-]+$/.test(link)) throw new Error('The link has characters that are not safe in a page.')
    await this.clear()
    await sweepRedirects(this.#folder, leftOverAge)
    process.once('exit', this.#removeAtExit)
    this.#file = path.join(this.#folder, `keyturn-${randomBytes(8).toString('hex')}.html`)
    const handle = await ownFiles.open(this.#file, 'wx', 0o600)
    try {
      await handle.writeFile(redirectPage(link))
    } finally {
      await handle.close()
    }
    await this.#openFile(this.#file, onFailure)
  }

  /** For who ends before the browser has read the file: whoever gave the link removes it. */
  leave(): void {
    this.#file = undefined
    process.removeListener('exit', this.#removeAtExit)
  }

  /** Removes the file, once it has served or its secret has expired. */
  async clear(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    process.removeListener('exit', this.#removeAtExit)
    if (file !== undefined) await ownFiles.remove(file).catch(() => undefined)
  }
}
