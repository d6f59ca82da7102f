interface Rows {
  readonly rotate: readonly {
    readonly key: string
    readonly oldKey: 'deactivate' | 'delete' | 'keep'
    readonly inUse: readonly string[]
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
export function consequencesOf(plan: Rows) {
  // They go before the new key is made, whatever becomes of the old one.
  const room = plan.rotate.flatMap(({ deletesSpare, merges }) => (deletesSpare ?? merges)?.id ?? [])
  const gone = (how: Rows['rotate'][number]['oldKey']) =>
    plan.rotate.filter(({ oldKey }) => oldKey === how).map(({ key }) => key)
  return {
    make: plan.rotate.map(({ key }) => key),
    deactivate: gone('deactivate'),
    deleteForGood: [...room, ...gone('delete')],
    keepActive: gone('keep'),
    inUse: plan.rotate.flatMap(({ key, inUse, oldKey }) =>
      inUse.filter((id) => id !== key || oldKey !== 'keep'),
    ),
    stay: [
      ...plan.choose.map(({ key, reason }) => ({ key, reason })),
      ...plan.skip.flatMap(({ key, reason }) => (key === undefined ? [] : [{ key, reason: reason.title }])),
    ],
  }
}
