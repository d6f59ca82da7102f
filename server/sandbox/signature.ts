import { createHash, timingSafeEqual } from 'node:crypto'
import { Sha256 } from '@smithy/core/checksum'
import { SignatureV4 } from '@smithy/signature-v4'
import { AwsError, badSignature } from './awsError.ts'

/** A request as it came over the wire; header names in lower case. */
export interface WireRequest {
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string | string[]>>
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** What a request says of who signed it, before anything is believed. */
export interface Claim {
  readonly keyId: string
  /** Day of the credential scope, YYYYMMDD. */
  readonly day: string
  readonly region: string
  readonly service: string
  readonly signedHeaders: readonly string[]
  readonly signature: string
  /** X-Amz-Date as it stands. */
  readonly stamp: string
  readonly token?: string
}

const minute = 60_000

/** @throws AwsError MissingAuthenticationToken, IncompleteSignature */
export function readClaim({ headers }: WireRequest): Claim {
  const authorization = headers['authorization']
  if (!authorization)
    throw new AwsError(403, 'MissingAuthenticationToken', 'Request is missing Authentication Token')
  const incomplete = (why: string) => new AwsError(400, 'IncompleteSignature', why)
  const [algorithm, rest] = splitOnce(authorization, ' ')
  if (algorithm !== 'AWS4-HMAC-SHA256') throw incomplete(`Unsupported AWS 'algorithm': '${algorithm}'.`)
  const fields = new Map(rest.split(',').map((field) => splitOnce(field.trim(), '=')))
  const missing = ['Credential', 'SignedHeaders', 'Signature'].filter((name) => !fields.get(name))
  if (missing.length > 0)
    throw incomplete(missing.map((name) => `Authorization header requires '${name}' parameter.`).join(' '))
  const scope = fields.get('Credential')!.split('/')
  if (scope.length !== 5 || scope[4] !== 'aws4_request')
    throw incomplete(
      'Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.',
    )
  const stamp = headers['x-amz-date'] ?? ''
  if (!/^\d{8}T\d{6}Z$/.test(stamp) || Number.isNaN(stampToMs(stamp)))
    throw incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
  const [keyId, day, region, service] = scope as [string, string, string, string, string]
  const token = headers['x-amz-security-token']
  return {
    keyId,
    day,
    region,
    service,
    stamp,
    signature: fields.get('Signature')!,
    signedHeaders: fields.get('SignedHeaders')!.split(';'),
    ...(token ? { token } : {}),
  }
}

/** AWS bears clocks that are up to 15 minutes apart. @throws AwsError SignatureDoesNotMatch */
export function checkStamp({ stamp, day }: Claim, now: number): void {
  if (!stamp.startsWith(day))
    throw badSignature(
      `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${day}' != '${stamp.slice(0, 8)}', from '${stamp}'.`,
    )
  const signedAt = stampToMs(stamp)
  const say = msToStamp
  if (signedAt < now - 15 * minute)
    throw badSignature(
      `Signature expired: ${stamp} is now earlier than ${say(now - 15 * minute)} (${say(now)} - 15 min.)`,
    )
  if (signedAt > now + 15 * minute)
    throw badSignature(
      `Signature not yet current: ${stamp} is still later than ${say(now + 15 * minute)} (${say(now)} + 15 min.)`,
    )
}

/** Signs the request again with what AWS knows and compares. @throws AwsError SignatureDoesNotMatch */
export async function checkSignature(request: WireRequest, claim: Claim, secret: string): Promise<void> {
  // The hash header is signed in the body's place: unless it is compared with the body, that could be swapped.
  const said = request.headers['x-amz-content-sha256']
  const hash = createHash('sha256').update(request.body).digest('hex')
  if (said !== undefined && said !== hash) throw badSignature()
  if (!claim.signedHeaders.includes('host'))
    throw badSignature("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
  const headers: Record<string, string> = {}
  for (const name of claim.signedHeaders) {
    const value = request.headers[name]
    if (value === undefined) throw badSignature()
    headers[name] = value
  }
  const signer = new SignatureV4({
    service: claim.service,
    region: claim.region,
    sha256: Sha256,
    applyChecksum: false,
    credentials: { accessKeyId: claim.keyId, secretAccessKey: secret },
  })
  const signed = await signer.sign(
    {
      method: request.method,
      protocol: 'http:',
      hostname: 'localhost',
      path: request.path,
      query: { ...request.query },
      headers,
      body: request.body,
    },
    { signingDate: new Date(stampToMs(claim.stamp)), signableHeaders: new Set(claim.signedHeaders) },
  )
  const ours = /Signature=([0-9a-f]+)/.exec(signed.headers['authorization'] ?? '')?.[1] ?? ''
  const a = Buffer.from(ours)
  const b = Buffer.from(claim.signature)
  if (a.length !== b.length || !timingSafeEqual(a, b)) throw badSignature()
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)]
}

const stampToMs = (stamp: string) =>
  Date.parse(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))

const msToStamp = (ms: number) => new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, '')
