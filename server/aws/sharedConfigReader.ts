import { externalDataInterceptor, loadSharedConfigFiles } from '@smithy/core/config'
import type { Which } from '../api/inventory.ts'

/** Sections as AWS's own loader reads them: config-file profiles without their `profile ` prefix. */
export type LoadedSections = Record<string, Record<string, string | undefined>>

/** Names that a plain object inherits; `__proto__` is left out, since the loader refuses the file for it. */
const inherited = new Set(Object.getOwnPropertyNames(Object.prototype).filter((name) => name !== '__proto__'))
const stand = 'keyturn stand-in for an inherited name'
let reads = 0

/**
 * Reads the bytes of a credentials or config file as the AWS SDK for JavaScript would, without touching the disk and
 * without leaving the text in the SDK's process-wide cache, which would keep secrets for the life of the process.
 *
 * The loader never fails: of a file that it cannot take (such as one with `[__proto__]`) it gives no sections.
 */
export async function readSharedConfig(bytes: Buffer, which: Which): Promise<LoadedSections> {
  // Paths that no file has, and new for each call: reads that run at once must not see each other's text.
  const turn = (reads += 1)
  const paths = { credentials: `\0keyturn/${turn}/credentials`, config: `\0keyturn/${turn}/config` }
  const record = externalDataInterceptor.getFileRecord()
  try {
    for (const each of ['credentials', 'config'] as const) {
      const text = each === which ? withoutInheritedHeaders(bytes.toString('utf8')) : ''
      externalDataInterceptor.interceptFile(paths[each], text)
    }
    const loaded = await loadSharedConfigFiles({
      filepath: paths.credentials,
      configFilepath: paths.config,
      ignoreCache: true,
    })
    const sections = which === 'credentials' ? loaded.credentialsFile : loaded.configFile
    return Object.fromEntries(Object.entries(sections).filter(([name]) => name !== stand))
  } finally {
    delete record[paths.credentials]
    delete record[paths.config]
  }
}

/**
 * The loader collects sections in a plain object, so that `[constructor]` writes its lines onto `Object` itself: the
 * profile is lost, its secret stays in a global, and a line such as `keys = x` breaks the whole process. Such a
 * header is renamed before the loader sees it, and its section dropped: the same reading, without the damage.
 */
function withoutInheritedHeaders(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => {
      const seen = (line.split(/(^|\s)[;#]/)[0] ?? '').trim()
      return seen.startsWith('[') && seen.endsWith(']') && inherited.has(seen.slice(1, -1))
        ? `[${stand}]`
        : line
    })
    .join('\n')
}
