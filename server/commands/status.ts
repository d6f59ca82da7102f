import type { Trouble } from '../api/problem.ts'
import { openEngine, openToLook, type Looking } from '../engine.ts'
import { dueOf, isDue } from './due.ts'
import { exit } from './exitCodes.ts'
import type { Command, Ended } from './runCommand.ts'
import { statusText } from './statusText.ts'

/** `keyturn status`: from what the last check found; AWS is asked only with --check. */
export async function status(command: Command): Promise<Ended> {
  const { options, env, terminal, interruption } = command
  const looking = options.check ? await openEngine(options, env) : await openToLook(options, env)
  try {
    if (options.check) {
      await looking.keyring.startChecks('all')
      await interruption.unless(looking.keyring.idle())
    }
    const due = await look(looking)
    const isSilent = !isDue(due) && due.running.length === 0 && !due.notices.some(isLoss)
    if (terminal.talks || !isSilent) terminal.print(statusText(due))
    return {
      code: due.interrupted.length > 0 ? exit.recovery : isDue(due) ? exit.failed : exit.ok,
      document: { ...due },
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
  return name === 'journal-damaged' || name === 'findings-unreadable'
}
