import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The fault suite kills the built command: it must be built of what stands here now. KEYTURN_COMMAND names another. */
export default function build(): void {
  if (process.env['KEYTURN_COMMAND'] !== undefined) return
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const vite = fileURLToPath(new URL('../../node_modules/vite/bin/vite.js', import.meta.url))
  const options = ['build', '--config', 'server/vite.config.ts', '--logLevel', 'warn']
  execFileSync(process.execPath, [vite, ...options], { cwd: root, stdio: 'inherit' })
}
