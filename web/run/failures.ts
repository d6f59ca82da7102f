import type { Trouble } from '../../server/api/problem.ts'
import type { Rotation } from '../../server/api/run.ts'

/** Rotations that met the same trouble: one box, however many they are. */
export interface Failure {
  trouble: Trouble
  rotations: Rotation[]
}

/** What more than one rotation failed with, by the trouble, what to do about it and the permission that is missing. */
export function failuresOf(rotations: readonly Rotation[]): Failure[] {
  const alike = new Map<string, Failure>()
  for (const rotation of rotations) {
    const trouble = rotation.problem
    if (!trouble) continue
    const { name, title, remedy, code, action } = trouble
    const sort = JSON.stringify([name, title, remedy, code, action, rotation.state])
    const known = alike.get(sort)
    if (known) known.rotations.push(rotation)
    else alike.set(sort, { trouble, rotations: [rotation] })
  }
  return [...alike.values()].filter(({ rotations: all }) => all.length > 1)
}
