import fs from 'node:fs/promises'
import path from 'node:path'
import files from '@fastify/static'
import type { FastifyInstance } from 'fastify'

/** The built files, as paths below the root with forward slashes: no dotfiles, nothing that a symlink leads to. */
async function builtFiles(root: string, below = ''): Promise<string[]> {
  const entries = await fs.readdir(path.join(root, below), { withFileTypes: true })
  const found = await Promise.all(
    entries
      .filter((entry) => !entry.name.startsWith('.'))
      .map(async (entry) => {
        const name = below === '' ? entry.name : `${below}/${entry.name}`
        if (entry.isDirectory()) return builtFiles(root, name)
        return entry.isFile() ? [name] : []
      }),
  )
  return found.flat().sort()
}

/** @fastify/static lists files by glob; in a name of ours these would mean something else. */
const literal = (name: string) => name.replace(/[\\*?[\]{}()!+@]/g, '\\$&')

/**
 * The page's files, by an exact list made at start: nothing of the request ever becomes a path of the file system.
 * A file or symlink that comes later has no route. `index.html` is served at `/` alone.
 */
export async function addShell(app: FastifyInstance, root: string): Promise<void> {
  const listed = new Set((await builtFiles(root)).map((name) => `/${name}`))
  if (!listed.has('/index.html')) throw new Error(`There is no built page in ${root}.`)
  const links = await unlisted(root, listed)
  await app.register(async (shell) => {
    shell.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'shell' }
    })
    await shell.register(files, {
      root,
      wildcard: false,
      globIgnore: ['index.html', ...links.flatMap((name) => [literal(name), `${literal(name)}/**`])],
      allowedPath: (name) => listed.has(name),
      index: false,
      dotfiles: 'deny',
      serveDotFiles: false,
      // The headers of every answer say no-store.
      cacheControl: false,
      etag: false,
      lastModified: false,
      acceptRanges: false,
    })
    shell.route({
      method: ['GET', 'HEAD'],
      url: '/',
      schema: { hide: true },
      handler: (_request, reply) => reply.sendFile('/index.html'),
    })
  })
}

/** Whatever stands below the root and is not on the list: symlinks, which the plugin's glob would follow. */
async function unlisted(root: string, listed: ReadonlySet<string>): Promise<string[]> {
  const all = await fs.readdir(root, { withFileTypes: true, recursive: true })
  return all
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .filter((name) => !listed.has(`/${name}`))
}
