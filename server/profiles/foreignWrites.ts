import type { FileHandle } from 'node:fs/promises'
import type { Clock } from '../platform/clock.ts'
import { objection } from './agreement.ts'
import { samePair } from './keyPair.ts'
import type { KeyPair } from './keyPair.ts'
import { readFromStart, versionOf } from './load.ts'
import { heldPair, splicePairs } from './pairs.ts'
import type { PairTrail } from './pairs.ts'
import { contentOf, differenceAfter } from './reading.ts'
import type { Changed, Reading } from './reading.ts'
import { mergeLines } from './mergeLines.ts'
import { hashOf, MovedMeanwhile } from './storedFile.ts'
import type { Replaced, StoredFile, View } from './storedFile.ts'

export interface Findings {
  /** Something of another program's could not be merged. */
  open: boolean
  readonly notes: string[]
}

/** Bytes with the wanted pairs in the place of earlier ones, and what stands in the way. */
interface Healed {
  readonly bytes: Buffer
  readonly changed: readonly Changed[]
  readonly healed: readonly string[]
  readonly conflicts: readonly string[]
}

const stepMs = 25
const patienceMs = 2_000
/** How often a merge begins anew since the file moved meanwhile. */
const mostTurns = 5

/**
 * Writes of other programs that ran around ours, for one file. Those that landed on a replaced inode (it was open
 * before our rename) are brought to the file with our pairs in them; those that put an earlier pair back (they had read
 * before our rename) get the wanted one again. What cannot be merged is told.
 *
 * What it cannot see: a write that reaches a replaced inode after the last look.
 *
 * Call it with the lock held.
 * @param look `quick`: content of older inodes is read only where their size or time moved
 */
export async function mergeForeignWrites(
  file: StoredFile,
  trail: PairTrail,
  clock: Clock,
  look: 'quick' | 'whole',
): Promise<Findings> {
  const findings: Findings = { open: false, notes: [] }
  const newest = file.replaced.at(-1)
  // First, so that what is brought over meets the wanted pairs; last, since that may have taken a while.
  await restorePairs(file, trail, { open: false, notes: findings.notes })
  for (const replaced of [...file.replaced]) {
    // By size and time first; a write within the clock's tick is seen by the content alone.
    if (
      look === 'quick' &&
      replaced !== newest &&
      versionOf(await replaced.handle.stat({ bigint: true })) === replaced.version
    )
      continue
    const bytes = await settledContent(replaced.handle, replaced.hash, clock)
    const hash = hashOf(bytes)
    if (hash === replaced.hash) continue
    if (await bringOver(file, trail, replaced, bytes, findings)) replaced.hash = hash
  }
  await restorePairs(file, trail, findings)
  return findings
}

/** @returns whether it is dealt with: merged, or the file has all of it already */
async function bringOver(
  file: StoredFile,
  trail: PairTrail,
  replaced: Replaced,
  bytes: Buffer,
  findings: Findings,
): Promise<boolean> {
  const base = await file.parse(replaced.content)
  const theirs = await file.parse(bytes)
  // With the wanted pairs on all sides only the rest is left to compare.
  const [before, after] = [heal(base, trail, file.path), heal(theirs, trail, file.path)]
  const wanted = await file.parse(after.bytes)
  const changed = changedSections(await file.parse(before.bytes), wanted)
  const names = changed.map((name) => `[${name}]`).join(', ') || 'the file'
  const cut = [...base.profiles.keys()].some((name) => !theirs.profiles.has(name))
  for (let turn = 1; turn <= mostTurns && !cut && after.conflicts.length === 0; turn++) {
    const view = await file.view()
    if (!view.reading) break
    const ours = view.reading.document.bytes
    if (contains(view.reading, wanted, changed)) return true
    const merged = mergeLines(before.bytes, ours, after.bytes)
    if (!merged) break
    const reading = await file.parse(merged)
    if (
      reading.document.faults.length > view.reading.document.faults.length ||
      !contains(reading, wanted, changed)
    )
      break
    if ([...view.reading.profiles.keys()].some((name) => !reading.profiles.has(name))) break
    const placed = await place(file, view, merged)
    if (placed === 'moved') continue
    if (placed === 'failed') break
    findings.notes.push(`Another program wrote ${names} while ${file.path} was being replaced: merged.`)
    return true
  }
  findings.open = true
  findings.notes.push(
    `Another program wrote ${names} to the old copy of ${file.path} while it was being replaced; its change is not in the file now. Make it again.`,
  )
  return false
}

async function restorePairs(file: StoredFile, trail: PairTrail, findings: Findings, turn = 1): Promise<void> {
  const view = await file.view()
  if (!view.reading) {
    for (const { profile } of trail.of(file.which)) {
      findings.open = true
      findings.notes.push(`${file.path} can no longer be read; [${profile}] was changed in it.`)
    }
    return
  }
  const result = heal(view.reading, trail, file.path)
  if (result.conflicts.length > 0 && turn === 1) {
    findings.open = true
    findings.notes.push(...result.conflicts)
  }
  if (result.healed.length === 0) return
  const names = result.healed.map((name) => `[${name}]`).join(', ')
  const after = await file.parse(result.bytes)
  const safe = differenceAfter(view.reading, after, result.changed) === undefined
  const placed = safe ? await place(file, view, result.bytes) : 'failed'
  if (placed === 'moved' && turn < mostTurns) return restorePairs(file, trail, findings, turn + 1)
  if (placed === 'placed')
    findings.notes.push(
      `Another program put the earlier key of ${names} back into ${file.path}: the new one is written again.`,
    )
  else {
    findings.open = true
    findings.notes.push(
      `Another program put the earlier key of ${names} back into ${file.path}, and it could not be replaced.`,
    )
  }
}

function heal(reading: Reading, trail: PairTrail, path: string): Healed {
  const pairs = new Map<string, KeyPair>()
  const conflicts: string[] = []
  for (const { profile, wanted, earlier } of trail.of(reading.which)) {
    const held = heldPair(reading, profile)
    if (held && samePair(held, wanted)) continue
    if (held && earlier.some((pair) => samePair(pair, held)) && !objection(reading, profile, path))
      pairs.set(profile, wanted)
    else if (held)
      conflicts.push(`Another program gave [${profile}] in ${path} another pair, ${held.id}: left as it is.`)
    else conflicts.push(`Another program took the pair of [${profile}] out of ${path}: left as it is.`)
  }
  return { ...splicePairs(reading, pairs), healed: [...pairs.keys()], conflicts }
}

async function place(file: StoredFile, view: View, bytes: Buffer): Promise<'placed' | 'moved' | 'failed'> {
  try {
    await file.replace(view, bytes)
    return 'placed'
  } catch (error) {
    return error instanceof MovedMeanwhile ? 'moved' : 'failed'
  }
}

/** Sections in which the two differ. */
function changedSections(base: Reading, theirs: Reading): string[] {
  const [before, after] = [contentOf(base.document), contentOf(theirs.document)]
  const keys = [...before.keys(), ...after.keys()].filter((key) => before.get(key) !== after.get(key))
  return [...new Set(keys.map((key) => key.split('\0')[0] as string))]
}

/** Whether a reading has every setting that `theirs` has in these sections. */
function contains(reading: Reading, theirs: Reading, sections: readonly string[]): boolean {
  const there = contentOf(reading.document)
  const wanted = new Set(sections)
  for (const [key, value] of contentOf(theirs.document))
    if (wanted.has(key.split('\0')[0] as string) && there.get(key) !== value) return false
  return true
}

/** Content of an open file, read until it stays the same; one that is empty is being written, for a while. */
async function settledContent(handle: FileHandle, known: string, clock: Clock): Promise<Buffer> {
  const read = async () => readFromStart(handle, (await handle.stat()).size)
  let earlier = await read()
  if (hashOf(earlier) === known) return earlier
  for (let waited = 0; waited < patienceMs; waited += stepMs) {
    await clock.sleep(stepMs)
    const now = await read()
    if (now.length > 0 && now.equals(earlier)) return now
    earlier = now
  }
  return earlier
}
