import type { Trouble } from '../api/problem.ts'
import { kindOf } from '../api/troubles.ts'
import { openToLook, type Looking } from '../engine/engine.ts'
import { dueOf, isDue } from './due.ts'
import { exit } from './exitCodes.ts'
import { filesDocument, tellFiles } from './fileTroubles.ts'
import type { Command, Ended } from './command.ts'
import { hint } from './hints.ts'
import { statusText } from './statusText.ts'

/** `keyturn status`: from what the last check found; AWS is asked only with --check. */
export async function status(command: Command): Promise<Ended> {
  const { options, env, terminal, interruption } = command
  const looking = options.check || options.mine ? await command.open() : await openToLook(options, env)
  try {
    if (options.check) {
      await looking.keyring.startChecks('all')
      await interruption.unless(looking.keyring.idle())
    }
    if (options.mine) await looking.keyring.didThis(options.mine)
    const due = await look(looking)
    tellFiles(terminal, due.files)
    const finish = await looking.afterwards.removable()
    const isSilent =
      !isDue(due) && finish.length === 0 && due.running.length === 0 && !due.notices.some(isLoss)
    const text = terminal.talks || !isSilent ? statusText(due) : ''
    if (text !== '') terminal.print(text)
    for (const { account, user } of finish)
      terminal.print(
        `The policy that ended sessions of ${user} in ${account} may be taken off: ${hint('keyturn after --finish')}`,
      )
    return {
      code:
        due.interrupted.length > 0 ? exit.recovery : isDue(due) || finish.length > 0 ? exit.failed : exit.ok,
      document: { ...due, finish, ...filesDocument(due.files), files: due.files.files },
    }
  } finally {
    await looking.close()
  }
}

async function look({ keyring, runs, settings, holder }: Looking) {
  return dueOf({
    inventory: await keyring.inventory(),
    agePolicyDays: settings.get().agePolicyDays,
    runs: runs.all(),
    busy: holder !== undefined,
  })
}

/** A shadowing variable is for a person at a terminal; something lost is for cron's mail too. */
function isLoss({ name }: Trouble): boolean {
  return kindOf(name).loss === true
}
