import { SvelteSet } from 'svelte/reactivity'
import type { Bin } from './age.ts'
import type { Group, Order } from './filter.ts'

/** How the person looks at the keys. It outlives the page: a plan that is cancelled leads back to the same rows. */
export class KeysView {
  query: string = $state('')
  group: Group = $state('all')
  /** The bar of the chart that was pressed. */
  ages: Bin | undefined = $state.raw()
  order: Order = $state.raw({ by: 'state', descending: false })
  readonly selected = new SvelteSet<string>()

  get filtered(): boolean {
    return this.query !== '' || this.group !== 'all' || this.ages !== undefined
  }

  showAll(): void {
    this.query = ''
    this.group = 'all'
    this.ages = undefined
  }
}
