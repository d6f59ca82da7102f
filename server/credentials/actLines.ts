import { type Static, Type } from 'typebox'

/** `started` is durable before the call; a `started` alone is one that a crash cut off. No secrets. */
export const ActLine = Type.Object(
  {
    at: Type.String(),
    phase: Type.Enum(['started', 'done', 'failed']),
    act: Type.Enum(['deactivate', 'activate', 'delete', 'end-sessions', 'finish']),
    account: Type.String(),
    user: Type.String(),
    kind: Type.Optional(Type.Enum(['service-specific', 'ssh', 'certificate'])),
    id: Type.Optional(Type.String({ description: 'Of the credential' })),
    policy: Type.Optional(Type.String()),
    cut: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
)
export type ActLine = Static<typeof ActLine>
export type Act = Omit<ActLine, 'at' | 'phase'>

/** A policy of ours that stands on a user. */
export type Denial = ActLine & { readonly policy: string; readonly cut: string }

/** Pure: what the journal comes to. Both maps by what they are about. */
export function standingActs(lines: readonly ActLine[]) {
  const open = new Map<string, ActLine>()
  const denials = new Map<string, Denial & { readonly removed: boolean }>()
  for (const line of lines) {
    const { act, account, user, id, policy, cut } = line
    const name = JSON.stringify([act, account, user, id ?? ''])
    if (line.phase === 'started') open.set(name, line)
    else open.delete(name)
    if (line.phase !== 'done' || policy === undefined || cut === undefined) continue
    const whose = userKey(line)
    if (act === 'end-sessions') denials.set(whose, { ...line, policy, cut, removed: false })
    if (act === 'finish') denials.set(whose, { ...line, policy, cut, removed: true })
  }
  return { open: [...open.values()], denials }
}

export const userKey = ({ account, user }: Pick<Act, 'account' | 'user'>) => `${account}/${user}`
