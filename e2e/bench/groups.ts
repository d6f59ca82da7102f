import { bulk } from './bulk.ts'
import type { Group } from './group.ts'
import { history } from './history.ts'
import { install } from './install.ts'
import { page } from './page.ts'
import { start } from './start.ts'

/** In the order in which they are measured. */
export const groups: readonly Group[] = [start, install, bulk, page, history]
