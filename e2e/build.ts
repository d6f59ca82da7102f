import { build } from './scripts/built.mjs'

/** Before the first test of a run of Vitest. */
export default build
