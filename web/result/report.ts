import type { Rotation, Run } from '../../server/api/run.ts'
import { tally } from '../run/estimate.ts'
import { kindTitle, oldKeyWord, rotationWord, runTitle } from '../run/words.ts'
import { speaker } from '../../shared/speaker.ts'
import { count } from '../ui/text.ts'
import { sessionPolicy } from './aftermath.ts'

/** What rotating does not do, in the report and on the page alike. */
export const limits = {
  sessions:
    'Sessions that were made with an old key live on after it is off: those of GetSessionToken and GetFederationToken, which can open the console, for up to 36 hours; those of a role for up to 12 hours, and whoever holds one may renew it from role to role without end.',
  elsewhere:
    'Other machines, CI systems and containers that hold an old key still hold it. They stop working when it is deactivated.',
  intruders:
    'Users, roles and keys that an intruder made are not looked for, beyond the keys of the users named here.',
} as const

function lines(rotation: Rotation, run: Run): string[] {
  const who = [rotation.user?.name, rotation.account?.alias ?? rotation.account?.id]
    .filter(Boolean)
    .join(' in ')
  const out = [
    `${rotationWord(rotation, run.kind)}: ${rotation.profiles.map(({ name }) => name).join(', ') || '(no profile)'}${who ? ` (${who})` : ''}`,
    `  old key ${rotation.key}: ${oldKeyWord(rotation.oldKeyState)}`,
  ]
  if (rotation.newKey) out.push(`  new key ${rotation.newKey}`)
  for (const trouble of [rotation.alarm, rotation.problem]) {
    if (!trouble) continue
    out.push(`  ${trouble.title}: ${trouble.detail}`)
    if (trouble.remedy) out.push(`  next: ${trouble.remedy}`)
    const aws = [trouble.code, trouble.requestId && `request ${trouble.requestId}`].filter(Boolean).join(', ')
    if (aws) out.push(`  ${speaker(trouble.code)} said: ${aws}`)
  }
  for (const note of rotation.notes) out.push(`  ${note}`)
  return out
}

/** The report of a run as plain text: ids, times and states; there is no secret in what it is made from. */
export function reportText(run: Run): string {
  const t = tally(run.rotations)
  const order: Rotation['state'][] = [
    'failed',
    'interrupted',
    'stopped',
    'rolledBack',
    'waiting',
    'running',
    'done',
    'undone',
  ]
  const sorted = [...run.rotations].sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state))
  return [
    `Keyturn report: ${runTitle(run)}`,
    `Run ${run.id}, started ${run.startedAt}${run.finishedAt ? `, finished ${run.finishedAt}` : ''}`,
    `${t.done + t.undone} ${kindTitle(run.kind).done}, ${t.failed} need attention, ${t.rolledBack} rolled back, ${t.stopped} stopped; ${count(t.total, 'key')} in all`,
    '',
    ...sorted.flatMap((rotation) => [...lines(rotation, run), '']),
    'What this alone does not do:',
    ...Object.values(limits).map((limit) => `- ${limit}`),
    '',
    'Attached to a user, this policy ends that user’s sessions. Those of a role obey the policies of the role alone, and everybody who uses it is cut off with it:',
    sessionPolicy(run),
    '',
  ].join('\n')
}

/** The same for a program. */
export const reportJson = (run: Run): string =>
  `${JSON.stringify({ keyturn: 'report', run, limits: Object.values(limits) }, null, 2)}\n`
