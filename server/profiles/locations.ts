import { userInfo } from 'node:os'
import path from 'node:path'
import type { Which } from '../api/inventory.ts'

export interface FileLocation {
  /** Absolute, symlinks not resolved: as the person knows it. */
  readonly path: string
  /** What decided it, such as `--credentials-file`, AWS_CONFIG_FILE or `default`. */
  readonly from: string
}

export type FileLocations = Readonly<Record<Which, FileLocation>>

export interface LocationInputs {
  readonly flags: { readonly credentials?: string; readonly config?: string }
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly cwd: string
  /** Home of another user, for `~name/…`; undefined: unknown, and the text stays as it is. */
  readonly homeOf?: (user: string) => string | undefined
}

/** Which files are meant: a flag, else AWS's own variable, else `~/.aws/…`. Nothing is looked at on the disk. */
export function locateFiles(inputs: LocationInputs): FileLocations {
  const locate = (which: Which, variable: string): FileLocation => {
    const flag = inputs.flags[which]
    // A flag comes from a shell, which has expanded what it should; a literal $ in it is a part of the name.
    if (flag !== undefined)
      return { path: path.resolve(inputs.cwd, expandHome(flag, inputs)), from: `--${which}-file` }
    const set = inputs.env[variable]
    if (set)
      return {
        path: path.resolve(inputs.cwd, expandHome(expandVariables(set, inputs.env), inputs)),
        from: variable,
      }
    return { path: path.join(inputs.home, '.aws', which), from: 'default' }
  }
  return {
    credentials: locate('credentials', 'AWS_SHARED_CREDENTIALS_FILE'),
    config: locate('config', 'AWS_CONFIG_FILE'),
  }
}

/**
 * `$NAME` and `${NAME}`, on Windows `%NAME%` too, as Python's os.path.expandvars does, which botocore calls: unknown
 * ones stay as they are.
 */
export function expandVariables(text: string, env: Readonly<Record<string, string | undefined>>): string {
  if (process.platform === 'win32') return expandOnWindows(text, env)
  return text.replace(
    /\$(?:([A-Za-z0-9_]+)|\{([^}]*)\})/g,
    (whole, bare?: string, braced?: string) => env[bare ?? braced ?? ''] ?? whole,
  )
}

/** Names have no case there; what stands in single quotes is left, and %% and $$ are one sign: ntpath.expandvars. */
function expandOnWindows(text: string, env: Readonly<Record<string, string | undefined>>): string {
  const byName = new Map(Object.entries(env).map(([name, value]) => [name.toUpperCase(), value]))
  return text.replace(
    /'[^']*'?|%%|\$\$|%([^%]*)%|\$\{([^}]*)\}|\$([\w-]+)/g,
    (whole, percent?: string, braced?: string, bare?: string) => {
      if (whole === '%%' || whole === '$$') return whole[0] as string
      const name = percent ?? braced ?? bare
      return (name !== undefined ? byName.get(name.toUpperCase()) : undefined) ?? whole
    },
  )
}

/** A leading `~` or `~user`, as os.path.expanduser: HOME is taken first, by `home`. */
export function expandHome(text: string, { home, homeOf }: Pick<LocationInputs, 'home' | 'homeOf'>): string {
  const match = /^~([^/\\]*)/.exec(text)
  if (!match) return text
  const user = match[1] as string
  const found = user === '' ? home : homeOf?.(user)
  return found === undefined ? text : found + text.slice(match[0].length)
}

/** `~name` for the only user whose home Node can tell: oneself. */
export function ownHomeOf(user: string): string | undefined {
  const me = userInfo()
  return me.username === user ? me.homedir : undefined
}
