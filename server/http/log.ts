import type { FastifyServerOptions } from 'fastify'
import { describeError, redactText } from '../platform/redact.ts'

/** Where log lines go. */
export interface LogStream {
  write(line: string): void
}

/**
 * Warnings and errors only, as JSON lines. Neither headers nor bodies are ever logged: a request is its method and
 * path. The redaction by path is a second net for whoever logs a whole object later.
 */
export function logOptions(stream: LogStream, level = 'warn'): FastifyServerOptions['logger'] {
  return {
    level,
    stream,
    serializers: {
      err: (error) => describeError(error),
      req: (request: { method?: string; url?: string }) => ({
        method: request.method,
        path: redactText(request.url?.split('?')[0] ?? ''),
      }),
      res: (reply: { statusCode?: number }) => ({ status: reply.statusCode }),
    },
    redact: {
      censor: '[redacted]',
      paths: [
        'headers.cookie',
        'headers.authorization',
        'headers["x-keyturn-session"]',
        'headers["set-cookie"]',
        '*.headers.cookie',
        '*.headers.authorization',
        '*.headers["x-keyturn-session"]',
        '*.headers["set-cookie"]',
        'body',
        '*.body',
        'secret',
        '*.secret',
        'token',
        '*.token',
      ],
    },
  }
}
