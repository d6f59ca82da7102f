/**
 * What has the form of a credential: a secret access key (40 characters of base64), a session token (far longer), a
 * launch secret or session token of our own (43 of base64url). Error messages of libraries may quote anything.
 */
const credentials = [
  /(?<![A-Za-z0-9/+])(?:[A-Za-z0-9/+]{40}|[A-Za-z0-9/+]{100,}={0,2})(?![A-Za-z0-9/+])/g,
  /(?<![\w-])[\w-]{43}(?![\w-])/g,
]

export function redactText(text: string): string {
  return credentials.reduce((rest, pattern) => rest.replace(pattern, '[redacted]'), text)
}

interface LoggedError {
  [key: string]: unknown
  type: string
  message: string
  stack: string
  code?: string
  cause?: LoggedError
}

/** An error's words and nothing that hangs on it: an SDK error carries the whole request, signature included. */
export function describeError(error: unknown, depth = 0): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: redactText(String(error)), stack: '' }
  const { code } = error as { code?: unknown }
  return {
    type: error.name,
    message: redactText(error.message),
    stack: redactText(error.stack ?? ''),
    ...(typeof code === 'string' ? { code: redactText(code) } : {}),
    ...(error.cause === undefined || depth > 4 ? {} : { cause: describeError(error.cause, depth + 1) }),
  }
}
