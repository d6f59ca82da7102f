import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import path from 'node:path'

/** Looks for secrets where none may stand: in what the API said, in what was printed, in what is kept on disk. */
export class SecretSearch {
  readonly #secrets: Set<string>
  readonly #heard: string[] = []

  constructor(secrets: readonly string[]) {
    this.#secrets = new Set(secrets)
  }

  /** One more secret to look for. */
  learn(secret: string): void {
    this.#secrets.add(secret)
  }

  /** Replies of the API. */
  hear(...replies: unknown[]): void {
    this.#heard.push(...replies.map((reply) => JSON.stringify(reply)))
  }

  /** @throws AssertionError that names the place, and not the secret */
  async expectNone(printed: Readonly<Record<string, string>>, stateDirectory: string): Promise<void> {
    const places = new Map([['the API', this.#heard.join('\n')], ...Object.entries(printed)])
    for (const file of await filesUnder(stateDirectory))
      // The undo store alone may hold pairs: that is what it is for.
      if (!path.relative(stateDirectory, file).startsWith('undo'))
        places.set(file, await fs.readFile(file, 'latin1'))
    for (const [place, text] of places)
      for (const secret of this.#secrets)
        for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')])
          assert.ok(!text.includes(form), `a secret stands in ${place}`)
  }
}

async function filesUnder(directory: string): Promise<string[]> {
  const entries = await fs.readdir(directory, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
}
