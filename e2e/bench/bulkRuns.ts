import { Ground } from './ground.ts'
import type { Rotated } from './rotateAll.ts'
import { rotateAll } from './rotateAll.ts'
import { repeat } from './statistics.ts'

export interface Size {
  readonly keys: number
  readonly accounts: number
  readonly turns: number
}

/** Runs of so few keys do little but wait for AWS, and do not disturb one another. */
const sideBySide = 10

const measured = new Map<string, Promise<Rotated[]>>()

/** So many rotations of a whole file, each with keys that spread in another way; measured once for all groups. */
export function bulkRuns({ keys, accounts, turns }: Size): Promise<Rotated[]> {
  const name = `${keys} ${accounts}`
  const once = async (turn: number) => {
    const ground = await Ground.open({ keys, accounts, propagation: 'spreading', seed: 1_000 * keys + turn })
    try {
      return await rotateAll(ground)
    } finally {
      await ground.close()
    }
  }
  const all = () =>
    keys <= sideBySide
      ? Promise.all(Array.from({ length: turns }, (_, turn) => once(turn)))
      : repeat(turns, once)
  const runs = measured.get(name) ?? all()
  measured.set(name, runs)
  return runs
}

export const sizeName = ({ keys, accounts }: Size) =>
  `${keys.toLocaleString('en')} keys in ${accounts === 1 ? 'one account' : `${accounts} accounts`}`
