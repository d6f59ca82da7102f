import { SvelteSet } from 'svelte/reactivity'
import type { Run } from '../../server/api/run.ts'
import { markOf } from './marks.ts'

type Store = Pick<Storage, 'getItem' | 'setItem'>
const watchedKey = 'keyturn-watched'
const notifyKey = 'keyturn-notify'

/** That nobody misses the end of a run: which runs this tab saw going, and which of them ended unseen. */
export class Attention {
  /** Ended, and not looked at since. */
  readonly unopened = new SvelteSet<string>()
  notify: boolean = $state(false)
  /** Seen going and not yet seen at its end; kept for a reload. Nothing is drawn of it. */
  #watched: readonly string[]
  readonly #store: Store

  constructor(store: Store = sessionStorage) {
    this.#store = store
    this.#watched = (store.getItem(watchedKey) ?? '').split(' ').filter(Boolean)
    this.notify =
      store.getItem(notifyKey) !== null && 'Notification' in window && Notification.permission === 'granted'
  }

  /** @param seen the run whose page is in sight now */
  look(runs: readonly Run[], seen: string | undefined): void {
    let watched = this.#watched
    for (const { id, state } of runs)
      if (state === 'running' && !watched.includes(id)) watched = [...watched, id]
    for (const run of runs) {
      if (run.state === 'running' || run.id === seen) continue
      if (!watched.includes(run.id) || this.unopened.has(run.id)) continue
      this.unopened.add(run.id)
      this.#tell(run)
    }
    if (seen !== undefined && runs.some(({ id, state }) => id === seen && state !== 'running')) {
      this.unopened.delete(seen)
      watched = watched.filter((id) => id !== seen)
    }
    if (watched === this.#watched) return
    this.#watched = watched
    this.#store.setItem(watchedKey, watched.join(' '))
  }

  /** Asks the browser, once the person has asked for it. */
  async ask(): Promise<void> {
    this.notify = !this.notify && (await Notification.requestPermission()) === 'granted'
    if (this.notify) this.#store.setItem(notifyKey, 'yes')
  }

  /** Counts alone: a notification is shown on a locked screen, too. */
  #tell(run: Run): void {
    if (!this.notify) return
    const notification = new Notification('Keyturn', { body: markOf(run), tag: run.id })
    notification.onclick = () => {
      focus()
      location.hash = `#/run/${encodeURIComponent(run.id)}`
      notification.close()
    }
  }
}
