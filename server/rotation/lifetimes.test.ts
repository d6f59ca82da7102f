import { writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { OldKeyMode } from '../api/plan.ts'
import type { UndoHow } from '../api/run.ts'
import { defaultSettings } from '../api/settings.ts'
import { Disk, type MachineRoom, openMachineRoom, QuickClock } from './testing/machineRoom.ts'
import { ModelIam } from './testing/modelIam.ts'

/** What a person, another program or a restart may do next; `pick` chooses among what there is. */
type Move =
  | { readonly kind: 'rotate'; readonly mode: OldKeyMode; readonly pick: number; readonly makeRoom: boolean }
  | {
      readonly kind: 'undo'
      readonly how: UndoHow
      readonly newKey: 'deactivate' | 'delete'
      readonly pick: number
    }
  | { readonly kind: 'activate' | 'deactivate' | 'delete' | 'forget'; readonly pick: number }
  | { readonly kind: 'edit'; readonly profile: number; readonly pick: number }
  | { readonly kind: 'restart' }

const pick = fc.nat({ max: 50 })
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('rotate' as const),
      mode: fc.constantFrom<OldKeyMode>('deactivate', 'delete', 'keep'),
      pick,
      makeRoom: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('undo' as const),
      how: fc.constantFrom<UndoHow>('restore', 'reactivate'),
      newKey: fc.constantFrom('deactivate' as const, 'delete' as const),
      pick,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('activate' as const, 'deactivate' as const, 'delete' as const, 'forget' as const),
      pick,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('edit' as const), profile: fc.nat({ max: 3 }), pick }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
)

const profiles = ['one', 'two', 'three', 'four']

it('keeps P1 to P3, and what an undo offers, through any sequence of rotations, undos, acts on old keys and foreign edits', async () => {
  let moves = 0
  let rotated = 0
  let undone = 0
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 3, maxLength: 12 }), async (sequence) => {
      const disk = new Disk()
      try {
        const clock = new QuickClock()
        const iam = new ModelIam(clock)
        const ann = iam.addKey(iam.addUser('ann'))
        const bob = iam.addKey(iam.addUser('bob'))
        const eve = iam.addKey(iam.addUser('eve'))
        write(disk, [ann, ann, bob, bob])
        const everHeld = new Set([ann.id, bob.id])
        const settings = { verification: { ...defaultSettings.verification, intervalMs: 15_000 } }
        let room = await openMachineRoom(disk, iam, clock, settings)
        let working = workingProfiles(disk, iam)
        for (const next of sequence) {
          moves += 1
          clock.advance(60_000)
          if (next.kind === 'edit') {
            foreignEdit(disk, iam, next)
            for (const pair of disk.pairs().values()) everHeld.add(pair.id)
            working = workingProfiles(disk, iam)
          } else if (next.kind === 'restart') {
            await room.runs.drain()
            room = await openMachineRoom(disk, iam, clock, settings)
          } else {
            // What is refused is refused with words; what broke would be a defect.
            await make(room, iam, next).catch((error: unknown) => expect(error).toHaveProperty('trouble'))
            await room.runs.idle()
          }
          expect(room.defects).toEqual([])
          for (const name of working)
            expect(workingProfiles(disk, iam), `P1 after ${next.kind}`).toContain(name)
          working = workingProfiles(disk, iam)
          for (const pair of disk.pairs().values()) everHeld.add(pair.id)
          const made = room.runs.ours()
          for (const key of iam.users.flatMap((user) => user.keys)) {
            if (!key.deleted && key.status === 'Active') continue
            expect(everHeld.has(key.id) || made.has(key.id), `P3 after ${next.kind}`).toBe(true)
          }
          const known = new Set([...made, ...everHeld, eve.id])
          for (const key of iam.users.flatMap((user) => user.keys)) expect(known.has(key.id), 'P2').toBe(true)
        }
        const all = room.runs.all()
        rotated += all.filter((run) => run.kind === 'rotate' && run.state === 'done').length
        undone += all.filter((run) => run.kind === 'restore' && run.state === 'done').length
        await room.runs.drain()
      } finally {
        disk.remove()
      }
    }),
    { numRuns: 150, seed: Number(process.env['KEYTURN_SEED'] ?? 20260301) },
  )
  // Else the moves would have been refused one and all, and nothing shown.
  expect(rotated).toBeGreaterThan(150)
  expect(undone).toBeGreaterThan(20)
  console.log(`${moves} moves, ${rotated} rotations and ${undone} restores done, 0 violations`)
}, 120_000)

async function make(
  room: MachineRoom,
  iam: ModelIam,
  move: Exclude<Move, { kind: 'edit' | 'restart' }>,
): Promise<void> {
  const { keys } = await room.readKeys()
  const chosen = <T>(list: readonly T[]): T | undefined => list[move.pick % Math.max(1, list.length)]
  if (move.kind === 'rotate') {
    const key = chosen(keys)
    if (!key) return
    const user = iam.users.find((each) => each.keys.some((one) => one.id === key.id))
    const others = user?.keys.filter((one) => one.id !== key.id && !one.deleted).map((one) => one.id) ?? []
    await room.rotate({
      keys: [key.id],
      oldKey: move.mode,
      ...(move.makeRoom && others.length > 0 && { deleteSpares: others, merge: others }),
    })
    return
  }
  if (move.kind === 'undo') {
    const rotation = chosen(room.runs.all().flatMap((run) => run.rotations))
    if (!rotation) return
    const undo = await room.undos.ofRotation(rotation.id, { how: move.how, newKey: move.newKey })
    await room.runs.start(undo)
    await room.runs.idle()
    // What is offered works: nothing here has changed at AWS but what Keyturn knows of.
    expect(room.runs.existing(undo.id).state, `${move.how} of ${rotation.id}`).toBe('done')
    return
  }
  const id = chosen([...room.runs.ours()])
  if (id === undefined) return
  if (move.kind === 'forget') return room.runs.forgetPair(id)
  await room.runs.start(await room.undos.ofKey(id, move.kind, id.slice(-4)))
}

/** Another program writes some pair that exists, working or not, into a profile. */
function foreignEdit(
  disk: Disk,
  iam: ModelIam,
  { profile, pick: choice }: { profile: number; pick: number },
): void {
  const keys = iam.users.flatMap((user) => user.keys)
  const key = keys[choice % keys.length]
  const now = profiles.map((name) => disk.pairs().get(`credentials:${name}`))
  write(
    disk,
    now.map((pair, index) =>
      index === profile && key ? key : (pair ?? { id: 'AKIANONENONENONENONE', secret: 'none' }),
    ),
  )
}

function write(disk: Disk, pairs: readonly { readonly id: string; readonly secret: string }[]): void {
  const text = pairs.map(
    (pair, index) =>
      `[${profiles[index]}]\naws_access_key_id = ${pair.id}\naws_secret_access_key = ${pair.secret}\n`,
  )
  writeFileSync(disk.credentials, `# mine\n${text.join('\n')}`)
}

function workingProfiles(disk: Disk, iam: ModelIam): string[] {
  return [...disk.pairs()].filter(([, pair]) => iam.works(pair.id, pair.secret)).map(([name]) => name)
}
