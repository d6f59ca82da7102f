/** '1 key', '12 keys', '1,000 keys'. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString()} ${n === 1 ? one : many}`
}

/** 'a', 'a and b', 'a, b and c'; beyond `most`, 'a, b and 5 more'. */
export function list(items: readonly string[], most = 4): string {
  const shown =
    items.length > most ? [...items.slice(0, most - 1), `${items.length - most + 1} more`] : [...items]
  const last = shown.pop()
  if (last === undefined) return ''
  return shown.length === 0 ? last : `${shown.join(', ')} and ${last}`
}

/** The last four characters, by which people tell their keys apart. */
export const last4 = (id: string): string => id.slice(-4)
/** How a key is named in a sentence. */
export const shortId = (id: string): string => `****${last4(id)}`
