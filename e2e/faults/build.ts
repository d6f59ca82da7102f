import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/**
 * The fault suite kills the built command, which does not start without its page: both must be built of what stands
 * here now. KEYTURN_COMMAND names another.
 */
export default function build(): void {
  if (process.env['KEYTURN_COMMAND'] !== undefined) return
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const vite = fileURLToPath(new URL('../../node_modules/vite/bin/vite.js', import.meta.url))
  for (const config of ['server/vite.config.ts', 'vite.config.ts'])
    execFileSync(process.execPath, [vite, 'build', '--config', config, '--logLevel', 'warn'], {
      cwd: root,
      stdio: 'inherit',
    })
}
