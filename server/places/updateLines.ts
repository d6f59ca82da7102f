import { type Static, Type } from 'typebox'

/** `started` is durable before the write; a `started` alone is one that a crash cut off. */
export const UpdateLine = Type.Object(
  {
    at: Type.String(),
    path: Type.String(),
    from: Type.String(),
    to: Type.String(),
    phase: Type.Enum(['started', 'done', 'failed']),
  },
  { additionalProperties: false },
)
export type UpdateLine = Static<typeof UpdateLine>
export type Phase = UpdateLine['phase']

/** Pure: what the journal of places comes to. */
export function standing(lines: readonly UpdateLine[]) {
  const open = new Map<string, UpdateLine>()
  const holds = new Map<string, Set<string>>()
  for (const line of lines) {
    const name = `${line.from} ${line.to} ${line.path}`
    if (line.phase === 'started') open.set(name, line)
    else open.delete(name)
    if (line.phase !== 'done') continue
    const keys = holds.get(line.path) ?? new Set()
    keys.delete(line.from)
    holds.set(line.path, keys.add(line.to))
  }
  return {
    open: [...open.values()],
    /** The places into which this key was put, and that were not changed by Keyturn since. */
    holding: (key: string) => [...holds].filter(([, keys]) => keys.has(key)).map(([file]) => file),
  }
}
