import { meaningOf } from './acts.ts'
import type { DoorLook } from './acts.ts'
import type { TrailEvent } from './event.ts'

/** Something that an act left behind and that goes on giving access. */
export interface Door {
  /** Of the event; the same each time that its history is read. */
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly act: string
  readonly target: string
  readonly address: string
  /** The key or session that did it. */
  readonly by: string
  /** 'made the user backup-svc' */
  readonly words: string
  /** What to do about it. */
  readonly todo: string
  readonly look?: DoorLook
}

/**
 * The doors that events tell of, newest first. What Keyturn did itself is none.
 *
 * @param ours ids of keys that Keyturn made
 * @param isOwn whether Keyturn made the call
 */
export function doorsOf(
  events: readonly TrailEvent[],
  { ours, isOwn }: { readonly ours: ReadonlySet<string>; readonly isOwn: (event: TrailEvent) => boolean },
): Door[] {
  return events
    .flatMap((event) => {
      const meaning = meaningOf(event)
      if (meaning?.kind !== 'door' || isOwn(event) || ours.has(event.facts?.accessKeyId ?? '')) return []
      const { words, target, todo = '', look } = meaning
      const { id, at, act, address, by } = event
      return [{ id, at, act, target, address, by, words, todo, ...(look && { look }) }]
    })
    .sort((a, b) => b.at - a.at)
}
