interface Accounted {
  readonly asked?: number
  readonly left?: readonly {
    readonly key: string
    readonly state: 'open' | 'closed'
    readonly closedBy?: string
  }[]
  readonly rotations: readonly { readonly key: string; readonly oldKeyState: string }[]
}

/** `6 of 11 keys replaced. 4 still work, 1 is refused by AWS.` Undefined of a run that was asked for no keys. */
export function accountWords({ asked, left, rotations }: Accounted): string | undefined {
  if (asked === undefined || left === undefined) return undefined
  const unknown = new Set(rotations.flatMap((each) => (each.oldKeyState === 'unknown' ? [each.key] : [])))
  const open = left.filter(({ state, key }) => state === 'open' && !unknown.has(key)).length
  const perhaps = left.filter(({ state, key }) => state === 'open' && unknown.has(key)).length
  const dead = left.filter(({ closedBy }) => closedBy === 'dead').length
  const rest = [
    open > 0 && `${open} still ${open === 1 ? 'works' : 'work'}`,
    perhaps > 0 && `${perhaps} may still work`,
    dead > 0 && `${dead} ${dead === 1 ? 'is' : 'are'} refused by AWS`,
  ].filter(Boolean)
  const replaced = `${asked - left.length} of ${asked} ${asked === 1 ? 'key' : 'keys'} replaced.`
  return rest.length > 0 ? `${replaced} ${rest.join(', ')}.` : replaced
}
