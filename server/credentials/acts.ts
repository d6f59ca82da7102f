import type { AfterAct } from '../api/after.ts'
import type { Trouble } from '../api/problem.ts'
import { AwsFailure } from '../keys/iam.ts'
import type { CallOptions } from '../keys/iam.ts'
import { Failure } from '../platform/failure.ts'
import { Patience } from '../platform/patience.ts'
import type { Act } from './actLines.ts'
import { standingActs, userKey } from './actLines.ts'
import type { Afterwards, Looking, Subject } from './afterwards.ts'
import type { Switchable } from './ports.ts'
import { cutAfter, cutOf, overAt, revokeNames, revokePolicy } from './revoke.ts'

export type ActRequest =
  | { readonly act: 'deactivate' | 'activate' | 'delete'; readonly ids: readonly string[] }
  | { readonly act: 'end-sessions' }
  | { readonly act: 'finish' }

/** An act that was put together and not done: what a person says yes to. */
export interface PlannedAct extends Act {
  readonly subject: Subject
}

/** How long the lists may take to show what was done, in milliseconds, and the pause between two looks. */
const patienceMs = 30_000
const pauseMs = 1_000

/**
 * Pure, but for the journal and one list of keys: what would be done, or why not. Nothing is changed.
 * @throws Failure in words about the first that cannot be
 */
export async function planActs(
  { journal, deps }: Afterwards,
  { subjects, after }: Looking,
  request: ActRequest,
): Promise<PlannedAct[]> {
  if (request.act === 'end-sessions') return Promise.all(subjects.map((subject) => planEnd(deps, subject)))
  if (request.act === 'finish') {
    const { denials } = standingActs(await journal.lines())
    const now = deps.clock.now()
    const over = subjects.flatMap((subject): PlannedAct[] => {
      const whose = { account: subject.account, user: subject.name }
      const denial = denials.get(userKey(whose))
      if (!denial || denial.removed || overAt(denial.cut) > now) return []
      return [{ act: 'finish', ...whose, policy: denial.policy, cut: denial.cut, subject }]
    })
    if (over.length > 0) return over
    throw new Failure(nothingToFinish)
  }
  return request.ids.map((id) => {
    const at = after.users.findIndex(({ credentials }) => credentials.some((each) => each.id === id))
    const found = after.users[at]?.credentials.find((each) => each.id === id)
    const subject = subjects[at]
    if (!found || !subject) throw new Failure(unknownCredential(id))
    const { kind } = found
    if (kind === 'password' || kind === 'mfa') throw new Failure(onlyListed(id))
    if (!found.can.includes(request.act)) {
      if (request.act === 'delete') throw new Failure(stillActive(id))
      throw new Failure(alreadySo(id, found.status ?? 'as wanted'))
    }
    return { act: request.act, account: subject.account, user: subject.name, kind, id, subject }
  })
}

/** The key first: whoever has it makes new sessions without asking anyone. */
async function planEnd({ iam }: Afterwards['deps'], subject: Subject): Promise<PlannedAct> {
  const { account, name, rotation, signer } = subject
  const { key = '', oldKeyState = 'active', refusedAt } = rotation ?? {}
  if (oldKeyState !== 'inactive' && oldKeyState !== 'deleted') throw new Failure(keyFirst(name))
  // By AWS's clock: what this machine's would cut is off by as much as it is.
  let seen = refusedAt === undefined ? undefined : Date.parse(refusedAt)
  if (seen === undefined) {
    const { keys, date } = await iam.listKeys(signer)
    if (keys.some(({ id, status }) => id === key && status === 'Active')) throw new Failure(keyFirst(name))
    seen = date
  }
  if (seen === undefined) throw new Failure(noClock(name))
  return { act: 'end-sessions', account, user: name, cut: cutAfter(seen), subject }
}

/**
 * Does one act: journaled before the call, seen done after it.
 * @throws Failure in words on what is true now; AwsFailure
 */
export async function perform(
  afterwards: Afterwards,
  { subject, ...planned }: PlannedAct,
  options?: CallOptions,
): Promise<Act> {
  const { journal } = afterwards
  const act = planned.act === 'end-sessions' ? await placed(afterwards, planned, subject, options) : planned
  await journal.append({ ...act, phase: 'started' })
  try {
    await carryOut(afterwards, act, subject, options)
  } catch (error) {
    // What AWS may have done is not known to have failed: it stays open until it is done again and seen.
    if (error instanceof AwsFailure && error.kind !== 'ambiguous')
      await journal.append({ ...act, phase: 'failed' })
    throw error
  }
  await journal.append({ ...act, phase: 'done' })
  await afterwards.noteActs()
  return act
}

/** One after the other; what fails keeps none of the rest from being tried. */
export async function performAll(
  afterwards: Afterwards,
  planned: readonly PlannedAct[],
  isStopped: () => boolean = () => false,
): Promise<AfterAct[]> {
  const done: AfterAct[] = []
  for (const each of planned) {
    if (isStopped()) break
    try {
      done.push(actView({ ...each, ...(await perform(afterwards, each)) }, 'done'))
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      done.push(actView(each, 'failed', error.trouble))
    }
  }
  return done
}

export function actView(
  { act, account, user, kind, id, cut }: Act,
  state: AfterAct['state'],
  problem?: Trouble,
): AfterAct {
  return {
    ...{ act, account, user },
    ...(kind !== undefined && { kind }),
    ...(id !== undefined && { id }),
    ...(cut !== undefined && { cut }),
    state,
    ...(problem && { problem }),
  }
}

async function carryOut(
  { deps: { credentials, clock } }: Afterwards,
  { act, kind, id = '', policy = '', cut = '' }: Act,
  { signer }: Subject,
  options?: CallOptions,
): Promise<void> {
  if (act === 'end-sessions') {
    await credentials.putPolicy(signer, policy, revokePolicy(cut), options).catch(async (error: unknown) => {
      if (!(error instanceof AwsFailure) || error.kind !== 'ambiguous') throw error
      // The same text again does no harm, where the look says that it is not there.
      if (cutOf((await credentials.policy(signer, policy, options)) ?? '') === cut) return
      await credentials.putPolicy(signer, policy, revokePolicy(cut), options)
    })
    const seen = await credentials.policy(signer, policy, options).catch(unlessDenied)
    if (seen !== 'denied' && cutOf(seen ?? '') !== cut) throw new Failure(notSeen(`The policy ${policy}`))
    return
  }
  if (act === 'finish') {
    const seen = await credentials.policy(signer, policy, options)
    if (seen === undefined) return
    // Someone has put another there since: it is not ours to take off.
    if (cutOf(seen) === undefined) throw new Failure(foreignPolicy(policy))
    await credentials.removePolicy(signer, policy, options).catch(unlessGone)
    if ((await credentials.policy(signer, policy, options)) !== undefined)
      throw new Failure(notSeen(`That the policy ${policy} is off`))
    return
  }
  const what = kind as Switchable
  if (act === 'delete') await credentials.remove(signer, what, id, options).catch(unlessGone)
  else await credentials.setStatus(signer, what, id, act === 'activate' ? 'Active' : 'Inactive', options)
  const wanted = act === 'delete' ? undefined : act === 'activate' ? 'Active' : 'Inactive'
  const patience = new Patience(clock, patienceMs)
  for (;;) {
    const seen = (await credentials.list(signer, what, options)).find((each) => each.id === id)
    if (seen?.status === wanted) return
    if (patience.over) throw new Failure(notSeen(`What was done to ${id}`))
    await clock.sleep(pauseMs, options?.signal)
  }
}

/** Under which name: a policy of AWS's own that somebody put there earlier is moved on, never back; another is left alone. */
async function placed(
  { deps: { credentials } }: Afterwards,
  act: Act,
  { signer }: Subject,
  options?: CallOptions,
): Promise<Act> {
  const cut = act.cut ?? ''
  for (const name of revokeNames) {
    const there = await credentials.policy(signer, name, options).catch(unlessDenied)
    const theirs = there === undefined || there === 'denied' ? undefined : cutOf(there)
    const isFree = there === undefined || (there === 'denied' && name === revokeNames[1])
    if (isFree) return { ...act, policy: name }
    if (theirs !== undefined)
      return { ...act, policy: name, cut: Date.parse(theirs) > Date.parse(cut) ? theirs : cut }
  }
  throw new Failure(foreignPolicy(revokeNames[1]))
}

function unlessDenied(error: unknown): 'denied' {
  if (error instanceof AwsFailure && (error.kind === 'denied' || error.kind === 'quarantined'))
    return 'denied'
  throw error
}

function unlessGone(error: unknown): void {
  if (!(error instanceof AwsFailure && error.kind === 'not-found')) throw error
}

const nothingToFinish: Trouble = {
  name: 'nothing-to-finish',
  title: 'No policy to take off yet',
  detail:
    'None of these users has a policy of Keyturn’s that ended sessions 36 hours ago or earlier. Nothing was changed.',
  remedy: 'keyturn after says from when one may go.',
}

const unknownCredential = (id: string): Trouble => ({
  name: 'unknown-credential',
  title: 'No such credential',
  detail: `None of these users has ${id}, or AWS did not let it be seen. Nothing was changed.`,
  remedy: 'keyturn after lists them; name the profile of the user with --profile.',
})

const onlyListed = (id: string): Trouble => ({
  name: 'only-listed',
  title: 'Keyturn does not change this',
  detail: `${id} is an MFA device: taking it off cannot be undone, and may lock the user out. Nothing was changed.`,
  remedy: 'Take it off in AWS’s console, or by the commands that keyturn after prints.',
})

const stillActive = (id: string): Trouble => ({
  name: 'still-active',
  title: 'It is still on',
  detail: `${id} is active, and deleting cannot be undone. Nothing was changed.`,
  remedy: `Turn it off first, and see what stops working: keyturn after --deactivate ${id}`,
})

const alreadySo = (id: string, status: string): Trouble => ({
  name: 'already-so',
  title: 'Nothing to do',
  detail: `${id} is ${status} already. Nothing was changed.`,
})

const keyFirst = (user: string): Trouble => ({
  name: 'key-first',
  title: 'First turn the old key off',
  detail: `No old key of ${user} is known to be off: whoever has it makes new sessions without asking anyone. Nothing was changed.`,
  remedy: 'Rotate the key, or turn the old one off, then end the sessions.',
})

const noClock = (user: string): Trouble => ({
  name: 'no-aws-time',
  title: 'AWS told no time',
  detail: `It is not known what AWS’s clock said when the old key of ${user} was off, and this machine’s may be wrong. Nothing was changed.`,
  remedy: 'Try again.',
})

const notSeen = (what: string): Trouble => ({
  name: 'not-seen-done',
  title: 'AWS does not show it yet',
  detail: `${what} was taken by AWS, and its lists do not show it yet.`,
  remedy: 'Look again in a minute: keyturn after',
})

const foreignPolicy = (name: string): Trouble => ({
  name: 'foreign-policy',
  title: 'Another policy has this name',
  detail: `The user's inline policy ${name} is not one that ends sessions, or it may not be read. It was left as it is.`,
  remedy: 'Look at it in AWS’s console; rename it, then try again.',
})
