import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The fault suite kills the built command: it must be built of what stands here now. KEYTURN_COMMAND names another. */
export default function build(): void {
  if (process.env['KEYTURN_COMMAND'] !== undefined) return
  const root = fileURLToPath(new URL('../..', import.meta.url))
  const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))
  execFileSync(process.execPath, [tsc, '-p', 'server/tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
}
