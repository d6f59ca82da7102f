import { nameMeant } from '../../shared/printable.ts'
import type { TrailRequest } from '../api/trail.ts'
import type { Trouble } from '../api/problem.ts'
import { kindOf } from '../api/troubles.ts'
import { accountIdOf } from '../keys/accountId.ts'
import type { Target } from '../keys/iam.ts'
import type { Finding, HeldKey, ReplacedKey } from '../keys/ports.ts'
import type { ProfileSettings } from '../profiles/ports.ts'
import type { TrailEvent } from './event.ts'
import type { Subject, TrailSigner } from './keyTrail.ts'

const day = 86_400_000
/** How far back CloudTrail goes. */
export const historyDays = 90

/** The regions of a partition: IAM's history stands in the main one. */
export interface Regions {
  readonly main: string
  readonly all: readonly string[]
  has(region: string): boolean
}

/** All that says who may ask what about a key. No call to AWS. */
export interface Known {
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly held: readonly HeldKey[]
  readonly replaced: readonly ReplacedKey[]
  finding(id: string): Finding | undefined
  /** The administrator's profile that signed the rotation of a key. */
  adminOf(rotation: string): string | undefined
  /** Keys that sign nothing unless they are named: planted ones, whose use raises an alarm, and exclusions. */
  isSpared(id: string): boolean
  regionsOf(partition: string): Regions
  /** @throws Failure where the settings or the region cannot be used */
  resolve(settings: ProfileSettings, region?: string): Target
  isOwn(event: TrailEvent): boolean
}

/** Pure: what is to be found out about one key, and by whom. */
export function subjectOf(id: string, asked: TrailRequest, known: Known): Subject {
  const request = signedAsMeant(asked, known)
  const old = known.replaced.find((key) => key.id === id)
  const finding = known.finding(id)
  const account = finding?.account?.id ?? old?.account?.id ?? accountIdOf(id)
  const user = finding?.user?.name ?? old?.user?.name
  const heir = heirOf(id, known)
  const candidates = candidatesOf(id, { account, heir, old }, request, known)
  const [first] = candidates
  const regions = regionsFor(
    first ?? heir,
    finding?.lastUsed?.region ?? old?.lastUsed?.region,
    request,
    known,
  )
  const partition = known.regionsOf((first ?? heir)?.target.partition ?? 'aws')
  const since = request.since === undefined ? undefined : Date.parse(request.since)
  const { consoleHost } = (first ?? heir)?.target ?? {}
  return {
    key: id,
    ...(account !== undefined && { account }),
    ...(user !== undefined && { user }),
    signers: candidates.map((key) => signerOf(key, request.signer, known)),
    others: othersOf(account, candidates, known),
    regions,
    unasked: partition.all.filter((region) => !regions.includes(region)).length,
    from: Math.max(since ?? 0, known.now - historyDays * day),
    to: known.now,
    ...(since !== undefined && { since }),
    ...(consoleHost !== undefined && {
      consoleUrl: `https://${consoleHost}/cloudtrailv2/home?region=${partition.main}#/events?AccessKeyId=${id}`,
    }),
    ...(!first && { trouble: nobody(account, request.signer) }),
    isOwn: (event) => known.isOwn(event),
  }
}

function signedAsMeant({ signer, ...rest }: TrailRequest, { held }: Known): TrailRequest {
  if (signer === undefined) return rest
  const names = held.flatMap(({ profiles }) => profiles.map(({ name }) => name))
  return { ...rest, signer: nameMeant(signer, names) }
}

/** The key that the files hold now of those that came after this one. */
function heirOf(id: string, { held, replaced }: Known): HeldKey | undefined {
  const seen = new Set<string>()
  for (let at: string | undefined = id; at !== undefined && !seen.has(at);) {
    seen.add(at)
    const key = held.find((each) => each.id === at)
    if (key) return key
    at = replaced.find((each) => each.id === at)?.replacedBy
  }
  return undefined
}

/**
 * Who may sign, first whom AWS is likeliest to let: whoever signed the rotation, the user's new key, then what else of
 * the account the person has had checked. A key that nobody asked for yet is not used: it may be a trap of the person's own.
 */
function candidatesOf(
  id: string,
  {
    account,
    heir,
    old,
  }: {
    readonly account: string | undefined
    readonly heir: HeldKey | undefined
    readonly old: ReplacedKey | undefined
  },
  { signer }: TrailRequest,
  known: Known,
): HeldKey[] {
  const { held } = known
  if (signer !== undefined) {
    const named = held.find((key) => key.profiles.some(({ name }) => name === signer))
    return named && !cannotSign(named) ? [named] : []
  }
  const admin = old?.rotation === undefined ? undefined : known.adminOf(old.rotation)
  const first = held.filter((key) => key.profiles.some(({ name }) => name === admin))
  const checked = held.filter(
    (key) =>
      account !== undefined &&
      !known.isSpared(key.id) &&
      known.finding(key.id)?.account?.id === account &&
      known.finding(key.id)?.problem === undefined,
  )
  const all = [...first, ...(heir && (heir.id === id || !known.isSpared(heir.id)) ? [heir] : []), ...checked]
  return [...new Set(all)].filter((key) => !cannotSign(key))
}

/** Where it is not clear which secret or which AWS to ask with, nothing is sent. */
function cannotSign({ problem }: HeldKey): boolean {
  return kindOf(problem?.name).unclear === true
}

function signerOf(key: HeldKey, named: string | undefined, known: Known): TrailSigner {
  const { pair, profiles } = key
  const profile = profiles.find(({ name }) => name === named) ?? profiles[0]
  return {
    profile: profile?.name ?? '',
    iam: { kind: 'own', pair, target: key.target },
    for: (region) => ({
      kind: 'own',
      pair,
      target: known.resolve(profile?.settings ?? { values: {}, services: {} }, region),
    }),
  }
}

/** Profiles of the account that the person may name. */
function othersOf(account: string | undefined, candidates: readonly HeldKey[], known: Known): string[] {
  if (account === undefined) return []
  return known.held.flatMap((key) => {
    if (candidates.includes(key) || known.isSpared(key.id) || cannotSign(key)) return []
    const its = known.finding(key.id)?.account?.id ?? accountIdOf(key.id)
    return its === account ? key.profiles.slice(0, 1).map(({ name }) => name) : []
  })
}

/** Where its users' and roles' doors stand, where it was used last, and where its profiles work. */
function regionsFor(
  key: HeldKey | undefined,
  lastUsed: string | undefined,
  { regions = 'usual' }: TrailRequest,
  known: Known,
): string[] {
  if (Array.isArray(regions)) return [...new Set(regions)]
  const partition = known.regionsOf(key?.target.partition ?? 'aws')
  const usual = [
    partition.main,
    ...(lastUsed !== undefined && partition.has(lastUsed) ? [lastUsed] : []),
    ...(key?.profiles ?? []).flatMap(({ settings }) => {
      try {
        return [known.resolve(settings).region]
      } catch {
        // What the settings lack is the key's own problem, and is told there.
        return []
      }
    }),
  ]
  return [...new Set(regions === 'all' ? [...usual, ...partition.all] : usual)]
}

function nobody(account: string | undefined, signer: string | undefined): Trouble {
  if (signer !== undefined)
    return {
      name: 'no-signer',
      title: 'This profile cannot sign',
      detail: `[${signer}] holds no access key that can be used. AWS was not asked.`,
      remedy: 'Name a profile with an access key of the account.',
    }
  return {
    name: 'no-signer',
    title: 'Nobody here may ask',
    detail: `The files hold no key that could ask for this one${
      account === undefined ? '' : `, which is of account ${account}`
    }: neither the key itself, nor the one that replaced it, nor a checked one of its account. AWS was not asked.`,
    remedy: 'Name a profile of the account that may sign, or hand the text for the administrator over.',
  }
}
