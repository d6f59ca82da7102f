import type { WentBack } from '../api/inventory.ts'
import type { Run } from '../api/run.ts'
import type { Engine } from '../engine/engine.ts'
import { noCopy } from '../rotation/undo.ts'
import { exit } from './exitCodes.ts'
import { besides, codeWith, filesDocument, fileTroublesOf, tellFiles } from './fileTroubles.ts'
import { follow } from './follow.ts'
import { afterRecovery } from './recover.ts'
import { resultText } from './resultText.ts'
import { confirmed } from './command.ts'
import type { Command, Ended } from './command.ts'
import { totalsText } from './totals.ts'
import { withFiles } from './withFiles.ts'
import { count, sentence, short } from './wording.ts'

/** `keyturn mend`: puts the pair that works back into profiles that hold a replaced one again, or are gone. */
export function mend(command: Command): Promise<Ended> {
  return afterRecovery(command, mendWith)
}

async function mendWith(engine: Engine, command: Command): Promise<Ended> {
  const { options, terminal, interruption } = command
  if (options.takenOut) return tookOut(engine, command, options.takenOut)
  const { snapshot } = await engine.keyring.readKeys()
  const names = options.profiles.length > 0 ? options.profiles : undefined
  const asked = await engine.undos.mend(names).catch((error: unknown) => ({ error }))
  if ('error' in asked) return withFiles(engine, command, () => Promise.reject(asked.error as Error))
  const { run, wanted, left } = asked
  // That a file is gone, or ends in the middle of a line, is what is mended.
  const troubles = besides(
    fileTroublesOf(snapshot),
    wanted.flatMap(({ anew }) => anew?.path ?? []),
  )
  tellFiles(terminal, troubles)
  const reason = left.length > 0 ? noCopy(left) : undefined
  const unmended = left.map(({ profile }) => ({ profile, reason }))
  if (reason) terminal.say(`${reason.title}. ${sentence(reason)}`)
  if (!run)
    return {
      code: exit.failed,
      document: { ...filesDocument(troubles), mended: [], left: unmended, problem: reason },
    }
  terminal.print(mendText(wanted))
  if (options.dryRun) {
    terminal.print('A dry run: nothing was changed.')
    return {
      code: codeWith(troubles, left.length > 0 ? exit.failed : exit.ok),
      document: { ...filesDocument(troubles), mended: [], would: wanted.map(changeOf), left: unmended },
    }
  }
  if (!options.yes) await confirmed(command, `Put back ${count(wanted.length, 'pair')}?`)
  const runs = await follow(engine, command, [await engine.runs.start({ ...run, by: command.by })])
  const ended = runs[0] as Run
  terminal.print(resultText(ended, engine.clock.now(), false))
  terminal.print(totalsText(runs, left.length))
  const mended = wanted.filter((each) => isMended(ended, each))
  const failed = wanted
    .filter((each) => !mended.includes(each))
    .map((each) => ({ profile: each.profile, reason: rotationOf(ended, each)?.problem }))
  return {
    code: codeWith(troubles, codeOf(ended, unmended.length, interruption.requested)),
    document: {
      ...filesDocument(troubles),
      mended: mended.map(changeOf),
      left: [...failed, ...unmended],
      runs,
    },
  }
}

async function tookOut(engine: Engine, { terminal }: Command, names: readonly string[]): Promise<Ended> {
  const away = await engine.undos.tookOut(names)
  for (const { profile, file } of away) terminal.print(`Tells no more of [${profile}] of the ${file} file.`)
  return { code: exit.ok, document: { mended: [], left: [], takenOut: away.map(({ profile }) => profile) } }
}

/** What would be written, line for line where it is new. */
function mendText(wanted: readonly WentBack[]): string {
  const back = wanted.filter(({ holds }) => holds !== null)
  const lines = back.map(
    ({ profile, file, holds, should }) =>
      `  [${profile}] of the ${file} file  ${short(holds ?? '')} → ${short(should)}`,
  )
  if (back.length > 0) lines.unshift(`Will put back the pair that works in ${count(back.length, 'profile')}:`)
  for (const path of new Set(wanted.flatMap(({ anew }) => anew?.path ?? []))) {
    const its = wanted.flatMap(({ anew }) => (anew?.path === path ? [anew.lines] : []))
    lines.push(`Will write ${count(its.length, 'profile')} anew in ${path}:`)
    lines.push(...its.flat().map((line) => `  + ${line}`))
  }
  return lines.join('\n')
}

function changeOf({ profile, file, holds, should }: WentBack) {
  return { profile, file, from: holds, to: should }
}

function rotationOf(run: Run, { profile, file, should }: WentBack) {
  return run.rotations.find(
    ({ newKey, profiles }) =>
      newKey === should && profiles.some((each) => each.name === profile && each.file === file),
  )
}

function isMended(run: Run, each: WentBack): boolean {
  return rotationOf(run, each)?.state === 'done'
}

function codeOf(run: Run, left: number, interrupted: boolean): number {
  if (interrupted) return exit.interrupted
  if (run.state === 'interrupted') return exit.recovery
  return run.state === 'done' && left === 0 ? exit.ok : exit.failed
}
