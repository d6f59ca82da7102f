import { section } from '../stage.ts'
import type { Stage } from '../stage.ts'

/** Lays out so many users with a key each. */
export function crowd(stage: Stage, count: number): void {
  const sections = Array.from({ length: count }, (_, at) => {
    const name = `team-${Math.floor(at / 25)}-user-${at}`
    return section(name, stage.user(name, { days: at % 500 })[0])
  })
  stage.write('credentials', sections.join('\n'))
}
