import type { AfterCredential } from '../api/after.ts'
import { actView, performAll, planActs } from '../credentials/acts.ts'
import type { PlannedAct } from '../credentials/acts.ts'
import type { Afterwards, AfterRequest, Looking } from '../credentials/afterwards.ts'
import { openToLook, type Looking as Opened } from '../engine/engine.ts'
import { Failure } from '../platform/failure.ts'
import { actsText, afterText } from './afterText.ts'
import { confirmed, stoppedBefore } from './command.ts'
import type { Command, Ended } from './command.ts'
import { exit } from './exitCodes.ts'
import type { AfterOptions } from './options.ts'
import { withFiles } from './withFiles.ts'
import { sentence, short } from './wording.ts'

/** `keyturn after`: a user's other credentials and the sessions that outlive a key; with an act, that act. */
export async function after(command: Command): Promise<Ended> {
  const { options, env } = command
  const { acts, since } = options.after as AfterOptions
  const request: AfterRequest = {
    profiles: options.profiles,
    ...(options.signer !== undefined && { signer: options.signer }),
    ...(since !== undefined && { since: Date.parse(since) }),
  }
  // To look goes beside a Keyturn that runs; to act does not.
  const looking = await (acts ? command.open() : openToLook(options, env))
  try {
    return await withFiles(looking, command, () => afterWith(looking, request, command))
  } finally {
    await looking.close()
  }
}

async function afterWith(
  looking: Pick<Opened, 'afterwards' | 'holder'>,
  request: AfterRequest,
  command: Command,
): Promise<Ended> {
  const { options } = command
  const acts = options.after?.acts
  const { afterwards } = looking
  const isBusy = looking.holder !== undefined
  if (!acts) return await look(afterwards, request, command, isBusy)
  const found = await afterwards.look(request, { signal: command.interruption.signal })
  const planned = await planActs(afterwards, found, acts)
  command.terminal.print(actsText(planned))
  if (options.dryRun) {
    command.terminal.print('A dry run: nothing was changed.')
    return { code: exit.ok, document: { acts: planned.map((each) => actView(each, 'planned')) } }
  }
  if (!options.yes) await asked(command, planned)
  const done = await performAll(afterwards, planned, () => command.interruption.requested)
  for (const { act, id, user, problem } of done)
    if (problem) command.terminal.say(`${act} ${id ?? user}: ${problem.title}. ${sentence(problem)}`)
  const then = await look(afterwards, request, command, false)
  const failed = done.some(({ state }) => state !== 'done')
  const code = command.interruption.requested ? exit.interrupted : failed ? exit.failed : exit.ok
  return {
    code: then.code === exit.recovery ? then.code : code,
    document: { acts: done, ...then.document },
  }
}

async function look(
  afterwards: Afterwards,
  request: AfterRequest,
  { terminal, interruption }: Command,
  isBusy: boolean,
): Promise<Ended> {
  const found = await afterwards.look(request, { signal: interruption.signal })
  const { users, open } = found.after
  for (const user of users) terminal.print(afterText(user, afterwards.deps.clock.now()))
  const interrupted = isBusy ? [] : found.interrupted
  for (const { act, user, id } of interrupted)
    terminal.say(`${act} of ${id ?? user} was interrupted, and AWS may have done it or not. Do it again.`)
  return {
    code: interrupted.length > 0 ? exit.recovery : open > 0 ? exit.failed : exit.ok,
    document: { users: users.map(documentOf), open },
  }
}

/** What a program reads: as documented, and nothing else. */
function documentOf({ account, name, credentials, sessions, roles }: Looking['after']['users'][number]) {
  const { denyOlder, signIns } = sessions
  return {
    account,
    name,
    credentials: credentials.map(
      ({ kind, id, status, createdAt, new: isNew, can, needs }: AfterCredential) => ({
        kind,
        ...(id !== undefined && { id }),
        ...(status !== undefined && { status }),
        ...(createdAt !== undefined && { createdAt }),
        ...{ new: isNew, can },
        ...(needs !== undefined && { needs }),
      }),
    ),
    sessions: {
      ...(denyOlder && { denyOlder }),
      signIns: signIns.map(({ path, kind, state }) => ({ path, kind, state })),
    },
    roles,
  }
}

/** Deleting has the friction that it has for keys: the end of the id, typed. */
async function asked(command: Command, planned: readonly PlannedAct[]): Promise<void> {
  const { terminal, interruption } = command
  const deleted = planned.filter(({ act }) => act === 'delete')
  if (deleted.length === 0) return confirmed(command, 'Go on?')
  for (const { id = '' } of deleted) {
    const question = `Type the last four characters of ${short(id).replace('****', '…')} to delete it: `
    const typed = await terminal.ask(question, interruption.signal, interruption.request)
    if (typed === undefined) throw new Failure(stoppedBefore)
    if (typed.trim() !== id.slice(-4))
      throw new Failure({
        name: 'confirm-mismatch',
        title: 'That is not what was asked for',
        detail: 'Nothing was changed.',
      })
  }
}
