import { utcMinute } from '../../shared/age.ts'
import { createHash } from 'node:crypto'
import type { RestRow } from '../api/ledger.ts'
import type { Run } from '../api/run.ts'
import { longestSessionMs, overAt } from '../credentials/revoke.ts'
import type { Seen, SeenCredential, SeenDoor, SeenPlaces, SeenUser } from './seen.ts'

/** A run that was begun because its keys had leaked. Times: milliseconds since the epoch. */
export interface Leak {
  readonly run: string
  readonly at: number
  readonly keys: readonly string[]
  readonly users: readonly {
    readonly account: string
    readonly name: string
    /** When AWS was seen to refuse the old key, by AWS's clock. */
    readonly refusedAt?: number
  }[]
}

/** Pure: the newest first; each key and user counts for the newest run that is about it. */
export function leaksOf(runs: readonly Run[]): Leak[] {
  const keys = new Set<string>()
  const users = new Set<string>()
  const isNew = (set: Set<string>, name: string) => !set.has(name) && Boolean(set.add(name))
  return runs
    .filter(({ leak }) => leak)
    .sort((one, other) => other.id.localeCompare(one.id))
    .map(({ id, startedAt, rotations, left = [] }) => ({
      run: id,
      at: Date.parse(startedAt),
      keys: [...rotations, ...left].map(({ key }) => key).filter((key) => isNew(keys, key)),
      users: rotations.flatMap(({ account, user, refusedAt }) =>
        account && user && isNew(users, `${account.id}/${user.name}`)
          ? [
              {
                ...{ account: account.id, name: user.name },
                ...(refusedAt !== undefined && { refusedAt: Date.parse(refusedAt) }),
              },
            ]
          : [],
      ),
    }))
}

type Row = Omit<RestRow, 'id' | 'run' | 'state' | 'closedBy' | 'why'> & {
  readonly about: readonly string[]
  readonly done: boolean
}

/**
 * Pure: what theft leaves beside keys, as it was last seen. What was seen before the run counts for nothing: it is what the
 * thief may have changed.
 * @param left by name, with what was said
 */
export function restOf(
  leaks: readonly Leak[],
  seen: Seen,
  left: ReadonlyMap<string, string | undefined>,
  now: number,
): RestRow[] {
  const [newest] = leaks
  if (!newest) return []
  return leaks.flatMap((leak) => {
    const rows = [
      ...leak.users.flatMap((user) => ofUser(user, leak, seen.users, now)),
      ...(leak === newest ? signIns(seen.signIns, leak) : []),
      ...placesOf(leak, seen.places),
      ...seen.doors.filter(({ key }) => leak.keys.includes(key)).map(doorRow),
    ]
    return rows.map(({ about, done, ...row }): RestRow => {
      const id = `${row.kind}-${createHash('sha256').update(JSON.stringify(about)).digest('hex').slice(0, 12)}`
      const why = left.get(id)
      const closedBy = done ? ('done' as const) : left.has(id) ? ('left' as const) : undefined
      return {
        id,
        run: leak.run,
        ...row,
        state: closedBy ? 'closed' : 'open',
        ...(closedBy && { closedBy }),
        ...(closedBy === 'left' && why !== undefined && { why }),
      }
    })
  })
}

/** How many rows are open. */
export const openRest = (rows: readonly RestRow[] | undefined = []): number =>
  rows.filter(({ state }) => state === 'open').length

function ofUser(user: Leak['users'][number], { run, at }: Leak, users: Seen['users'], now: number): Row[] {
  const { account, name } = user
  const looked = users.find((each) => each.account === account && each.name === name && each.at >= at)
  const whose = { account, user: name }
  if (!looked)
    return [
      {
        kind: 'credentials',
        ...whose,
        about: [run, account, name],
        what: `Other credentials of ${name}`,
        reason: 'Nobody has looked yet',
        done: false,
      },
      sessionsRow(user, undefined, now),
    ]
  return [...looked.credentials.map((each) => credentialRow(each, whose)), sessionsRow(user, looked, now)]
}

function credentialRow(
  { kind, id, open, reason }: SeenCredential,
  whose: { readonly account: string; readonly user: string },
): Row {
  return {
    kind: 'credential',
    ...whose,
    ...(id !== undefined && { credential: id }),
    about: [whose.account, whose.user, kind, id ?? ''],
    what: `${titles[kind]} of ${whose.user}`,
    reason,
    done: !open,
  }
}

const titles: Readonly<Record<SeenCredential['kind'], string>> = {
  password: 'Console password',
  'service-specific': 'Service password or API key',
  ssh: 'SSH key',
  certificate: 'Signing certificate',
  mfa: 'MFA device',
}

function sessionsRow(
  { account, name, refusedAt }: Leak['users'][number],
  looked: SeenUser | undefined,
  now: number,
): Row {
  const row = { kind: 'sessions' as const, account, user: name, about: [account, name, String(refusedAt)] }
  const what = `Sessions of ${name}`
  const cut = looked?.cut
  if (cut !== undefined)
    return {
      ...row,
      what,
      reason: `Those issued before ${moment(cut)} are ${overAt(cut) <= now ? 'over' : 'denied'}`,
      done: true,
    }
  if (refusedAt === undefined)
    return { ...row, what, reason: 'The old key is not known to be off: it makes new ones', done: false }
  const over = refusedAt + longestSessionMs
  return over <= now
    ? { ...row, what, reason: 'None that the old key made can live any more', done: true }
    : { ...row, what, reason: `May live until ${utcMinute(over)}`, done: false }
}

function signIns(seen: Seen['signIns'], { at }: Leak): Row[] {
  if (!seen || seen.at < at) return []
  return seen.alive.map(({ path, kind }) => ({
    kind: 'sign-in',
    about: [path],
    what: `Sign-in on this machine (${kind})`,
    reason: path,
    done: false,
  }))
}

/** A row a key where it was looked for, one for all where nobody has looked. */
function placesOf({ run, at, keys }: Leak, seen: SeenPlaces | undefined): Row[] {
  const looked = seen !== undefined && seen.at >= at
  if (!looked)
    return keys.length === 0
      ? []
      : [
          {
            kind: 'places',
            about: [run],
            what: 'Other places on this machine',
            reason: 'Nobody has looked yet',
            done: false,
          },
        ]
  return keys.flatMap((key): Row[] => {
    const own = seen.places.filter((place) => place.key === key)
    const found = own.length
    const updated = own.filter((place) => place.updated).length
    if (found === 0) return []
    return [
      {
        kind: 'places',
        key,
        about: [run, key],
        what: 'Other places on this machine',
        reason: `${found} found, ${updated} updated, ${found - updated} left`,
        places: { found, updated, left: found - updated },
        done: updated === found,
      },
    ]
  })
}

function doorRow({ id, key, at, act, target, still }: SeenDoor): Row {
  return {
    kind: 'door',
    key,
    about: [id],
    what: [act, target].filter(Boolean).join(' '),
    reason: `${moment(at)}${still === undefined ? '' : still === 'gone' ? ', gone since' : ', still there'}`,
    done: still === 'gone',
  }
}

/** What a file or an event calls a time may be none. */
function moment(text: string): string {
  const at = Date.parse(text)
  return Number.isNaN(at) ? text : utcMinute(at)
}
