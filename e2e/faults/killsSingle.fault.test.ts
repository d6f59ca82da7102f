import { dieEverywhere } from './everyKill.ts'
import { single } from './shapes.ts'

dieEverywhere(single, 'deactivate')
