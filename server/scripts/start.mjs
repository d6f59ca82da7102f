// `npm start`: builds when there is no build yet, then becomes the built command.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const command = join(root, 'dist', 'server', 'main.js')

if (!existsSync(command) || !existsSync(join(root, 'dist', 'web', 'index.html'))) {
  const built = spawnSync(process.execPath, [join(root, 'server', 'scripts', 'prepare.mjs')], {
    stdio: ['ignore', 2, 2],
  })
  if (built.status !== 0 || !existsSync(command)) {
    process.stderr.write(
      'keyturn: there is no build to start. Run `npm ci` (with development packages), then `npm run build`.\n',
    )
    process.exit(1)
  }
}

process.argv[1] = command
await import(pathToFileURL(command).href)
