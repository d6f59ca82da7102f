import fs from 'node:fs/promises'
import path from 'node:path'
import type { Which } from '../../api/inventory.ts'
import { NotDurableError, syncDirectory } from '../../platform/atomicFile.ts'
import { Failure } from '../../platform/failure.ts'
import { objection } from '../agreement/agreement.ts'
import { codeOf, writeFailure } from './fileTrouble.ts'
import { samePair } from '../keyPair.ts'
import type { KeyPair } from '../keyPair.ts'
import { heldPair, splicePairs } from './pairs.ts'
import { differenceAfter } from '../agreement/reading.ts'
import type { Changed, Reading } from '../agreement/reading.ts'
import { MovedMeanwhile } from './storedFile.ts'
import type { StoredFile, View } from './storedFile.ts'

export const both = ['credentials', 'config'] as const
export type Views = Readonly<Record<Which, View>>

export interface Failed {
  readonly kind: 'failed'
  readonly file: Which
  readonly error: Failure
}
export type Outcome =
  | Failed
  | { readonly kind: 'written'; readonly error?: Failure }
  | { readonly kind: 'moved'; readonly file: Which }

interface Made {
  readonly file: StoredFile
  readonly before: Reading
  readonly pairs: ReadonlyMap<string, KeyPair>
}

/** How often putting back begins anew since another program wrote meanwhile. */
const mostTurns = 5

/**
 * Writes pairs into both files or neither: where the second write fails, the first file is put back by
 * compare-and-swap. Call it with the locks held.
 * @param views what the files held when the pairs were compared
 */
export async function putPairs(
  files: Readonly<Record<Which, StoredFile>>,
  views: Views,
  pairs: Readonly<Record<Which, ReadonlyMap<string, KeyPair>>>,
): Promise<Outcome> {
  const made: Made[] = []
  let doubtful: Failure | undefined
  for (const which of both) {
    const file = files[which]
    const before = views[which].reading
    if (pairs[which].size === 0 || !before) continue
    try {
      const { bytes, changed } = splicePairs(before, pairs[which])
      await verify(file, before, bytes, changed, pairs[which].keys())
      await file.replace(views[which], bytes)
      made.push({ file, before, pairs: pairs[which] })
    } catch (error) {
      if (error instanceof NotDurableError) {
        doubtful = writeFailure(file.path, error)
        made.push({ file, before, pairs: pairs[which] })
        continue
      }
      for (const each of made) await putBack(each, file.path)
      if (error instanceof MovedMeanwhile) return { kind: 'moved', file: which }
      return { kind: 'failed', file: which, error: writeFailure(file.path, error) }
    }
  }
  // Nothing to write: they hold the wanted pairs already, perhaps since just before a crash. Make that durable.
  if (made.length === 0) for (const which of both) await makeDurable(files[which].path)
  return { kind: 'written', ...(doubtful && { error: doubtful }) }
}

/** Before anything is renamed: every reader must read the new pairs, and all else as before. */
async function verify(
  file: StoredFile,
  before: Reading,
  bytes: Buffer,
  changed: readonly Changed[],
  profiles: Iterable<string>,
): Promise<void> {
  const after = await file.parse(bytes)
  const difference = differenceAfter(before, after, changed)
  if (difference !== undefined)
    throw new Failure({
      name: 'file-ambiguous',
      title: 'Readers would not agree on the new file',
      detail: `${file.path} with the new pair would be read differently by ${difference}. Nothing was written.`,
      remedy: 'Write the section of the profile plainly, then try again.',
    })
  for (const profile of profiles) {
    const trouble = objection(after, profile, file.path)
    if (trouble) throw new Failure(trouble)
  }
}

async function putBack({ file, before, pairs }: Made, failed: string): Promise<void> {
  for (let turn = 1; ; turn++) {
    try {
      const view = await file.view()
      if (!view.reading) throw new MovedMeanwhile('unreadable')
      const back = new Map<string, KeyPair>()
      for (const [profile, pair] of pairs) {
        const [held, old] = [heldPair(view.reading, profile), heldPair(before, profile)]
        // What someone else wrote there meanwhile is theirs; `reconcile` looks at the pairs.
        if (held && old && samePair(held, pair)) back.set(profile, old)
      }
      return await file.replace(view, splicePairs(view.reading, back).bytes)
    } catch (error) {
      if (error instanceof NotDurableError) return
      if (!(error instanceof MovedMeanwhile) || turn === mostTurns)
        throw halfWritten(file.path, failed, error)
    }
  }
}

function halfWritten(written: string, failed: string, error: unknown): Failure {
  const code = codeOf(error)
  return new Failure(
    {
      name: 'file-half-written',
      title: 'Only one of the two files was written',
      detail: `${failed} could not be written, and ${written}, written just before, could not be put back: it holds the new pair, ${failed} the old one. Both keys work.`,
      remedy: 'Free space or permissions as the code says, then let Keyturn recover.',
      ...(code && { code }),
    },
    { cause: error },
  )
}

async function makeDurable(file: string): Promise<void> {
  await fs
    .realpath(file)
    .then((real) => syncDirectory(path.dirname(real)))
    .catch(() => undefined)
}
