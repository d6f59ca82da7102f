interface Rows {
  readonly rotate: readonly {
    readonly key: string
    readonly deletesSpare?: { readonly id: string }
    readonly merges?: { readonly id: string }
  }[]
  readonly choose: readonly { readonly key: string; readonly reason: string }[]
  readonly skip: readonly { readonly key?: string; readonly reason: { readonly title: string } }[]
}

/**
 * Pure: all that a plan does to keys, and all that it leaves. What page, terminal and JSON say before the press is drawn
 * from this alone; what a run then does at AWS is held against it by a test.
 */
export function consequencesOf(plan: Rows, oldKey: 'deactivate' | 'delete' | 'keep') {
  const replaced = plan.rotate.map(({ key }) => key)
  // They go before the new key is made, whatever becomes of the old one.
  const room = plan.rotate.flatMap(({ deletesSpare, merges }) => (deletesSpare ?? merges)?.id ?? [])
  const gone = (how: typeof oldKey) => (oldKey === how ? replaced : [])
  return {
    make: replaced,
    deactivate: gone('deactivate'),
    deleteForGood: [...room, ...gone('delete')],
    keepActive: gone('keep'),
    stay: [
      ...plan.choose.map(({ key, reason }) => ({ key, reason })),
      ...plan.skip.flatMap(({ key, reason }) => (key === undefined ? [] : [{ key, reason: reason.title }])),
    ],
  }
}
