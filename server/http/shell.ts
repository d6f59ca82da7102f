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

/** What stands at the bare address: words alone, so that it has nothing to lose. */
const front = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    <title>Keyturn</title>
    <link rel="icon" href="data:," />
  </head>
  <body>
    <h1>Paste the link from the terminal</h1>
    <p>
      Keyturn runs at this address, and its page is at the whole link that it printed in its terminal. Paste that link
      into the address bar. Enter in the terminal prints a fresh one.
    </p>
  </body>
</html>
`

/**
 * The page's files, by an exact list made at start: nothing of the request ever becomes a path of the file system.
 * A file or symlink that comes later has no route. All are below `/PATH/`, and `index.html` is served at that alone:
 * see pagePath.ts.
 */
export async function addShell(app: FastifyInstance, root: string, pagePath: string): Promise<void> {
  const listed = new Set((await builtFiles(root)).map((name) => `/${name}`))
  if (!listed.has('/index.html')) throw new Error(`There is no built page in ${root}.`)
  const links = await unlisted(root, listed)
  await app.register(async (shell) => {
    shell.addHook('onRoute', (route) => {
      route.config = { ...route.config, access: 'shell' }
    })
    await shell.register(files, {
      root,
      prefix: `/${pagePath}/`,
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
    const method = ['GET', 'HEAD']
    shell.route({
      method,
      url: `/${pagePath}/`,
      schema: { hide: true },
      handler: (_request, reply) => reply.sendFile('/index.html'),
    })
    shell.route({
      method,
      url: '/',
      schema: { hide: true },
      handler: (_request, reply) => reply.type('text/html; charset=utf-8').send(front),
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
