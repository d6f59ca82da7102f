import type { Scenario } from './crashes.ts'
import { modes, shapes } from './shapes.ts'

const single = shapes.find((shape) => shape.name === 'single')
if (!single) throw new Error('there is no shape called single')

/** Every shape, with the old key deactivated and deleted; undone by restore; mended; and one reactivated. */
export const scenarios: readonly Scenario[] = [
  ...shapes.flatMap((shape) => modes.map((oldKey) => ({ shape, oldKey }))),
  ...shapes.map((shape) => ({ shape, oldKey: 'deactivate' as const, undo: 'restore' as const })),
  ...shapes.flatMap((shape) =>
    (['files', 'ends'] as const).map((lost) => ({ shape, oldKey: 'deactivate' as const, lost })),
  ),
  { shape: single, oldKey: 'deactivate', undo: 'reactivate' },
]
