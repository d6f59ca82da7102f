import type { FileHandle } from 'node:fs/promises'
import type { Clock } from '../../platform/clock.ts'
import { objection } from '../agreement/agreement.ts'
import { IniDocument } from '../ini/document.ts'
import { keyIdOrMask } from '../keyId.ts'
import { samePair } from '../keyPair.ts'
import type { KeyPair } from '../keyPair.ts'
import { isFresh, readFromStart, versionOf } from './load.ts'
import { heldPair, splicePairs } from './pairs.ts'
import type { PairTrail } from './pairs.ts'
import { contentOf, differenceAfter } from '../agreement/reading.ts'
import type { Changed, Reading } from '../agreement/reading.ts'
import { mergeLines } from '../ini/mergeLines.ts'
import { hashOf, MovedMeanwhile } from './storedFile.ts'
import type { Replaced, StoredFile, View } from './storedFile.ts'

export interface Findings {
  /** What was done, or was lost: told once. */
  readonly notes: string[]
  /** What could not be merged, or stands in the way, now: found again by the next look, unless it is dealt with. */
  readonly pending: string[]
  /** One of the notes tells of something that is not in the file any more. */
  lost: boolean
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

/** How many earlier states a write is tried against: a program may have read some saves before it wrote. */
const mostBases = 8

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
  const findings: Findings = { notes: [], pending: [], lost: false }
  const newest = file.replaced.at(-1)
  // First, so that what is brought over meets the wanted pairs; last, since that may have taken a while.
  await restorePairs(file, trail, { ...findings, pending: [] })
  let view: View | undefined
  for (const replaced of [...file.replaced]) {
    // By size and time first; a write within the clock's tick is seen by the content alone.
    const version = versionOf(await replaced.handle.stat({ bigint: true }))
    if (look === 'quick' && replaced !== newest && version === replaced.version) continue
    const bytes = await settledContent(replaced.handle, replaced.hash, clock)
    const hash = hashOf(bytes)
    replaced.version = version
    if (hash === replaced.hash) continue
    const outcome = await bringOver(file, trail, replaced, bytes, view ?? (await file.view()), findings)
    replaced.pending = !outcome.dealt
    if (outcome.dealt) replaced.hash = hash
    view = outcome.view
  }
  view = await restorePairs(file, trail, findings)
  noteLosses(file, view, findings)
  await file.letOldestGo()
  return findings
}

/** @returns whether it is dealt with: merged, or the file has all of it already; and the file as it is now */
async function bringOver(
  file: StoredFile,
  trail: PairTrail,
  replaced: Replaced,
  bytes: Buffer,
  seen: View,
  findings: Findings,
): Promise<{ readonly dealt: boolean; readonly view: View }> {
  let view = seen
  // With the wanted pairs on all sides only the rest is left to compare.
  const after = heal(await file.parse(bytes), trail, file.path)
  const theirs = await file.parse(after.bytes)
  const bases = await basesFor(file, trail, replaced)
  const changed = changedSections(IniDocument.parse(bases[0] as Buffer), theirs.document)
  const names = changed.map((name) => `[${name}]`).join(', ') || 'the file'
  for (let turn = 1; turn <= mostTurns && after.conflicts.length === 0; turn++) {
    const ours = view.reading?.document
    if (!ours) break
    if (contains(ours, theirs.document, changed)) return { dealt: true, view }
    const merged = bases
      .map((base) => mergeLines(base, ours.bytes, after.bytes))
      .find((each) => each && holdsBoth(each, ours, theirs.document, changed))
    if (!merged) break
    const placed = await place(file, view, merged)
    view = await file.view()
    if (placed === 'moved') continue
    if (placed === 'failed') break
    const before = contentOf(ours)
    for (const [key, value] of contentOf(IniDocument.parse(merged)))
      if (!before.has(key)) file.brought.set(key, value)
    findings.notes.push(`Another program wrote ${names} while ${file.path} was being replaced: merged.`)
    return { dealt: true, view }
  }
  findings.pending.push(
    `Another program wrote ${names} to the old copy of ${file.path} while it was being replaced; its change is not in the file now. Make it again.`,
  )
  return { dealt: false, view }
}

/** What the writer may have read: the replaced content, or that of one of the saves before; with the wanted pairs. */
async function basesFor(file: StoredFile, trail: PairTrail, replaced: Replaced): Promise<Buffer[]> {
  const bases: Buffer[] = []
  const last = file.replaced.indexOf(replaced)
  const recent = file.replaced.slice(Math.max(0, last + 1 - mostBases), last + 1)
  for (const { content } of recent.reverse())
    bases.push(heal(await file.parse(content), trail, file.path).bytes)
  return bases
}

/** A merge that would take a setting of the file away, or leave one of theirs out, is none. */
function holdsBoth(
  merged: Buffer,
  ours: IniDocument,
  theirs: IniDocument,
  changed: readonly string[],
): boolean {
  const document = IniDocument.parse(merged)
  if (document.faults.length > ours.faults.length || !contains(document, theirs, changed)) return false
  const there = contentOf(document)
  return [...contentOf(ours).keys()].every((key) => there.has(key))
}

/** A program that had read before a merge and wrote after it takes the merged settings out again. */
function noteLosses(file: StoredFile, view: View, findings: Findings): void {
  if (!view.reading) return
  const there = contentOf(view.reading.document)
  for (const key of file.brought.keys()) {
    if (there.has(key)) continue
    file.brought.delete(key)
    const [name, setting] = key.split('\0')
    findings.lost = true
    findings.notes.push(
      `${setting} of [${name}] in ${file.path}, merged before, was taken out again by another program. Make it again.`,
    )
  }
}

async function restorePairs(file: StoredFile, trail: PairTrail, findings: Findings, turn = 1): Promise<View> {
  const view = await file.view()
  if (!view.reading) {
    for (const { profile } of trail.of(file.which)) {
      findings.pending.push(`${file.path} can no longer be read; [${profile}] was changed in it.`)
    }
    return view
  }
  const result = heal(view.reading, trail, file.path)
  if (result.conflicts.length > 0 && turn === 1) {
    findings.pending.push(...result.conflicts)
  }
  if (result.healed.length === 0) return view
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
    findings.pending.push(
      `Another program put the earlier key of ${names} back into ${file.path}, and it could not be replaced.`,
    )
  }
  return file.view()
}

function heal(reading: Reading, trail: PairTrail, path: string): Healed {
  const pairs = new Map<string, KeyPair>()
  const conflicts: string[] = []
  for (const { profile, wanted, earlier } of trail.of(reading.which)) {
    const held = heldPair(reading, profile)
    if (held && samePair(held, wanted)) continue
    if (held && earlier.some((pair) => samePair(pair, held)) && !objection(reading, profile, path)) {
      if (trail.mayRestore(wanted.id)) pairs.set(profile, wanted)
    } else if (held)
      conflicts.push(
        `Another program gave [${profile}] in ${path} another pair, ${keyIdOrMask(held.id)}: left as it is.`,
      )
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
function changedSections(base: IniDocument, theirs: IniDocument): string[] {
  const [before, after] = [contentOf(base), contentOf(theirs)]
  const keys = [...before.keys(), ...after.keys()].filter((key) => before.get(key) !== after.get(key))
  return [...new Set(keys.map((key) => key.split('\0')[0] as string))]
}

/** Whether a document has every setting that `theirs` has in these sections. */
function contains(document: IniDocument, theirs: IniDocument, sections: readonly string[]): boolean {
  const there = contentOf(document)
  const wanted = new Set(sections)
  for (const [key, value] of contentOf(theirs))
    if (wanted.has(key.split('\0')[0] as string) && there.get(key) !== value) return false
  return true
}

/** Content of an open file; where it was written just now, or is empty, read until it stays the same, for a while. */
async function settledContent(handle: FileHandle, known: string, clock: Clock): Promise<Buffer> {
  let earlier = await readFromStart(handle, (await handle.stat()).size)
  if (hashOf(earlier) === known) return earlier
  for (let waited = 0; waited < patienceMs; waited += stepMs) {
    const stat = await handle.stat({ bigint: true })
    if (stat.size > 0n && !isFresh(stat, clock)) return readFromStart(handle, Number(stat.size))
    await clock.sleep(stepMs)
    const now = await readFromStart(handle, (await handle.stat()).size)
    if (now.length > 0 && now.equals(earlier)) return now
    earlier = now
  }
  return earlier
}
