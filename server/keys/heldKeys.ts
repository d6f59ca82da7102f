import type { Trouble } from '../api/problem.ts'
import { Failure } from '../platform/failure.ts'
import type { FoundProfile, ProfileSettings } from '../profiles/ports.ts'
import type { Target } from './iam.ts'
import type { HeldKey } from './ports.ts'

/** Resolves where a profile's calls go; throws a Failure where its settings cannot be used. */
export type ResolveTarget = (settings: ProfileSettings) => Target

/** Names in words: `[a]`, `[a] and [b]`, `[a], [b] and 3 more`. */
function named(profiles: readonly FoundProfile[]): string {
  const names = profiles.map(({ name }) => `[${name}]`)
  const [first = '', second = ''] = names
  if (names.length <= 1) return first
  if (names.length === 2) return `${first} and ${second}`
  return `${first}, ${second} and ${names.length - 2} more`
}

/**
 * The keys that the files hold, one for each id, in the order in which they come, with what the files alone say against rotating one.
 * A pair counts where AWS's tools use it: beside SSO or a role it only blocks the key, since it would be left behind.
 */
export function heldKeys(profiles: readonly FoundProfile[], resolve: ResolveTarget): HeldKey[] {
  const groups = new Map<string, FoundProfile[]>()
  for (const profile of profiles) {
    if (profile.kind !== 'access-key' || !profile.pair) continue
    const group = groups.get(profile.pair.id)
    if (group) group.push(profile)
    else groups.set(profile.pair.id, [profile])
  }
  return [...groups].flatMap(([id, group]) => {
    const pair = group[0]?.pair
    if (!pair) return []
    const { targets, unusable } = targetsOf(group, resolve)
    const beside = profiles.filter(
      (each) => each.pair?.id === id && !['access-key', 'temporary', 'ignored'].includes(each.kind),
    )
    const problem =
      secretsDiffer(group) ??
      unusable ??
      targetsDiffer(group, targets) ??
      notWritable(group) ??
      leftBehind(beside)
    // One profile that must use validated cryptography speaks for all that hold the key.
    const target = targets.find(({ fips }) => fips) ?? targets[0]
    if (!target) return []
    return [{ id, pair, profiles: group, target, ...(problem && { problem }) }]
  })
}

/**
 * Of a key whose settings lead nowhere: it is still shown, and nothing is sent for it as long as that stands. Not what
 * empty settings would give: it may be the environment that is wrong, for every key.
 */
const nowhere: Target = {
  partition: 'aws',
  region: 'us-east-1',
  regionSource: 'default',
  iam: { endpoint: 'https://iam.invalid', signingRegion: 'us-east-1', custom: false },
  sts: { endpoint: 'https://sts.invalid', signingRegion: 'us-east-1', custom: false },
}

function targetsOf(
  group: readonly FoundProfile[],
  resolve: ResolveTarget,
): { targets: Target[]; unusable?: Trouble } {
  let unusable: Trouble | undefined
  const targets = group.flatMap((profile) => {
    try {
      return [resolve(profile.settings)]
    } catch (error) {
      if (!(error instanceof Failure)) throw error
      unusable ??= { ...error.trouble, detail: `[${profile.name}]: ${detailOf(error.trouble, profile)}` }
      return []
    }
  })
  // A key needs one region, and IAM hardly that: where another profile of it has a good one, that serves.
  if (targets.length > 0 && unusable?.name === 'region-invalid') unusable = undefined
  if (targets.length === 0) targets.push(nowhere)
  return { targets, ...(unusable && { unusable }) }
}

/** Longer than any region: it may be something else that slipped in there, and that nobody may see. */
const longestShown = 30

function detailOf({ name, detail }: Trouble, { settings, regionAt }: FoundProfile): string {
  const value = settings.values['region'] ?? ''
  if (name !== 'region-invalid' || !regionAt || value.trim() === '') return detail
  const shown = value.length <= longestShown ? `“${value}”` : 'what is written there'
  return `${shown} on line ${regionAt.line} of ${regionAt.path} cannot be a region, so nothing was sent.`
}

function secretsDiffer(group: readonly FoundProfile[]): Trouble | undefined {
  const [first] = group
  const odd = group.find(({ pair }) => !pair || !first?.pair || !pair.secret.equals(first.pair.secret))
  if (!first || !odd) return undefined
  return {
    name: 'secrets-differ',
    title: 'One key, two secrets',
    detail: `${named([first, odd])} hold the same key id with different secrets: one of them cannot work.`,
    remedy: 'Find the profile that works, and correct or remove the other.',
  }
}

function targetsDiffer(group: readonly FoundProfile[], targets: readonly Target[]): Trouble | undefined {
  const [first] = targets
  if (!first || targets.length < group.length) return undefined
  const at = targets.findIndex(
    ({ partition, iam }) =>
      partition !== first.partition ||
      ((iam.custom || first.iam.custom) && iam.endpoint !== first.iam.endpoint),
  )
  const odd = group[at]
  if (at < 0 || !odd || !group[0]) return undefined
  const other = targets[at]
  return other && other.partition !== first.partition
    ? {
        name: 'partitions-differ',
        title: 'One key, two partitions',
        detail: `${named([group[0], odd])} hold the same key, one with a region of ${first.partition}, the other with one of ${other.partition}. A key works in one partition only.`,
        remedy: 'Correct the region of the wrong one.',
      }
    : {
        name: 'endpoints-differ',
        title: 'One key, two endpoints',
        detail: `${named([group[0], odd])} hold the same key, but their IAM calls go to different endpoints.`,
        remedy: 'Set the same endpoint_url for both, or give them keys of their own.',
      }
}

function notWritable(group: readonly FoundProfile[]): Trouble | undefined {
  const blocked = group.find(({ rotatable }) => !rotatable)
  if (!blocked) return undefined
  return (
    blocked.reason ?? {
      name: 'file-ambiguous',
      title: 'A profile cannot be written',
      detail: `[${blocked.name}] cannot be written safely, so that its key is left alone.`,
    }
  )
}

function leftBehind(beside: readonly FoundProfile[]): Trouble | undefined {
  if (beside.length === 0) return undefined
  return {
    name: 'pair-elsewhere',
    title: 'The key stands in a second kind of profile',
    detail: `${named(beside)} also ${beside.length === 1 ? 'holds' : 'hold'} this key, beside settings that make AWS's tools sign in another way. Some tools would go on using the old key from there.`,
    remedy: 'Remove the pair from that profile, if nothing uses it; then the key can be rotated.',
  }
}
