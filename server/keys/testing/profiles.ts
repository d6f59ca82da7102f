import type { FileState } from '../../api/inventory.ts'
import { Secret } from '../../profiles/keyPair.ts'
import type { FilesSnapshot, FoundProfile } from '../../profiles/ports.ts'

/** A profile as the files' room would find it: an access key that may be written, unless told otherwise. */
export function profile(
  name: string,
  id: string,
  more: Partial<FoundProfile> & { secret?: string } = {},
): FoundProfile {
  const { secret = `secret-of-${id}`, ...rest } = more
  return {
    name,
    file: 'credentials',
    line: 1,
    kind: 'access-key',
    pair: { id, secret: new Secret(secret) },
    settings: { values: {}, services: {} },
    usedByRoles: [],
    rotatable: true,
    ...rest,
  }
}

export function snapshotOf(profiles: readonly FoundProfile[]): FilesSnapshot {
  const file = (which: FileState['which']): FileState => ({
    which,
    path: `/home/ann/.aws/${which}`,
    state: 'ok',
    loose: false,
    writable: true,
    problems: [],
  })
  return { files: { credentials: file('credentials'), config: file('config') }, profiles }
}
