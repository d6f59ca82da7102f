import { IAMClient } from '@aws-sdk/client-iam'
import { STSClient } from '@aws-sdk/client-sts'
import { HttpRequest } from '@smithy/core/protocols'
import type {
  DeserializeHandler,
  FinalizeHandler,
  HandlerExecutionContext,
  MiddlewareStack,
} from '@smithy/types'
import type { Signer, Target } from '../keys/iam.ts'
import { answeredCall } from './answeredCall.ts'
import type { OnAnswered } from './answeredCall.ts'
import type { AwsClock } from './awsClock.ts'
import { EventHistoryClient } from './eventHistoryClient.ts'
import type { AwsHttpHandler } from './httpHandler.ts'
import './nodeVersionWarning.ts'
import { signatureOf } from './signature.ts'

const dating = { step: 'deserialize', priority: 'high', name: 'keyturnDate' } as const
const signing = {
  name: 'keyturnSignature',
  relation: 'after',
  toMiddleware: 'retryMiddleware',
} as const

type Service = 'iam' | 'sts'
type Endpoint = Target[Service]
type Stack = MiddlewareStack<object, object>

/** Sends commands that are signed as one signer. */
export interface Clients {
  readonly iam: Pick<IAMClient, 'send'>
  readonly sts: Pick<STSClient, 'send'>
  readonly cloudtrail: EventHistoryClient
}

/**
 * One client for each endpoint, which holds no credentials: each command carries its signature with it. A client for each signer
 * would cost a fraction of a millisecond and some forty kilobytes, twice for each of a thousand keys.
 */
export class ClientCache {
  readonly #onAnswered: OnAnswered
  readonly #iam = new Map<string, IAMClient>()
  readonly #sts = new Map<string, STSClient>()
  readonly #handlerFor: (caBundle?: string) => AwsHttpHandler
  readonly #clock: AwsClock

  /**
   * @param handlerFor sends what was signed, trusting what the profile's `ca_bundle` holds
   * @param clock told of every reply's date, and asked what time to sign with
   * @param onAnswered told of every call that AWS answered
   */
  constructor(
    handlerFor: (caBundle?: string) => AwsHttpHandler,
    clock: AwsClock,
    onAnswered: OnAnswered = () => undefined,
  ) {
    this.#onAnswered = onAnswered
    this.#handlerFor = handlerFor
    this.#clock = clock
  }

  for(signer: Signer): Clients {
    const { iam, sts, caBundle } = signer.target
    return {
      iam: this.#signing('iam', signer, () =>
        kept(this.#iam, iam, caBundle, () => this.#bare(new IAMClient(this.#options(iam, caBundle)), iam)),
      ),
      sts: this.#signing('sts', signer, () =>
        kept(this.#sts, sts, caBundle, () => this.#bare(new STSClient(this.#options(sts, caBundle)), sts)),
      ),
      cloudtrail: new EventHistoryClient(signer, this.#handlerFor(caBundle), this.#clock, this.#onAnswered),
    }
  }

  clear(): void {
    this.#iam.clear()
    this.#sts.clear()
  }

  #options({ endpoint, signingRegion }: Endpoint, caBundle: string | undefined) {
    return {
      endpoint,
      region: signingRegion,
      requestHandler: this.#handlerFor(caBundle),
      // The SDK would repeat a CreateAccessKey whose reply was lost, and orphan a key: all repeating is ours.
      maxAttempts: 1,
      // All that the SDK would otherwise look up in AWS_… variables or in the default profile, which is not this one.
      // FIPS and dual stack are in the endpoint already.
      retryMode: 'standard',
      defaultsMode: 'standard' as const,
      useDualstackEndpoint: false,
      useFipsEndpoint: false,
      userAgentAppId: async () => undefined,
      credentials: () => Promise.reject(new Error('a client without a signer of its own')),
    }
  }

  /** Takes the SDK's own signing out: it would sign every command with the credentials of the client. */
  #bare<Client extends { readonly middlewareStack: unknown }>(
    client: Client,
    { endpoint }: Endpoint,
  ): Client {
    const stack = client.middlewareStack as Stack
    stack.remove('httpAuthSchemeMiddleware')
    stack.remove('httpSigningMiddleware')
    stack.add(this.#dating(endpoint), dating)
    return client
  }

  /** A client whose `send` signs as this signer, and as nobody else. */
  #signing<Client extends { send: unknown }>(
    service: Service,
    signer: Signer,
    client: () => Client,
  ): Pick<Client, 'send'> {
    const send = (command: { readonly middlewareStack: unknown }, options: object) => {
      const stack = command.middlewareStack as Stack
      stack.addRelativeTo(this.#signature(service, signer), signing)
      const target = client() as { send(command: unknown, options: object): unknown }
      return target.send(command, options)
    }
    return { send } as Pick<Client, 'send'>
  }

  #signature(service: Service, signer: Signer) {
    const { pair, target } = signer
    const { endpoint, signingRegion } = target[service]
    return <Input extends object, Output extends object>(
        next: FinalizeHandler<Input, Output>,
        context: HandlerExecutionContext,
      ): FinalizeHandler<Input, Output> =>
      async (args) => {
        if (!HttpRequest.isInstance(args.request)) throw new Error('not a request that can be signed')
        const signature = signatureOf(signer, service, signingRegion)
        const signingDate = new Date(Date.now() + this.#clock.offset(endpoint))
        const agent = args.request.headers['user-agent'] ?? ''
        const result = await next({ ...args, request: await signature.sign(args.request, { signingDate }) })
        const { headers = {} } = result.response as { headers?: Record<string, string> }
        const act = context.commandName?.replace(/Command$/, '') ?? ''
        this.#onAnswered(pair.id, answeredCall(act, agent, headers))
        return result
      }
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

function kept<Client>(
  clients: Map<string, Client>,
  { endpoint, signingRegion }: Endpoint,
  caBundle: string | undefined,
  open: () => Client,
): Client {
  const name = [endpoint, signingRegion, caBundle ?? ''].join(' ')
  let client = clients.get(name)
  if (!client) clients.set(name, (client = open()))
  return client
}
