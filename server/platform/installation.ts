import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Installation {
  readonly version: string
  /** The folder of package.json. */
  readonly root: string
  /** The folder of the built page. */
  readonly webRoot: string
}

/** Where this program stands, from source or built: the nearest folder above with a package.json. */
export function findInstallation(): Installation {
  let folder = path.dirname(fileURLToPath(import.meta.url))
  while (!existsSync(path.join(folder, 'package.json'))) {
    const above = path.dirname(folder)
    if (above === folder)
      throw new Error('The package.json of Keyturn is missing: the installation is broken.')
    folder = above
  }
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
    version: string
  }
  return { version, root: folder, webRoot: path.join(folder, 'dist', 'web') }
}
