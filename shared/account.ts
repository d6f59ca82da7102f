interface Accounted {
  readonly asked?: number
  readonly left?: readonly { readonly state: 'open' | 'closed'; readonly closedBy?: string }[]
}

/** `6 of 11 keys replaced. 4 still work, 1 is refused by AWS.` Undefined of a run that was asked for no keys. */
export function accountWords({ asked, left }: Accounted): string | undefined {
  if (asked === undefined || left === undefined) return undefined
  const open = left.filter(({ state }) => state === 'open').length
  const dead = left.filter(({ closedBy }) => closedBy === 'dead').length
  const rest = [
    open > 0 && `${open} still ${open === 1 ? 'works' : 'work'}`,
    dead > 0 && `${dead} ${dead === 1 ? 'is' : 'are'} refused by AWS`,
  ].filter(Boolean)
  const replaced = `${asked - left.length} of ${asked} ${asked === 1 ? 'key' : 'keys'} replaced.`
  return rest.length > 0 ? `${replaced} ${rest.join(', ')}.` : replaced
}
