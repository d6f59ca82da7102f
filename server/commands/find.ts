import type { Place } from '../api/places.ts'
import { openToLook, type Looking } from '../engine/engine.ts'
import type { Found, PlaceSearch } from '../places/places.ts'
import { exit } from './exitCodes.ts'
import { changesText, foundText, tilde } from './findText.ts'
import type { FindRequest } from './options.ts'
import { confirmed } from './command.ts'
import type { Command, Ended } from './command.ts'
import { withFiles } from './withFiles.ts'
import { count } from './wording.ts'

/** `keyturn find`: where else on this machine keys stand. Nothing is asked of AWS. */
export async function find(command: Command): Promise<Ended> {
  const { options, env } = command
  const request = options.find as FindRequest
  // To look goes beside a Keyturn that runs; to write does not.
  const looking = await (request.update ? command.open() : openToLook(options, env))
  try {
    return await withFiles(looking, command, () => findWith(looking, request, command))
  } finally {
    await looking.close()
  }
}

async function findWith(
  { places }: Pick<Looking, 'places'>,
  request: FindRequest,
  command: Command,
): Promise<Ended> {
  const { terminal, interruption } = command
  const found = await searched(places, request, command)
  if (terminal.talks || found.places.length > 0) terminal.print(foundText(found))
  if (request.update && !interruption.requested) return update(places, found, command)
  return {
    code: interruption.requested ? exit.interrupted : found.places.length > 0 ? exit.failed : exit.ok,
    document: documentOf(found),
  }
}

/** Shows what would change, asks, and writes. What stays is in the list above it, with the reason. */
async function update(places: PlaceSearch, found: Found, command: Command): Promise<Ended> {
  const { terminal, options } = command
  const { can, left } = await places.changes(found.places)
  const document = { ...documentOf(found), changes: can }
  const remain = (updated: number) => found.places.some((each) => each.can === 'list') || updated < can.length
  if (can.length > 0) terminal.print(changesText(can))
  for (const { path, why } of left) terminal.print(`${tilde(path)} stays as it is. ${why}`)
  if (can.length === 0) return { code: found.places.length > 0 ? exit.failed : exit.ok, document }
  if (options.dryRun) {
    terminal.print('A dry run: nothing was changed.')
    return { code: exit.failed, document }
  }
  if (!options.yes) await confirmed(command, `Update ${count(can.length, 'file')}?`)
  const updated = await places.update(can)
  for (const { path, why } of updated)
    terminal.print(
      why === undefined ? `${tilde(path)} holds the new pair.` : `${tilde(path)} stays as it was. ${why}`,
    )
  const done = updated.filter(({ why }) => why === undefined).length
  return { code: left.length > 0 || remain(done) ? exit.failed : exit.ok, document: { ...document, updated } }
}

/** Ctrl-C ends the search with what it has. */
async function searched(
  places: PlaceSearch,
  { keys, folders }: FindRequest,
  { terminal, interruption }: Command,
): Promise<Found> {
  let drawn = 0
  const found = await places.find(
    { ...(keys.length > 0 && { keys: [...keys] }), ...(folders.length > 0 && { in: [...folders] }) },
    {
      signal: interruption.signal,
      onProgress({ files, found: number }) {
        if (!terminal.draws || performance.now() - drawn < 100) return
        drawn = performance.now()
        terminal.draw(`\r\u001b[K${count(files, 'file')} looked through, ${number} with a key in them…`)
      },
    },
  )
  if (drawn > 0) terminal.draw('\r\u001b[K')
  return found
}

/** What a program reads: as documented, and nothing else. */
function documentOf({ places, passed, files, bytes, ms }: Found): Ended['document'] {
  const plain = places.map(({ path, line, kind, key, holds, can, why }): Place => {
    return { path, line, kind, key, holds, can, ...(why !== undefined && { why }) }
  })
  return { places: plain, passed, files, bytes, ms }
}
