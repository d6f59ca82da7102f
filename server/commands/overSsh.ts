import os from 'node:os'
import type { Environment } from '../platform/environment.ts'
import { verbatim } from './layout.ts'
import { shellWords } from './shellWords.ts'

/**
 * Pure but for the user's name: the command that makes a page here reachable from where the person sits, for a session over
 * SSH; by the address that the session itself came to.
 */
export function sshLine(env: Environment, link: string): string | undefined {
  const [, , host, port] = (env['SSH_CONNECTION'] ?? '').split(' ')
  if (!host || !port) return undefined
  const listens = new URL(link).port
  const user = env['USER'] ?? env['LOGNAME'] ?? os.userInfo().username
  const through = port === '22' ? [] : ['-p', port]
  return shellWords(
    ['ssh', '-N', ...through, '-L', `${listens}:127.0.0.1:${listens}`, `${user}@${host}`],
    process.platform,
  )
}

/** After the link, since it opens nothing where the person sits. */
export function sayOverSsh(say: (text: string) => void, env: Environment, link: string): void {
  const line = sshLine(env, link)
  if (line === undefined) return
  say(
    'This is an SSH session. On your own machine first, with the name that you gave ssh if this address is not reached:',
  )
  say(verbatim(`  ${line}`))
}
