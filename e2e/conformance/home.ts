import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { SeededUser } from './cloud.ts'

/** A profile, the user whose key it holds, and the file it stands in. */
export interface TriedProfile {
  readonly name: string
  readonly user: SeededUser
  readonly file: 'credentials' | 'config'
}

export interface Home {
  readonly directory: string
  readonly files: { readonly credentials: string; readonly config: string }
  readonly state: string
  readonly profiles: readonly TriedProfile[]
  /** The two files as they were at first. */
  readonly before: { readonly credentials: string; readonly config: string }
  remove(): Promise<void>
}

/** Every user's key in a profile; one key in two profiles, one pair in the config file. */
export async function makeHome(users: readonly SeededUser[]): Promise<Home> {
  const profiles = users.flatMap((user): TriedProfile[] => {
    if (user.name === 'ada')
      return [
        { name: 'ada', user, file: 'credentials' },
        { name: 'ada-laptop', user, file: 'credentials' },
      ]
    if (user.name === 'radia') return [{ name: 'radia', user, file: 'config' }]
    return [{ name: user.name.replace(/[^\w.-]/g, '-'), user, file: 'credentials' }]
  })
  const pair = ({ id, secret }: SeededUser) => `aws_access_key_id = ${id}\naws_secret_access_key=${secret}\n`
  const credentials = profiles
    .filter(({ file }) => file === 'credentials')
    .map(
      ({ name, user }, index) =>
        `${index % 3 === 0 ? `# ${name}: kept as it is\n` : ''}[${name}]\n${pair(user)}`,
    )
    .join('\n')
  const config = profiles
    .map(
      ({ name, user, file }) =>
        `[profile ${name}]\nregion = us-east-1\n${file === 'config' ? pair(user) : ''}`,
    )
    .join('\n; between profiles\n')

  const directory = await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-conformance-'))
  const files = { credentials: path.join(directory, 'credentials'), config: path.join(directory, 'config') }
  await fs.writeFile(files.credentials, credentials, { mode: 0o600 })
  await fs.writeFile(files.config, config, { mode: 0o600 })
  return {
    directory,
    files,
    state: path.join(directory, 'state'),
    profiles,
    before: { credentials, config },
    remove: () => fs.rm(directory, { recursive: true, force: true }),
  }
}

/** Every pair in the files, by profile, read by nothing of Keyturn's. */
export async function pairsIn(home: Home): Promise<Map<string, { id: string; secret: string }>> {
  const pairs = new Map<string, { id: string; secret: string }>()
  for (const file of Object.values(home.files))
    for (const [, name, body] of (await fs.readFile(file, 'utf8')).matchAll(
      /^\[(?:profile )?([^\]]+)\]\n((?:(?!\[).*\n?)*)/gm,
    )) {
      const id = /^aws_access_key_id ?= ?(.*)$/m.exec(body!)?.[1]
      const secret = /^aws_secret_access_key ?= ?(.*)$/m.exec(body!)?.[1]
      if (id && secret) pairs.set(name!, { id, secret })
    }
  return pairs
}

/** A file's text with every pair's values blanked: what must not change. */
export const frameOf = (text: string) =>
  text.replace(/^(aws_(?:access_key_id|secret_access_key) ?= ?).*$/gm, '$1')
