import type { FileHandle } from 'node:fs/promises'
import type { Clock } from '../platform/clock.ts'
import { idKey, objection, secretKey } from './agreement.ts'
import { samePair } from './keyPair.ts'
import type { KeyPair } from './keyPair.ts'
import { readFromStart, versionOf } from './load.ts'
import { heldPair, splicePairs } from './pairs.ts'
import type { PairTrail } from './pairs.ts'
import { contentOf, differenceAfter } from './reading.ts'
import type { Reading } from './reading.ts'
import { hashOf } from './storedFile.ts'
import type { StoredFile, View } from './storedFile.ts'

export interface Findings {
  /** Something of another program's could not be merged. */
  open: boolean
  readonly notes: string[]
}

/** Bytes with the wanted pairs in the place of earlier ones, and what stands in the way. */
interface Healed {
  readonly bytes: Buffer
  readonly healed: readonly string[]
  readonly conflicts: readonly string[]
}

const stepMs = 25
const patienceMs = 2_000

/**
 * Writes of other programs that ran around ours, for one file. Those that landed on a replaced inode (it was open
 * before our rename) are brought to the file with our pairs in them; those that put an earlier pair back (they had read
 * before our rename) get the wanted one again. What cannot be merged is told.
 *
 * Call it with the lock held. @param look `quick`: content of older inodes is read only where their size or time moved. What it cannot see: a write that reaches a replaced inode after the last look.
 */
export async function mergeForeignWrites(
  file: StoredFile,
  trail: PairTrail,
  clock: Clock,
  look: 'quick' | 'whole',
): Promise<Findings> {
  const findings: Findings = { open: false, notes: [] }
  const newest = file.replaced.at(-1)
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
    if (await bringOver(file, trail, await file.parse(bytes), findings)) replaced.hash = hash
  }
  await restorePairs(file, trail, findings)
  return findings
}

/** @returns whether it is dealt with: merged, or the file has all of it already */
async function bringOver(
  file: StoredFile,
  trail: PairTrail,
  theirs: Reading,
  findings: Findings,
): Promise<boolean> {
  const view = await file.view()
  const result = heal(theirs, trail, file.path)
  const merged = await file.parse(result.bytes)
  const lacking = view.reading ? missingFrom(merged, view.reading) : sectionNames(merged)
  if (lacking.length === 0 && result.conflicts.length === 0) return true
  const names = lacking.map((name) => `[${name}]`).join(', ') || 'the file'
  const untouched = 'bytes' in view.loaded && file.isOurs(view.loaded.bytes)
  const complete =
    view.reading !== undefined && [...view.reading.profiles.keys()].every((name) => merged.profiles.has(name))
  if (untouched && complete && result.conflicts.length === 0 && (await put(file, view, theirs, merged))) {
    findings.notes.push(`Another program wrote ${names} while ${file.path} was being replaced: merged.`)
    return true
  }
  findings.open = true
  findings.notes.push(
    `Another program wrote ${names} to the old copy of ${file.path} while it was being replaced; its change is not in the file now. Make it again.`,
  )
  return false
}

async function restorePairs(file: StoredFile, trail: PairTrail, findings: Findings): Promise<void> {
  const view = await file.view()
  if (!view.reading) {
    for (const { profile } of trail.of(file.which)) {
      findings.open = true
      findings.notes.push(`${file.path} can no longer be read; [${profile}] was changed in it.`)
    }
    return
  }
  const result = heal(view.reading, trail, file.path)
  if (result.conflicts.length > 0) {
    findings.open = true
    findings.notes.push(...result.conflicts)
  }
  if (result.healed.length === 0) return
  const names = result.healed.map((name) => `[${name}]`).join(', ')
  if (await put(file, view, view.reading, await file.parse(result.bytes)))
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
  return { bytes: splicePairs(reading, pairs).bytes, healed: [...pairs.keys()], conflicts }
}

async function put(file: StoredFile, view: View, before: Reading, merged: Reading): Promise<boolean> {
  const changed = [...merged.profiles].flatMap(([profile, sections]) =>
    [idKey, secretKey].flatMap((key) => {
      const header = sections.at(-1)?.name ?? ''
      const [old, now] = [
        before.document.entry(header, key)?.value,
        merged.document.entry(header, key)?.value,
      ]
      return typeof now === 'string' && old !== now ? [{ header, profile, key, value: now }] : []
    }),
  )
  if (differenceAfter(before, merged, changed) !== undefined) return false
  try {
    await file.replace(view, merged.document.bytes)
    return true
  } catch {
    return false
  }
}

/** Names of the sections of `from` of which something is not in `into`, or is there with another value. */
function missingFrom(from: Reading, into: Reading): string[] {
  const there = contentOf(into.document)
  const lacking = new Set<string>()
  for (const [key, value] of contentOf(from.document))
    if (there.get(key) !== value) lacking.add(key.split('\0')[0] as string)
  return [...lacking]
}

function sectionNames(reading: Reading): string[] {
  return [...new Set(reading.document.sections.map((section) => section.name))]
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
