/** What AWS answers when it does not do what was asked: a code, a sentence, an HTTP status. */
export class AwsError extends Error {
  readonly code: string
  readonly status: number

  constructor(status: number, code: string, message: string) {
    super(message)
    this.name = 'AwsError'
    this.code = code
    this.status = status
  }
}

export const invalidToken = () =>
  new AwsError(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.')

/** How services of the JSON protocol say the same. */
export const unrecognized = () =>
  new AwsError(400, 'UnrecognizedClientException', 'The security token included in the request is invalid.')

export const expiredToken = () =>
  new AwsError(403, 'ExpiredToken', 'The security token included in the request is expired')

export const badSignature = (why?: string) =>
  new AwsError(
    403,
    'SignatureDoesNotMatch',
    why ??
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
  )

export const validation = (message: string) => new AwsError(400, 'ValidationError', message)

export const noSuchKey = (id: string) =>
  new AwsError(404, 'NoSuchEntity', `The Access Key with id ${id} cannot be found.`)

export const noSuchUser = (name: string) =>
  new AwsError(404, 'NoSuchEntity', `The user with name ${name} cannot be found.`)

export const throttled = () => new AwsError(400, 'Throttling', 'Rate exceeded')

/** @param resource as AWS names it, such as `user alice` or `*`; undefined: the action knows none */
export function accessDenied(
  arn: string,
  action: string,
  resource: string | undefined,
  explicit: boolean,
): AwsError {
  const because = explicit
    ? 'with an explicit deny in an identity-based policy'
    : `because no identity-based policy allows the ${action} action`
  return new AwsError(
    403,
    'AccessDenied',
    `User: ${arn} is not authorized to perform: ${action}${resource === undefined ? '' : ` on resource: ${resource}`} ${because}`,
  )
}
