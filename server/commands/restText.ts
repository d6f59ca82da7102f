import type { RestRow } from '../api/ledger.ts'
import { hint } from './hints.ts'
import { count, short } from './wording.ts'

/** What a theft leaves beside keys, each open row with the command that sees to it. */
export function restLines(rows: readonly RestRow[] | undefined = []): string[] {
  const open = rows.filter(({ state }) => state === 'open')
  if (open.length === 0) return []
  return [
    `Beside keys, ${count(open.length, 'thing')} ${open.length === 1 ? 'is' : 'are'} open after the theft:`,
    ...open.flatMap((row) => [
      `  ${[row.what, row.account === undefined ? '' : `in ${row.account}`, row.key === undefined ? '' : short(row.key), row.credential ?? ''].filter(Boolean).join('  ')}  ${row.reason}`,
      `      ${whatNow(row)}`,
    ]),
    `  To leave one as it is, by name: ${hint('keyturn leaked --leave ID --because WORDS')}`,
  ]
}

function whatNow({ id, kind, credential, user, places }: RestRow): string {
  const leave = `(${id})`
  switch (kind) {
    case 'credentials':
      return `To look: ${hint('keyturn after')} ${leave}`
    case 'credential':
      return credential === undefined || !/^(ACCA|APKA)/.test(credential)
        ? `To see what to do: ${hint('keyturn after')} ${leave}`
        : `To turn it off: ${hint(`keyturn after --deactivate ${credential}`)} ${leave}`
    case 'sessions':
      return `To end them${user === undefined ? '' : ` for ${user}`}: ${hint('keyturn after --end-sessions')} ${leave}`
    case 'sign-in':
      return `To end it: aws sso logout, or aws logout where it was made by aws login ${leave}`
    case 'places':
      return places
        ? `To put the new pair there: ${hint('keyturn find --update')} ${leave}`
        : `To look: ${hint('keyturn find')} ${leave}`
    case 'door':
      return `To see what to do: ${hint('keyturn trail')} ${leave}`
  }
}
