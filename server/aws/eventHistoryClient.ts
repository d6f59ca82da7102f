import { HttpRequest } from '@smithy/core/protocols'
import type { Signer } from '../keys/iam.ts'
import type { AwsClock } from './awsClock.ts'
import { answeredCall } from './answeredCall.ts'
import type { OnAnswered } from './answeredCall.ts'
import type { SendOptions } from './caller.ts'
import type { AwsHttpHandler } from './httpHandler.ts'
import { signatureOf } from './signature.ts'

/** The input of LookupEvents, as its model has it; times in seconds since the epoch. */
export interface LookupEventsInput {
  readonly LookupAttributes: readonly { readonly AttributeKey: string; readonly AttributeValue: string }[]
  readonly StartTime?: number
  readonly EndTime?: number
  readonly NextToken?: string
}

/** What came, unjudged. */
export interface LookupEventsOutput {
  readonly Events?: unknown
  readonly NextToken?: unknown
}

const agent = 'keyturn'
const target = 'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents'

/** The one call that Keyturn makes to CloudTrail, in AWS's JSON 1.1 protocol: not worth a whole SDK client. */
export class EventHistoryClient {
  readonly #signer: Signer
  readonly #handler: AwsHttpHandler
  readonly #clock: AwsClock
  readonly #onAnswered: OnAnswered

  constructor(signer: Signer, handler: AwsHttpHandler, clock: AwsClock, onAnswered: OnAnswered) {
    this.#onAnswered = onAnswered
    this.#signer = signer
    this.#handler = handler
    this.#clock = clock
  }

  /** @throws what an SDK client would throw: `Code`, `$metadata`, `$response`; or the network's error */
  async lookupEvents(input: LookupEventsInput, { abortSignal }: SendOptions): Promise<LookupEventsOutput> {
    const { cloudtrail } = this.#signer.target
    if (!cloudtrail) throw new Error('the target was not made for an event history')
    const request = await this.#signed(cloudtrail, JSON.stringify(input))
    const { response } = await this.#handler.handle(request, abortSignal ? { abortSignal } : {})
    const text = Buffer.from(response.body as Uint8Array).toString('utf8')
    const { statusCode, headers } = response
    const about = {
      $metadata: { httpStatusCode: statusCode, requestId: headers['x-amzn-requestid'] },
      $response: { headers },
    }
    const reply = parsed(text)
    if (statusCode >= 300) throw Object.assign(new Error('refused'), refusalOf(reply, headers), about)
    if (!reply) throw Object.assign(new Error('unreadable'), about)
    const date = Date.parse(headers['date'] ?? '')
    if (Number.isFinite(date)) this.#clock.heard(cloudtrail.endpoint, date, reply)
    this.#onAnswered(this.#signer.pair.id, answeredCall('LookupEvents', agent, headers))
    return reply
  }

  async #signed(
    { endpoint, signingRegion }: NonNullable<Signer['target']['cloudtrail']>,
    body: string,
  ): Promise<HttpRequest> {
    const { protocol, hostname, host, port, pathname } = new URL(endpoint)
    const signature = signatureOf(this.#signer, 'cloudtrail', signingRegion)
    const request = new HttpRequest({
      method: 'POST',
      protocol,
      hostname,
      ...(port && { port: Number(port) }),
      path: pathname,
      headers: {
        host,
        'content-type': 'application/x-amz-json-1.1',
        'content-length': String(Buffer.byteLength(body)),
        'x-amz-target': target,
        'user-agent': agent,
      },
      body,
    })
    const signingDate = new Date(Date.now() + this.#clock.offset(endpoint))
    return HttpRequest.clone((await signature.sign(request, { signingDate })) as HttpRequest)
  }
}

function parsed(text: string): LookupEventsOutput | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** The code stands in the body or in a header, with a namespace before it or an address behind it. */
function refusalOf(
  reply: object | undefined,
  headers: Record<string, string>,
): { Code?: string; message?: string } {
  const body = (reply ?? {}) as Record<string, unknown>
  const type = body['__type'] ?? headers['x-amzn-errortype']
  const message = body['message'] ?? body['Message']
  return {
    ...(typeof type === 'string' && { Code: type.split('#').at(-1)?.split(':')[0] ?? type }),
    ...(typeof message === 'string' && { message }),
  }
}
