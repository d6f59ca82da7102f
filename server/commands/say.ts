import type { Readable, Writable } from 'node:stream'
import type { Environment } from '../platform/environment.ts'
import { thisInvocation } from './invocation.ts'
import { printed } from './layout.ts'
import type { Options } from './options.ts'

export interface Io {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  /** Without the secrets that it may have held: see platform/environment.ts. */
  readonly env: Environment
}

/** Says something on standard error, where there is no command's terminal. @param options none where they are not known */
export function sayer(
  { stderr, env }: Pick<Io, 'stderr' | 'env'>,
  options?: Options,
): (text: string) => void {
  const invocation = thisInvocation(env, options)
  return (text) => void stderr.write(`${printed(text, invocation, stderr, env)}\n`)
}
