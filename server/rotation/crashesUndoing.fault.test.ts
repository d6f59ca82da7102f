import { playFullProduct } from './testing/fullProduct.ts'
import { scenarios } from './testing/scenarios.ts'

playFullProduct(scenarios.filter((scenario) => scenario.undo ?? scenario.lost))
