import { bulk } from './bulk.ts'
import { cost } from './cost.ts'
import { events } from './events.ts'
import { files } from './files.ts'
import type { Group } from './group.ts'
import { history } from './history.ts'
import { install } from './install.ts'
import { longLife } from './longLife.ts'
import { others } from './others.ts'
import { page } from './page.ts'
import { places } from './places.ts'
import { scaling } from './scaling.ts'
import { start } from './start.ts'
import { throttled } from './throttled.ts'

/** In the order in which they are measured. */
export const groups: readonly Group[] = [
  ...[start, install, cost, files, events],
  ...[bulk, scaling, others, throttled],
  ...[page, history, longLife, places],
]
