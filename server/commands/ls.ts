import type { Key } from '../api/inventory.ts'
import { daysSince, isOverdue } from '../../shared/age.ts'
import { openToLook } from '../engine/engine.ts'
import { csvLine } from '../../shared/csv.ts'
import { madeByUs } from './due.ts'
import { exit } from './exitCodes.ts'
import { codeWith, filesDocument, fileTroublesOf, tellFiles } from './fileTroubles.ts'
import type { Command, Ended } from './command.ts'
import { count, owner, places, when } from './wording.ts'

/** `keyturn ls`: every key of the files as last known. AWS is not asked. */
export async function ls({ options, env, terminal }: Command): Promise<Ended> {
  const looking = await openToLook(options, env)
  try {
    const { keyring, runs, settings, clock } = looking
    const troubles = fileTroublesOf((await keyring.readKeys()).snapshot)
    tellFiles(terminal, troubles)
    const now = clock.now()
    const made = madeByUs(runs.all())
    const keys = (await keyring.inventory()).keys.map((key) =>
      listed(key, key.createdAt ?? made.get(key.id), settings.get().agePolicyDays, now),
    )
    if (keys.length > 0) terminal.print(keys.map((key) => lineOf(key, now)).join('\n'))
    if (keys.length === 0 && terminal.talks && troubles.troubles.length === 0 && troubles.none === undefined)
      terminal.print('No keys.')
    terminal.data(csvOf(keys))
    return { code: codeWith(troubles, exit.ok), document: { ...filesDocument(troubles), keys } }
  } finally {
    await looking.close()
  }
}

/** A row of the list; the form of its JSON. */
type Listed = ReturnType<typeof listed>

function listed(key: Key, createdAt: string | undefined, agePolicyDays: number, now: number) {
  const { id, profiles, account, user, status, lastUsed, asOf, canary, excluded, problem } = key
  const ages = createdAt !== undefined
  return {
    id,
    profiles,
    ...(account && { account: account.id, ...(account.alias !== undefined && { alias: account.alias }) }),
    ...(user && { user: user.name }),
    ...(status !== undefined && { status }),
    ...(ages && { createdAt, days: daysSince(createdAt, now) }),
    overdue: ages && !canary && !excluded && isOverdue(createdAt, agePolicyDays, now),
    ...(lastUsed?.at !== undefined && { lastUsed: lastUsed.at }),
    ...(asOf !== undefined && { asOf }),
    canary,
    excluded,
    ...(problem && { problem }),
  }
}

function lineOf(key: Listed, now: number): string {
  const { id, profiles, account, alias, user, status, days, overdue, lastUsed, canary, excluded, problem } =
    key
  const whose = owner({
    ...(user !== undefined && { user: { name: user, arn: '' } }),
    ...(account !== undefined && {
      account: { id: account, derived: false, ...(alias !== undefined && { alias }) },
    }),
  })
  const facts = [
    status !== undefined && status !== 'Active' && status,
    overdue && 'overdue',
    lastUsed !== undefined && `last used ${when(lastUsed, now)}`,
    canary && 'looks planted',
    excluded && 'excluded',
    problem?.title,
  ]
  const age = days === undefined ? 'age not known' : `${count(days, 'day')} old`
  return [places(profiles), id, age, whose, facts.filter(Boolean).join(', ')]
    .filter((cell) => cell !== '')
    .join('  ')
}

const columns = [
  'profiles',
  'id',
  'account',
  'user',
  'status',
  'created',
  'days',
  'overdue',
  'last_used',
  'as_of',
]

function csvOf(keys: readonly Listed[]): string {
  const rows = keys.map(({ profiles, id, account, user, status, createdAt, days, overdue, lastUsed, asOf }) =>
    csvLine([
      ...[profiles.join(' '), id, account, user, status, createdAt, days],
      ...[overdue ? 'yes' : 'no', lastUsed, asOf],
    ]),
  )
  return csvLine(columns) + rows.join('')
}
