import path from 'node:path'
import type { AfterSignIn } from '../api/after.ts'
import { ownFiles } from '../platform/ownFiles.ts'

/** Folders of sign-ins below a home. A thief who took the folder has them too. */
const folders = [
  ['sso', ['.aws', 'sso', 'cache']],
  ['login', ['.aws', 'login', 'cache']],
  ['cli', ['.aws', 'cli', 'cache']],
] as const
const most = 1024 * 1024

/** Sign-ins that lie on this machine, without anything of them that signs. Files alone are read; nothing is asked. */
export async function signInsOf(home: string, now: number): Promise<AfterSignIn[]> {
  const found: AfterSignIn[] = []
  for (const [kind, names] of folders) {
    const folder = path.join(home, ...names)
    const files = (await ownFiles.list(folder).catch(() => [])).filter((name) => name.endsWith('.json'))
    for (const name of files.sort()) {
      const file = path.join(folder, name)
      const text = await ownFiles.read(file, most).catch(() => undefined)
      const read = text && readSignIn(kind, text.toString('utf8'), now)
      if (read !== 'none') found.push({ path: file, kind, ...(read || { state: 'unreadable' }) })
    }
  }
  return found
}

type Read = Pick<AfterSignIn, 'state' | 'until' | 'who'>

/** Pure. `none`: a file that holds no sign-in, such as a client's registration; undefined: it cannot be read. */
export function readSignIn(kind: AfterSignIn['kind'], text: string, now: number): Read | 'none' | undefined {
  const value = objectOf(text)
  if (!value) return undefined
  const { accessToken, Credentials: credentials } = value
  if (kind === 'sso') {
    if (typeof accessToken !== 'string') return 'none'
    // What renews itself lives on after its hour.
    return told(value['expiresAt'], now, value['startUrl'], typeof value['refreshToken'] === 'string')
  }
  if (kind === 'login') {
    if (!isObject(accessToken)) return 'none'
    return told(
      accessToken['expiresAt'],
      now,
      accessToken['accountId'],
      typeof value['refreshToken'] === 'string',
    )
  }
  if (!isObject(credentials)) return 'none'
  const role = isObject(value['AssumedRoleUser']) ? value['AssumedRoleUser']['Arn'] : undefined
  return told(credentials['Expiration'], now, role, false)
}

function told(expires: unknown, now: number, who: unknown, renews: boolean): Read | undefined {
  // botocore writes 2026-01-01T00:00:00UTC.
  const until = typeof expires === 'string' ? Date.parse(expires.replace(/UTC$/, 'Z')) : NaN
  if (!Number.isFinite(until)) return undefined
  return {
    state: until > now || renews ? 'alive' : 'over',
    until: new Date(until).toISOString(),
    ...(typeof who === 'string' && { who: who.slice(0, 200) }),
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}
