import ini from 'ini'

/** Sections by header, keys as written, values as `ini` types them. */
export type IniSections = ReadonlyMap<string, Readonly<Record<string, unknown>>>

/**
 * A second opinion by the package `ini`. Dots in headers are escaped first, since it takes them for nesting
 * (`[a.b]` would become a section b within a). A file that it cannot take gives no sections.
 */
export function readIni(bytes: Buffer): IniSections {
  const text = bytes
    .toString('utf8')
    .replace(/^\[[^\]\r\n]*\](?=[^\S\r\n]*$)/gm, (header) => header.replaceAll('.', '\\.'))
  const sections = new Map<string, Readonly<Record<string, unknown>>>()
  let parsed: Record<string, unknown>
  try {
    parsed = ini.parse(text)
  } catch {
    // A top-level key with the name of a later section makes it write to a string.
    return sections
  }
  for (const [name, section] of Object.entries(parsed))
    if (section !== null && typeof section === 'object' && !Array.isArray(section))
      sections.set(name, section as Record<string, unknown>)
  return sections
}
