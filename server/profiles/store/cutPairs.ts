import { Failure } from '../../platform/failure.ts'
import { idKey, objection, secretKey } from '../agreement/agreement.ts'
import { differenceAdded, type Changed, type Reading } from '../agreement/reading.ts'
import { IniDocument } from '../ini/document.ts'
import { cutPair, putPairBack, type PairCut } from '../ini/cutPair.ts'
import { splice } from '../ini/splice.ts'
import { samePair, type KeyPair } from '../keyPair.ts'
import type { CutProfile, PairPlace } from '../ports.ts'
import { again, put } from './again.ts'
import { heldPair } from './pairs.ts'
import type { StoredFile } from './storedFile.ts'

interface Cut {
  readonly place: PairPlace
  readonly header: string
  readonly part: PairCut
}

/** What a cut would take out of a file. @throws Failure as `ProfileStore.cutOut` */
export async function lookAtCut(file: StoredFile, places: readonly PairPlace[]): Promise<CutProfile[]> {
  const { reading, loaded } = await file.view()
  if (loaded.state === 'unreadable') throw new Failure(loaded.trouble)
  return reading ? cutsIn(file, reading, places).map(cutOf) : []
}

/**
 * Takes pairs out of a file. Call it with the lock held.
 * @param keep is told what goes, and makes it durable, before it goes
 * @throws Failure as `ProfileStore.cutOut`
 */
export async function cutOut(
  file: StoredFile,
  places: readonly PairPlace[],
  keep: (cuts: readonly CutProfile[]) => Promise<void>,
): Promise<void> {
  // What goes could not be made durable: no trouble of this file's.
  let notKept: { readonly cause: unknown } | undefined
  const written = again(file, async () => {
    const view = await file.view()
    if (view.loaded.state === 'unreadable') throw new Failure(view.loaded.trouble)
    const cuts = view.reading ? cutsIn(file, view.reading, places) : []
    if (!view.reading || cuts.length === 0) return
    const edits = cuts.flatMap(({ part }) => part.edits)
    const bytes = splice(view.reading.document.bytes, edits)
    const less = await file.parse(bytes)
    const gone = cuts.flatMap(({ place: { profile, pair }, header }) => settings(profile, header, pair))
    mustAgree(file, differenceAdded(less, view.reading, gone))
    await keep(cuts.map(cutOf)).catch((cause: unknown) => {
      notKept = { cause }
      throw cause
    })
    await file.replace(view, bytes)
  })
  await written.catch((error: unknown) => {
    throw notKept ? notKept.cause : error
  })
}

/** Puts them back where they stood. Call it with the lock held. @throws Failure as `ProfileStore.putBack` */
export async function putBack(file: StoredFile, cuts: readonly CutProfile[], pair: KeyPair): Promise<void> {
  await again(file, async () => {
    const view = await file.view()
    if (view.loaded.state === 'unreadable') throw new Failure(view.loaded.trouble)
    const before = view.reading ?? (await file.parse(Buffer.alloc(0)))
    const missing = cuts.filter(({ profile }) => lacks(before, profile, pair, file.path))
    if (missing.length === 0) return
    // The last one first: what stood above it is put back by where that stands.
    const { bytes } = missing.reduceRight(
      (document, { header, lines }) =>
        IniDocument.parse(splice(document.bytes, putPairBack(document, header, lines))),
      before.document,
    )
    const added = missing.flatMap(({ profile, header }) => settings(profile, header, pair))
    mustAgree(file, differenceAdded(before, await file.parse(bytes), added))
    await put(file, view, bytes)
  })
}

/** @throws Failure `file-moved`, `file-ambiguous` */
function cutsIn(file: StoredFile, reading: Reading, places: readonly PairPlace[]): Cut[] {
  let left = reading.document.sections.length
  return places.flatMap((place): Cut[] => {
    const held = heldPair(reading, place.profile)
    // A cut that a crash broke off is gone through once more.
    if (!held) return []
    if (!samePair(held, place.pair)) throw new Failure(moved(place.profile, file.path))
    const trouble = objection(reading, place.profile, file.path)
    if (trouble) throw new Failure(trouble)
    const { document, profiles } = reading
    const section = profiles.get(place.profile)?.at(-1)
    const id = section && document.entry(section.name, idKey)
    const secret = section && document.entry(section.name, secretKey)
    if (!id || !secret) throw new Error('a pair that all readers agree on stands nowhere')
    const part = cutPair(document, section, { id, secret, isLast: left === 1 })
    if (part.whole) left -= 1
    return [{ place, header: section.name, part }]
  })
}

function cutOf({ place: { file, profile }, header, part: { cut, shown } }: Cut): CutProfile {
  return { file, profile, header, lines: cut, shown }
}

function settings(profile: string, header: string, { id, secret }: KeyPair): Changed[] {
  return [
    { header, profile, key: idKey, value: id },
    { header, profile, key: secretKey, value: secret.reveal() },
  ]
}

/** @throws Failure `file-moved` where it holds another pair */
function lacks(before: Reading, profile: string, pair: KeyPair, path: string): boolean {
  const held = heldPair(before, profile)
  if (!held) return true
  if (samePair(held, pair)) return false
  throw new Failure(moved(profile, path))
}

function moved(profile: string, path: string) {
  return {
    name: 'file-moved',
    title: 'The file was changed by someone else',
    detail: `[${profile}] in ${path} holds another key by now. Nothing was written.`,
    remedy: 'Look at what the file holds now.',
  }
}

/** Before anything is written: every reader must read all else as before. */
function mustAgree(file: StoredFile, difference: string | undefined): void {
  if (difference === undefined) return
  throw new Failure({
    name: 'file-ambiguous',
    title: 'Readers would not agree on the new file',
    detail: `${file.path} would be read differently by ${difference}. Nothing was written.`,
    remedy: 'Change the lines by hand.',
  })
}
