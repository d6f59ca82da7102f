import { dieEverywhere } from './everyKill.ts'
import { shapeNamed } from './shapes.ts'

dieEverywhere(shapeNamed('two files'), 'delete')
