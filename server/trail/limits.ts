import type { TrailRegion } from '../api/trail.ts'
import type { KeyTrail, Subject } from './keyTrail.ts'

/** What an answer cannot know, each in a sentence, as far as it matters here. */
export function limitsOf(
  { subject, passedOver, sessions }: KeyTrail,
  regions: readonly TrailRegion[],
  unfinished: boolean,
): string[] {
  if (subject.trouble || unfinished) return []
  const of = (state: TrailRegion['state']) => regions.filter((region) => region.state === state)
  const count = (followed: string) =>
    [...sessions.values()].filter((each) => each.followed === followed).length
  const names = (list: readonly TrailRegion[]) => list.map(({ region }) => region).join(', ')
  const when = (state: TrailRegion['state'], say: (list: readonly TrailRegion[]) => string) => {
    const list = of(state)
    return list.length > 0 ? [say(list)] : []
  }
  const sessionsIn = (followed: string, say: (number: string) => string) => {
    const number = count(followed)
    return number > 0 ? [say(number === 1 ? 'One session' : `${number} sessions`)] : []
  }
  return [
    'CloudTrail is some fifteen minutes late: look again for what was done lately.',
    'It keeps 90 days, and of them what manages the account: reading or writing an object in S3, calling a function or reading a table is not in it.',
    ...(subject.unasked > 0
      ? [
          `${subject.unasked} other regions were not asked. What IAM and the sign-in do stands in ${subject.regions[0] ?? ''}.`,
        ]
      : []),
    ...when('disabled', (list) => `Not enabled in this account: ${names(list)}.`),
    ...when('denied', (list) => `Not allowed to ask: ${names(list)}.`),
    ...when('failed', (list) => `Could not be asked to the end: ${names(list)}.`),
    ...when('stopped', (list) => `Stopped before the end: ${names(list)}.`),
    ...when('full', (list) => `More than 10,000 events, and no further back than these: ${names(list)}.`),
    ...sessionsIn(
      'other-account',
      (n) => `${n} in another account: what they did stands in its own history.`,
    ),
    ...sessionsIn('too-deep', (n) => `${n} made by sessions of sessions: not followed.`),
    ...sessionsIn('too-many', (n) => `${n} more than are followed.`),
    ...(passedOver > 0
      ? [`${passedOver === 1 ? 'One event' : `${passedOver} events`} could not be read whole.`]
      : []),
  ]
}

/** For an administrator, where the person may not ask. */
export function handOverOf({ key, account, user, since, regions }: Subject): string {
  const start = since === undefined ? '' : ` --start-time ${new Date(since).toISOString()}`
  const region = regions[0] ?? 'us-east-1'
  return [
    `Please look up what was done with the access key ${key}${user === undefined ? '' : ` of the user ${user}`}${
      account === undefined ? '' : ` in the account ${account}`
    }: somebody else may have it.`,
    '',
    `aws cloudtrail lookup-events --region ${region} --lookup-attributes AttributeKey=AccessKeyId,AttributeValue=${key}${start}`,
    '',
    'Look for addresses that are not ours, and for what gives lasting access: users, keys, passwords, policies, roles, identity providers.',
    'Sessions that it made have ids of their own: responseElements.credentials.accessKeyId of GetSessionToken, GetFederationToken and AssumeRole.',
    `Other regions have a history of their own; ${region} has that of IAM.`,
  ].join('\n')
}
