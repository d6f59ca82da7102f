import { standsWords, worthWords } from '../../shared/placeWords.ts'
import os from 'node:os'
import type { Change, Found } from '../places/places.ts'
import { count, short } from './wording.ts'

/** What was found, file by file, and what was not looked at. Ids by their last characters; never a secret. */
export function foundText({ places, passed, files, bytes, ms, stopped }: Found): string {
  const lines: string[] = []
  const first = `Looked through ${count(files, 'file')} (${size(bytes)}) in ${(ms / 1000).toFixed(1)} s${stopped ? ', and was stopped' : ''}.`
  lines.push(first)
  if (places.length === 0) lines.push(stopped ? 'Nothing was found so far.' : 'Nothing was found.')
  for (const file of new Set(places.map((place) => place.path))) {
    const own = places.filter((place) => place.path === file)
    lines.push(`${tilde(file)}  (${own[0]?.kind ?? 'file'})`)
    for (const { line, key, holds, can, why, worth } of own) {
      const key_ = `${short(key)}${worth ? `, ${worthWords[worth]}` : ''}`
      lines.push(
        `  line ${line}: ${standsWords[holds]} (${key_}). ${can === 'update' ? 'Can be updated.' : (why ?? '')}`,
      )
    }
  }
  if (passed.length > 0) lines.push(`Not looked at: ${passed.length}.`, ...passedLines(passed))
  return lines.join('\n')
}

/** The diff of an update: which line gets what. What else stands there is nobody's business. */
export function changesText(changes: readonly Change[]): string {
  return changes
    .flatMap(({ path, key, newKey, lines }) => [
      `${tilde(path)}: will hold the new pair`,
      ...lines.map(
        ({ line, what }) =>
          `  line ${line}: ${what === 'secret' ? 'the old secret → the new secret' : `${key} → ${newKey}${what === 'id' ? '' : ', and its secret'}`}`,
      ),
    ])
    .join('\n')
}

/** By reason, the most frequent first. */
function passedLines(passed: Found['passed']): string[] {
  const reasons = new Map<string, string[]>()
  for (const { path, why } of passed) reasons.set(why, [...(reasons.get(why) ?? []), path])
  return [...reasons]
    .sort(([, one], [, other]) => other.length - one.length)
    .map(([why, paths]) => {
      const some = paths.slice(0, 3).map(tilde).join(', ')
      return `  ${paths.length} × ${why}: ${some}${paths.length > 3 ? ', …' : ''}`
    })
}

function size(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${Math.round(bytes / 1_000_000)} MB`
}

export function tilde(file: string): string {
  const home = process.env['HOME'] || os.homedir()
  return file.startsWith(`${home}/`) ? `~${file.slice(home.length)}` : file
}
