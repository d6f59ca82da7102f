import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { ListAccessKeysCommand } from '@aws-sdk/client-iam'
import type { CallOptions, Identity, Signer } from '../keys/iam.ts'
import { AwsFailure } from '../keys/iam.ts'
import type { Clock } from '../platform/clock.ts'
import type { Caller } from './caller.ts'
import { identityOf } from './identity.ts'

/** How long a region's STS that did not answer is passed over, in milliseconds: outages end, and regions get enabled. */
const passedOverMs = 10 * 60_000
/** How long it is waited for before the partition's main one is thought of, in milliseconds. */
const firstPatienceMs = 2_000

/**
 * Who a pair is. IAM is one for a partition and STS is one for a region: a region that is down, is not enabled in the account or does not
 * exist must not keep a key from being rotated. Where its STS refuses or is away, and IAM accepts the very same pair at that
 * moment, the partition's main STS is asked instead.
 */
export class WhoAmI {
  readonly #caller: Caller
  readonly #clock: Clock
  /** Regions whose STS has accepted a key of the account: its refusal is to be believed. */
  readonly #trusted = new Set<string>()
  /** Those that did not, and until when they are passed over. */
  readonly #passedOver = new Map<string, number>()

  constructor(caller: Caller, clock: Clock) {
    this.#caller = caller
    this.#clock = clock
  }

  async ask(signer: Signer, options: CallOptions = {}): Promise<Identity> {
    const main = atMain(signer)
    if (!main) return this.#at(signer, options)
    const { endpoint, signingRegion } = signer.target.sts
    const region = `${this.#caller.accountOf(signer)} ${endpoint} ${signingRegion}`
    if ((this.#passedOver.get(region) ?? 0) > this.#clock.now()) return this.#at(main, options)
    const patience = options.patienceMs ?? Number.POSITIVE_INFINITY
    const first = { ...options, patienceMs: Math.min(patience, firstPatienceMs) }
    try {
      const identity = await this.#at(signer, first)
      this.#trusted.add(region)
      return identity
    } catch (error) {
      const how = error instanceof AwsFailure ? howItFailed(error, signer) : 'otherwise'
      if (how === 'otherwise' || (how === 'refused' && this.#trusted.has(region))) throw error
      if (await this.#iamAccepts(signer, first)) {
        const identity = await this.#at(main, options).catch((other: unknown) => {
          throw how === 'refused' ? error : other
        })
        this.#passedOver.set(region, this.#clock.now() + passedOverMs)
        return identity
      }
      if (how === 'refused' || patience <= firstPatienceMs) throw error
      const { patienceMs: _, ...rest } = options
      return this.#at(
        signer,
        Number.isFinite(patience) ? { ...rest, patienceMs: patience - firstPatienceMs } : rest,
      )
    }
  }

  clear(): void {
    this.#trusted.clear()
    this.#passedOver.clear()
  }

  async #at(signer: Signer, options: CallOptions): Promise<Identity> {
    const { output } = await this.#caller.read('sts:GetCallerIdentity', signer, options, ({ sts }, send) =>
      sts.send(new GetCallerIdentityCommand({}), send),
    )
    const identity = identityOf(output.Account, output.Arn)
    if (!identity) throw this.#caller.unreadable('sts:GetCallerIdentity', signer)
    this.#caller.learnAccount(signer, identity.account)
    return identity
  }

  /** A denial counts: IAM knows then who asks. */
  async #iamAccepts(signer: Signer, options: CallOptions): Promise<boolean> {
    try {
      await this.#caller.read('iam:ListAccessKeys', signer, options, ({ iam }, send) =>
        iam.send(new ListAccessKeysCommand({}), send),
      )
      return true
    } catch (error) {
      if (!(error instanceof AwsFailure)) throw error
      return ['denied', 'quarantined', 'mfa-required'].includes(error.kind)
    }
  }
}

function howItFailed({ kind, trouble }: AwsFailure, { target }: Signer): 'refused' | 'away' | 'otherwise' {
  // No other region of what is no AWS will be one.
  if (target.sts.custom && trouble.name === 'network-not-aws') return 'otherwise'
  if (kind === 'invalid-key' || trouble.name === 'region-disabled') return 'refused'
  return kind === 'network' || kind === 'ambiguous' ? 'away' : 'otherwise'
}

/** The same pair at the partition's main STS; undefined where that is the one of its region. */
function atMain(signer: Signer): Signer | undefined {
  const { mainSts, ...target } = signer.target
  return mainSts && { ...signer, target: { ...target, sts: mainSts } }
}
