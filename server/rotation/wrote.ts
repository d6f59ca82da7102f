import type { Which } from '../api/inventory.ts'
import type { FilesSnapshot } from '../profiles/ports.ts'
import type { Facts, Spec } from './entries.ts'

/** Where a save wrote, so that what it wrote there can be missed, and written anew. */
export interface Wrote {
  readonly paths: { readonly [file in Which]?: string }
  /** By `placeName`: the region that stood in the same section as the pair. */
  readonly regions: Readonly<Record<string, string>>
}

export function placeName(file: Which, profile: string): string {
  return `${file}:${profile}`
}

/** Pure: the facts of a save. */
export function wroteInto(snapshot: FilesSnapshot, places: Spec['profiles']): { wrote: Wrote } {
  const paths: { [file in Which]?: string } = {}
  const regions: Record<string, string> = {}
  for (const { name, file } of places) {
    const { path } = snapshot.files[file]
    paths[file] = path
    const found = snapshot.profiles.find((each) => each.name === name && each.file === file)
    const region = found?.settings.values['region']
    if (region !== undefined && found?.regionAt?.path === path) regions[placeName(file, name)] = region
  }
  return { wrote: { paths, regions } }
}

/** What a journal tells of it; older ones tell nothing. */
export function wroteOf(facts: Facts): Wrote | undefined {
  const wrote = facts['wrote'] as Partial<Wrote> | undefined
  return wrote?.paths && wrote.regions ? { paths: wrote.paths, regions: wrote.regions } : undefined
}
