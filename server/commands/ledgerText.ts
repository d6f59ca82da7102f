import type { LeftAct, OpenLeft } from '../api/ledger.ts'
import { hint } from './hints.ts'
import { shellWords } from './shellWords.ts'
import { count, places, short } from './wording.ts'

/** A line for each key that still works, each with the command that sees to it. */
export function exposedLines(
  open: readonly Pick<OpenLeft, 'key' | 'profiles' | 'reason' | 'act'>[],
  asked?: number,
): string[] {
  if (open.length === 0) return []
  const of =
    asked === undefined
      ? ''
      : ` of ${count(asked, 'key')} that ${asked === 1 ? 'was' : 'were'} to be replaced`
  return [
    `Still exposed: ${asked === undefined ? count(open.length, 'key') : open.length}${of}.`,
    ...open.flatMap((row) => [
      `  ${[places(row.profiles), short(row.key), row.reason].filter(Boolean).join('  ')}`,
      `      ${whatNow(row)}`,
    ]),
    `  To leave one as it is, by name: ${hint('keyturn leaked --leave KEYID --because WORDS')}`,
  ]
}

function whatNow({ key, profiles: [profile], act }: Pick<OpenLeft, 'key' | 'profiles' | 'act'>): string {
  return profile === undefined ? hint(`keyturn leaked --leave ${key}`) : hints[act ?? 'leave'](key, profile)
}

const hints: Readonly<Record<LeftAct, (key: string, profile: string) => string>> = {
  choose: (_key, profile) =>
    `To see the choices: ${hint(`keyturn rotate --profile ${shellWords([profile], process.platform)} --dry-run`)}`,
  rotate: (_key, profile) =>
    `To rotate it: ${hint(`keyturn rotate --profile ${shellWords([profile], process.platform)}`)}`,
  sign: (_key, profile) =>
    `To let an administrator’s profile sign: ${hint(`keyturn rotate --profile ${shellWords([profile], process.platform)} --signer PROFILE`)}`,
  finish: () => `To go on with it: ${hint('keyturn recover')}, or Retry on the page`,
  'turn-off': (key) => `To turn it off: ${hint(`keyturn leaked --kill ${key}`)}`,
  remove: (key) => `To take it out of the file: ${hint(`keyturn leaked --remove ${key}`)}`,
  leave: (key) => `To leave it as it is: ${hint(`keyturn leaked --leave ${key}`)}`,
}
