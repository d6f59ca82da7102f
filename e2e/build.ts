import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Tests that start the command start the built one, which does not start without its page: both must be built of what
 * stands here now. KEYTURN_COMMAND names another.
 */
export default function build(): void {
  if (process.env['KEYTURN_COMMAND'] !== undefined || isFresh()) return
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
  for (const config of ['server/vite.config.ts', 'vite.config.ts'])
    execFileSync(process.execPath, [vite, 'build', '--config', config, '--logLevel', 'warn'], {
      cwd: root,
      stdio: 'inherit',
    })
}

/** Whether nothing that goes into the build is newer than what was built last. */
function isFresh(): boolean {
  const built = Math.min(...['server/main.js', 'web/index.html'].map((file) => changed(join('dist', file))))
  const sources = ['server', 'web'].flatMap((directory) =>
    readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' }).map((name) =>
      changed(join(directory, name)),
    ),
  )
  return (
    ['package-lock.json', 'vite.config.ts'].every((file) => changed(file) < built) &&
    Math.max(...sources) < built
  )
}

/** When it was written last, in milliseconds; 0 where there is none. */
function changed(file: string): number {
  return statSync(join(root, file), { throwIfNoEntry: false })?.mtimeMs ?? 0
}
