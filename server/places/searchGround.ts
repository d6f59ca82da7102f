import fs from 'node:fs/promises'
import path from 'node:path'
import type { Environment } from '../platform/environment.ts'
import type { Wanted } from './forms.ts'
import { knownPlaces } from './knownPlaces.ts'
import type { WalkSetup } from './walker.ts'

export interface Ground {
  readonly home: string
  readonly env: Environment
  readonly platform: NodeJS.Platform
  /** The two files of the profiles; what they hold is known, what lies beside them is looked at. */
  readonly awsFiles: readonly string[]
  readonly stateDirectory: string
}

/**
 * Where to look, with every link on the way resolved once and none followed later.
 * @param folders where the person wants to have looked; none: the known places, then the home
 * @throws the file system's error where such a folder is not there
 */
export async function groundOf(
  { home, env, platform, awsFiles, stateDirectory }: Ground,
  wanted: readonly Wanted[],
  folders: readonly string[] = [],
): Promise<WalkSetup> {
  const own = await Promise.all([...awsFiles, stateDirectory].map(resolved))
  const without = [...new Set([...awsFiles, stateDirectory, ...own])]
  const setup = { wanted, without, mounts: await mounts(), leftOut: {} }
  if (folders.length > 0) {
    const roots: string[] = []
    const known: string[] = []
    for (const folder of folders) {
      const real = await fs.realpath(folder)
      ;((await fs.stat(real)).isDirectory() ? roots : known).push(real)
    }
    return { ...setup, roots: [...new Set(roots)], known: [...new Set(known)] }
  }
  const root = await resolved(home)
  const known = await Promise.all(
    [...knownPlaces(root, env, platform), ...(await besides(awsFiles))].map((file) => insideOf(file, root)),
  )
  return {
    ...setup,
    roots: [root],
    known: [...new Set(known.flatMap((file) => file ?? []))],
    leftOut: platform === 'darwin' ? askedFor(root) : {},
  }
}

/** macOS asks the person at the first look into these, in the terminal's name. */
function askedFor(home: string): Record<string, string> {
  const why = 'macOS would ask you for leave: name it to have it searched'
  return Object.fromEntries(['Desktop', 'Documents', 'Downloads'].map((name) => [path.join(home, name), why]))
}

/** A known place behind a link that leads out of the home is the walk's to pass over, as every link. */
async function insideOf(file: string, root: string): Promise<string | undefined> {
  const folder = await resolved(path.dirname(file))
  const direct = folder === path.dirname(file)
  return direct || folder === root || folder.startsWith(root + path.sep)
    ? path.join(folder, path.basename(file))
    : undefined
}

/** Most copies of the files are made beside them. */
async function besides(awsFiles: readonly string[]): Promise<string[]> {
  const folders = [...new Set(awsFiles.map((file) => path.dirname(file)))]
  const lists = await Promise.all(
    folders.map(async (folder) => {
      const entries = await fs.readdir(folder, { withFileTypes: true }).catch(() => [])
      return entries.filter((entry) => entry.isFile()).map(({ name }) => path.join(folder, name))
    }),
  )
  // A folder with more is no folder of settings.
  return lists.filter(({ length }) => length <= 500).flat()
}

async function resolved(file: string): Promise<string> {
  return fs.realpath(file).catch(() => path.resolve(file))
}

/** Linux tells of every mount; elsewhere the number of the device does, when it is too late for one that hangs. */
async function mounts(): Promise<string[]> {
  const text = await fs.readFile('/proc/self/mountinfo', 'utf8').catch(() => '')
  return text.split('\n').flatMap((line) => {
    const point = line.split(' ')[4]
    return point === undefined || point === '/'
      ? []
      : [point.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))]
  })
}
