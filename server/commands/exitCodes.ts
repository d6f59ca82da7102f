/** What the commands end with; `keyturn --help` says it too. */
export const exit = {
  ok: 0,
  /** Some failed, or something is due. */
  failed: 1,
  usage: 2,
  nothing: 3,
  recovery: 4,
  interrupted: 130,
} as const
