import type { Which } from '../../api/inventory.ts'

export interface PlainPair {
  id: string
  secret: string
}

/** Where the files and the state directory of a test are, on a real disk or a modelled one. */
export interface Ground {
  readonly credentials: string
  readonly config: string
  readonly state: string
  /** The content of a file; nothing where there is none. */
  text(which: Which): string
  lay(which: Which, text: string): void
  /** The pair of each profile. */
  pairs(): Map<string, PlainPair>
}

/** The pair of each profile by `file:section`, read without any of the product's code. */
export function pairsIn(text: (which: Which) => string): Map<string, PlainPair> {
  const pairs = new Map<string, PlainPair>()
  for (const which of ['credentials', 'config'] as const) {
    let name = ''
    for (const line of text(which).split('\n')) {
      const header = /^\[(.*)\]$/.exec(line.trim())
      if (header) name = `${which}:${header[1]}`
      const value = /^(aws_access_key_id|aws_secret_access_key)\s*=\s*(\S+)/.exec(line)
      if (!value) continue
      const pair = pairs.get(name) ?? { id: '', secret: '' }
      if (value[1] === 'aws_access_key_id') pair.id = value[2] ?? ''
      else pair.secret = value[2] ?? ''
      pairs.set(name, pair)
    }
  }
  return pairs
}
