import path from 'node:path'
import { writeAtomic } from '../platform/atomicFile.ts'
import { ownFiles } from '../platform/ownFiles.ts'
import { isHarmless, keyIdOrMask } from '../profiles/keyId.ts'

/**
 * Takes out of the journals what an older version wrote into a key id's place without looking at it, which may have
 * been the secret. Call it before they are read, with the state directory's lock held. A journal that cannot be read
 * or written is left: reading it says so.
 */
export async function scrubJournals(directory: string): Promise<void> {
  const names = await ownFiles.list(directory).catch(() => [])
  for (const name of names.filter((each) => each.endsWith('.jsonl')))
    await scrub(path.join(directory, name)).catch(() => undefined)
}

async function scrub(file: string): Promise<void> {
  const text = String(await ownFiles.read(file))
  const [header = ''] = text.split('\n', 1)
  const wrong = idsOf(header).filter((id) => !isHarmless(id))
  if (wrong.length === 0) return
  let scrubbed = text
  for (const id of wrong) scrubbed = scrubbed.replaceAll(JSON.stringify(id).slice(1, -1), keyIdOrMask(id))
  await writeAtomic(file, scrubbed)
}

/** The ids in the specs of a header; none where it is torn or of another form. */
function idsOf(header: string): string[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(header)
  } catch {
    return []
  }
  const { rotations } = (parsed ?? {}) as { readonly rotations?: unknown }
  if (!Array.isArray(rotations)) return []
  return rotations.flatMap((each: { readonly spec?: Record<string, unknown> } | null) => {
    const { from, to, spare, via, merge } = each?.spec ?? {}
    const merged = (merge as { readonly key?: unknown } | undefined)?.key
    return [from, to, spare, via, merged].filter((id) => typeof id === 'string')
  })
}
