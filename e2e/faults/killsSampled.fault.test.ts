import { dieTwice } from './everyKill.ts'
import { seed } from './random.ts'
import { shapes } from './shapes.ts'

// Each of them at places of its own.
let own = seed
for (const shape of shapes)
  for (const mode of ['deactivate', 'delete'] as const) dieTwice(shape, mode, 5, own++)
