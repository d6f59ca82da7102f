import type { Readable, Writable } from 'node:stream'
import type { Environment } from '../platform/environment.ts'
import { printable } from '../../shared/printable.ts'
import { hasColours } from './colours.ts'
import { withInvocation } from './hints.ts'
import { thisInvocation } from './invocation.ts'
import { laidOut } from './layout.ts'
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
  const columns = stderr.isTTY === true ? stderr.columns || undefined : undefined
  return (text) => {
    const words = printable(withInvocation(text, invocation))
    stderr.write(`${laidOut(words, hasColours(stderr, env), columns)}\n`)
  }
}
