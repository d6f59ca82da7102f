import { dieHereAndThere } from './everyKill.ts'
import { shapes } from './shapes.ts'

for (const shape of shapes)
  for (const mode of ['deactivate', 'delete'] as const) dieHereAndThere(shape, mode, 4, 3)
