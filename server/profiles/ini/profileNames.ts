import type { Which } from '../../api/inventory.ts'
import { inherited } from './botocoreRules.ts'

/**
 * The profile that a section's header names for botocore: the header itself in the credentials file; in the config
 * file `default` or `profile NAME`, where NAME may be quoted as in a shell (botocore/configloader.py,
 * build_profile_map). undefined: not a profile.
 */
export function profileOf(which: Which, header: string): string | undefined {
  if (header === inherited) return undefined
  if (which === 'credentials') return header
  if (header === 'default') return header
  if (!header.startsWith('profile')) return undefined
  const words = shellWords(header)
  return words?.length === 2 ? words[1] : undefined
}

/** Name of a `[services NAME]` section of the config file. */
export function servicesOf(header: string): string | undefined {
  if (!header.startsWith('services')) return undefined
  const words = shellWords(header)
  return words?.length === 2 ? words[1] : undefined
}

/** Python's `shlex.split`, without comments; undefined where a quote or an escape is left open. */
export function shellWords(text: string): string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string
    if (char === ' ' || char === '\t' || char === '\r' || char === '\n') {
      if (word !== undefined) words.push(word)
      word = undefined
    } else if (char === "'") {
      const close = text.indexOf("'", at + 1)
      if (close < 0) return undefined
      word = (word ?? '') + text.slice(at + 1, close)
      at = close
    } else if (char === '"') {
      word ??= ''
      for (at++; text[at] !== '"'; at++) {
        if (at >= text.length) return undefined
        const next = text[at + 1]
        if (text[at] === '\\' && (next === '"' || next === '\\')) at++
        word += text[at]
      }
    } else if (char === '\\') {
      if (at + 1 >= text.length) return undefined
      word = (word ?? '') + text[++at]
    } else {
      word = (word ?? '') + char
    }
  }
  if (word !== undefined) words.push(word)
  return words
}
