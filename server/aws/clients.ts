import { IAMClient } from '@aws-sdk/client-iam'
import type { IAMClientConfig } from '@aws-sdk/client-iam'
import { STSClient } from '@aws-sdk/client-sts'
import type { DeserializeHandler } from '@smithy/types'
import type { Signer } from '../keys/iam.ts'
import { samePair } from '../profiles/keyPair.ts'
import type { AwsClock } from './awsClock.ts'
import './nodeVersionWarning.ts'

const dating = { step: 'deserialize', priority: 'high', name: 'keyturnDate' } as const

type RequestHandler = NonNullable<IAMClientConfig['requestHandler']>

/** A pair of clients that sign as one signer, and what they have learnt of AWS's clock. */
export interface Clients {
  readonly iam: IAMClient
  readonly sts: STSClient
}

interface Kept extends Clients {
  readonly signer: Signer
}

/**
 * Clients by signer and target, the least recently used dropped first: a client costs a fraction of a millisecond but some
 * forty kilobytes, and a file may hold a thousand keys.
 */
export class ClientCache {
  readonly #kept = new Map<string, Kept>()
  readonly #handlerFor: (caBundle?: string) => RequestHandler
  readonly #size: number
  readonly #clock: AwsClock

  /**
   * @param handlerFor sends what a client signed, trusting what the profile's `ca_bundle` holds
   * @param clock what earlier replies told, for a new client to start from, and kept up to date by every reply
   */
  constructor(handlerFor: (caBundle?: string) => RequestHandler, clock: AwsClock, size = 256) {
    this.#handlerFor = handlerFor
    this.#clock = clock
    this.#size = size
  }

  for(signer: Signer): Clients {
    const { iam, sts, caBundle = '' } = signer.target
    const hosts = [iam.endpoint, iam.signingRegion, sts.endpoint, sts.signingRegion]
    const name = [signer.pair.id, ...hosts, caBundle].join(' ')
    const kept = this.#kept.get(name)
    this.#kept.delete(name)
    const clients = kept && sameCredentials(kept.signer, signer) ? kept : this.#open(signer)
    this.#kept.set(name, clients)
    // A client that has not been used for a while has not heard what others learnt.
    clients.iam.config.systemClockOffset = this.#clock.offset(iam.endpoint)
    clients.sts.config.systemClockOffset = this.#clock.offset(sts.endpoint)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#size) break
      this.#kept.delete(oldest)
    }
    return clients
  }

  /** Forgets every client, and with them the credentials that they hold. */
  clear(): void {
    this.#kept.clear()
  }

  #open(signer: Signer): Kept {
    const common = {
      credentials: {
        accessKeyId: signer.pair.id,
        secretAccessKey: signer.pair.secret.reveal(),
        ...(signer.sessionToken && { sessionToken: signer.sessionToken.reveal() }),
      },
      requestHandler: this.#handlerFor(signer.target.caBundle),
      // The SDK would repeat a CreateAccessKey whose reply was lost, and orphan a key: all repeating is ours.
      maxAttempts: 1,
      // All that the SDK would otherwise look up in AWS_… variables or in the default profile, which is not this one.
      // FIPS and dual stack are in the endpoint already.
      retryMode: 'standard',
      defaultsMode: 'standard' as const,
      useDualstackEndpoint: false,
      useFipsEndpoint: false,
      disableClockSkewCorrection: false,
      authSchemePreference: ['sigv4'],
      userAgentAppId: async () => undefined,
    }
    const { iam, sts } = signer.target
    const clients = {
      iam: new IAMClient({ ...common, endpoint: iam.endpoint, region: iam.signingRegion }),
      sts: new STSClient({ ...common, endpoint: sts.endpoint, region: sts.signingRegion }),
    }
    clients.iam.middlewareStack.add(this.#dating(iam.endpoint), dating)
    clients.sts.middlewareStack.add(this.#dating(sts.endpoint), dating)
    return { signer, ...clients }
  }

  /** Outputs of the SDK do not carry the reply's headers: the Date is noted where both are at hand. */
  #dating(endpoint: string) {
    return <Input extends object, Output extends object>(
        next: DeserializeHandler<Input, Output>,
      ): DeserializeHandler<Input, Output> =>
      async (args) => {
        const result = await next(args)
        const { headers } = result.response as { headers?: Record<string, string> }
        const date = Date.parse(headers?.date ?? '')
        if (Number.isFinite(date)) this.#clock.heard(endpoint, date, result.output)
        return result
      }
  }
}

function sameCredentials(a: Signer, b: Signer): boolean {
  if (!samePair(a.pair, b.pair)) return false
  return a.sessionToken && b.sessionToken
    ? a.sessionToken.equals(b.sessionToken)
    : a.sessionToken === b.sessionToken
}
