import type { AfterCredential, AfterUser } from '../api/after.ts'
import type { PlannedAct } from '../credentials/acts.ts'
import { isOpen } from '../credentials/after.ts'
import { hint } from './hints.ts'
import { verbatim } from './layout.ts'
import { count, left, sentence, when } from './wording.ts'

const titles: Readonly<Record<AfterCredential['kind'], string>> = {
  password: 'Console password',
  'service-specific': 'Service password or API key',
  ssh: 'SSH key (CodeCommit)',
  certificate: 'Signing certificate',
  mfa: 'MFA device',
}

/** One user: what else signs, what still lives, and what to hand over. */
export function afterText(user: AfterUser, now: number): string {
  const { account, name, credentials, sessions, handOver } = user
  const lines = [`${name} in ${account}`]
  for (const each of credentials) lines.push(`  ${line(each, now)}`)
  if (credentials.length === 0)
    lines.push('  Nothing beside access keys: no password, no other credential, no MFA device.')
  lines.push(`  ${sessionsLine(user, now)}`)
  for (const { path, kind, state, until, who } of sessions.signIns) {
    const whose = who === undefined ? '' : ` of ${who}`
    lines.push(
      `  Sign-in on this machine (${kind})${whose}: ${state}${until === undefined ? '' : `, until ${until}`}  ${path}`,
    )
  }
  lines.push('  Sessions of roles are not ended: they obey the role’s own policies, for up to 12 hours.')
  if (handOver !== undefined) lines.push('  For an administrator:', verbatim(handOver.replace(/^/gm, '    ')))
  return lines.join('\n')
}

function line(credential: AfterCredential, now: number): string {
  const { kind, id, status, createdAt, expiresAt, what, can, trouble } = credential
  const title = titles[kind]
  if (trouble) return `${title}: not known. ${sentence(trouble)}`
  const facts = [
    what,
    id,
    status,
    createdAt !== undefined && `since ${when(createdAt, now)}`,
    expiresAt !== undefined && (Date.parse(expiresAt) > now ? `expires ${when(expiresAt, now)}` : 'expired'),
    credential.new && 'NEW',
    isOpen(credential) &&
      can.includes('deactivate') &&
      `turn off: ${hint(`keyturn after --deactivate ${id ?? ''}`)}`,
  ]
  return `${title}: ${facts.filter(Boolean).join(', ') || 'set'}`
}

function sessionsLine({ sessions: { denyOlder, over } }: AfterUser, now: number): string {
  if (!denyOlder)
    return over
      ? 'Sessions: none that the old key made can live any more.'
      : `Sessions made with the old key may live on for up to 36 hours: ${hint('keyturn after --end-sessions')}`
  const { cut, until, state } = denyOlder
  switch (state) {
    case 'in-force':
      return `Sessions issued before ${cut} are denied; the policy is needed ${left(until, now)}.`
    case 'removable':
      return `Sessions issued before ${cut} are over. The policy may go: ${hint('keyturn after --finish')}`
    case 'removed':
      return `Sessions issued before ${cut} are over, and the policy is off.`
    case 'interrupted':
      return `Ending the sessions was interrupted, and AWS may have done it or not: ${hint('keyturn after --end-sessions')}`
  }
}

const effects =
  'This ends everything that was issued before: console windows, aws login, MFA sessions, jobs with session tokens. New ' +
  'sign-ins and long-term keys go on working at once. Sessions of roles are not reached.'

/** What is about to be done, before the question. */
export function actsText(acts: readonly PlannedAct[]): string {
  const lines = acts.map(({ act, account, user, kind, id, cut }) => {
    const whose = `${user} in ${account}`
    if (act === 'end-sessions') return `  end the sessions of ${whose} that were issued before ${cut ?? ''}`
    if (act === 'finish') return `  take the policy that ended sessions off ${whose}`
    return `  ${act} ${kind ?? ''} ${id ?? ''} of ${whose}${act === 'delete' ? ', for good' : ''}`
  })
  return [
    `Will do ${count(acts.length, 'thing')}:`,
    ...lines,
    ...(acts.some(({ act }) => act === 'end-sessions') ? [effects] : []),
  ].join('\n')
}
