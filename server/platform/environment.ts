/** The variables whose values are secrets. AWS_SECURITY_TOKEN is the old name of the session token. */
const secretNames = new Set(['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_SECURITY_TOKEN'])

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * A copy of the environment without its secrets, which are also removed from `environment` itself: a browser that is
 * opened, or a hook that is run, inherits what this process has, and must not get them. That a secret was set stays
 * visible as an empty value, since it shadows the files for every other program.
 *
 * The names of Windows' variables have no case, and each program may write them as it likes: the copy has them in
 * capitals there.
 */
export function takeEnvironment(environment: NodeJS.ProcessEnv = process.env): Environment {
  const taken: Record<string, string | undefined> = {}
  for (const [given, value] of Object.entries(environment)) {
    const name = process.platform === 'win32' ? given.toUpperCase() : given
    taken[name] = secretNames.has(name) ? '' : value
    if (secretNames.has(name)) delete environment[given]
  }
  return taken
}
