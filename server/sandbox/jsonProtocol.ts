import { AwsError } from './awsError.ts'
import type { WireRequest } from './signature.ts'

export const jsonType = 'application/x-amz-json-1.1'
const target = 'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.'

/** What a request of AWS's JSON 1.1 protocol asks for; undefined: it is one of the Query protocol. */
export function jsonCallOf({ headers, body }: WireRequest): { action: string; input: unknown } | undefined {
  const named = headers['x-amz-target']
  if (named === undefined) return undefined
  const text = body.toString('utf8')
  return { action: named.startsWith(target) ? named.slice(target.length) : named, input: parsed(text) }
}

function parsed(text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The members of an input as the log of calls has them, an attribute by its key: `AccessKeyId`. */
export function jsonParams(input: unknown): Record<string, string> {
  if (typeof input !== 'object' || input === null) return {}
  const { LookupAttributes: list, ...rest } = input as Record<string, unknown>
  const attributes = Array.isArray(list) ? (list as { AttributeKey?: string; AttributeValue?: string }[]) : []
  return Object.fromEntries([
    ...Object.entries(rest).map(([name, value]) => [name, String(value)]),
    ...attributes.map(({ AttributeKey = '', AttributeValue = '' }) => [AttributeKey, AttributeValue]),
  ]) as Record<string, string>
}

/** Services of this protocol have names of their own for what IAM and STS say. */
const names: Readonly<Record<string, string>> = {
  InvalidClientTokenId: 'UnrecognizedClientException',
  AccessDenied: 'AccessDeniedException',
  SignatureDoesNotMatch: 'InvalidSignatureException',
  ExpiredToken: 'ExpiredTokenException',
  Throttling: 'ThrottlingException',
  MissingAuthenticationToken: 'MissingAuthenticationTokenException',
  IncompleteSignature: 'IncompleteSignatureException',
  ServiceFailure: 'InternalServerError',
}

/** The same error as this protocol has it: another name, and 400 for everything that is the caller's. */
export function jsonError(error: AwsError): AwsError {
  const status = error.status < 500 ? 400 : error.status
  return new AwsError(status, names[error.code] ?? error.code, error.message)
}

export const jsonErrorBody = ({ code, message }: AwsError) => JSON.stringify({ __type: code, message })
