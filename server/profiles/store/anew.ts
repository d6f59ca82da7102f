import { Failure } from '../../platform/failure.ts'
import { objection } from '../agreement/agreement.ts'
import { differenceAdded } from '../agreement/reading.ts'
import type { Changed, Reading } from '../agreement/reading.ts'
import { IniDocument } from '../ini/document.ts'
import { headerFor, sectionLines, settingsOf } from '../ini/newSection.ts'
import { splice } from '../ini/splice.ts'
import type { Edit } from '../ini/splice.ts'
import type { AnewProfile } from '../ports.ts'
import { again, put } from './again.ts'
import { heldPair } from './pairs.ts'
import type { StoredFile } from './storedFile.ts'

/**
 * Writes profiles that are gone from a file. Call it with the lock held.
 * @throws Failure as `ProfileStore.putAnew`
 */
export async function putAnew(file: StoredFile, profiles: readonly AnewProfile[]): Promise<void> {
  await again(file, async () => {
    const view = await file.view()
    if (view.loaded.state === 'unreadable') throw new Failure(view.loaded.trouble)
    const before = await file.parse(
      withoutCutOff(view.reading?.document ?? IniDocument.parse(Buffer.alloc(0))),
    )
    const missing = profiles.filter((each) => lacks(before, each, file.path))
    if (missing.length === 0) return
    const { bytes, added } = withProfiles(before, missing)
    await verify(file, before, bytes, added, missing)
    await put(file, view, bytes)
  })
}

/** A file that was cut in the middle of a line ends with what no reader takes for a setting. */
function withoutCutOff({ bytes, lines, faults }: IniDocument): Buffer {
  const last = lines.at(-1)
  const isCut = last?.next === last?.end && faults.some(({ line }) => line === lines.length)
  return last && isCut ? bytes.subarray(0, last.start) : bytes
}

/** @throws Failure `file-moved` where it holds another pair */
function lacks(before: Reading, { profile, pair }: AnewProfile, path: string): boolean {
  const held = heldPair(before, profile)
  if (!held?.id || !held.secret.reveal()) return true
  if (held.id === pair.id) return held.secret.reveal() !== pair.secret.reveal()
  throw new Failure({
    name: 'file-moved',
    title: 'The file was changed by someone else',
    detail: `[${profile}] in ${path} holds a key again. Nothing was written.`,
    remedy: 'Look at what the file holds now.',
  })
}

/** Pure: the file with the profiles, each in its own section, else in a new one at the end. */
function withProfiles({ document, which, profiles: known }: Reading, profiles: readonly AnewProfile[]) {
  const { bytes, lines } = document
  const newline = bytes.includes('\r\n') ? '\r\n' : '\n'
  const edits: Edit[] = []
  const added: Changed[] = []
  const atEnd: string[] = []
  for (const { profile, pair, region } of profiles) {
    const section = known.get(profile)?.at(-1)
    const header = section?.name ?? headerFor(which, profile)
    const whole = {
      profile,
      id: pair.id,
      secret: pair.secret.reveal(),
      ...(region !== undefined && { region }),
    }
    if (!section) atEnd.push(...(bytes.length + atEnd.length > 0 ? [''] : []), ...sectionLines(which, whole))
    const below: string[] = []
    for (const { key, value, line } of settingsOf(whole)) {
      const entry = document.entry(header, key)
      if (section && entry && key === 'region') continue
      added.push({ header, profile, key, value })
      if (entry) edits.push({ start: entry.start, end: entry.end, text: value })
      else if (section) below.push(line)
    }
    if (section && below.length > 0) {
      const { end, next } = lines[section.line - 1] as (typeof lines)[number]
      const ended = next > end
      edits.push({
        start: next,
        end: next,
        text: (ended ? '' : newline) + below.map((each) => each + newline).join(''),
      })
    }
  }
  if (atEnd.length > 0) {
    const last = lines.at(-1)
    const open = last !== undefined && last.next === last.end ? newline : ''
    edits.push({
      start: bytes.length,
      end: bytes.length,
      text: open + atEnd.map((each) => each + newline).join(''),
    })
  }
  return { bytes: splice(bytes, edits), added }
}

/** Before anything is written: every reader must read the new profiles, and all else as before. */
async function verify(
  file: StoredFile,
  before: Reading,
  bytes: Buffer,
  added: readonly Changed[],
  profiles: readonly AnewProfile[],
): Promise<void> {
  const after = await file.parse(bytes)
  const difference = differenceAdded(before, after, added)
  if (difference !== undefined)
    throw new Failure({
      name: 'file-ambiguous',
      title: 'Readers would not agree on the new file',
      detail: `${file.path} with the profiles written anew would be read differently by ${difference}. Nothing was written.`,
      remedy: 'Write the sections of the profiles plainly, then try again.',
    })
  for (const { profile } of profiles) {
    const trouble = objection(after, profile, file.path)
    if (trouble) throw new Failure(trouble)
  }
}
