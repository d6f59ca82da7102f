import { playFullProduct } from './testing/fullProduct.ts'
import { isCrowd, scenarios } from './testing/scenarios.ts'

const own = scenarios.filter((scenario) => scenario.undo)
playFullProduct(own.filter((scenario) => !isCrowd(scenario)))
playFullProduct(own.filter(isCrowd), 10)
