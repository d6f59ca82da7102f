import fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { describeError, redactText } from '../platform/redact.ts'
import { logOptions } from './log.ts'

const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const sessionToken = 'IQoJb3JpZ2luX2VjEAAaCXVzLWVhc3QtMSJHMEUCIQD'.repeat(8) + '=='
const ownToken = 'Xoq6CPIQG81FHKPqvCjlEEQjA1ms4oQdeKMlAnC8RNY'

describe('redactText', () => {
  it.each([secret, sessionToken, ownToken])('leaves out %s wherever it stands', (value) => {
    for (const text of [value, `key=${value}`, `"${value}"`, `(${value})`, `a ${value} b ${value}`]) {
      expect(redactText(text)).not.toContain(value)
    }
  })

  it('leaves key ids, ids of requests and paths', () => {
    for (const text of [
      'AKIAIOSFODNN7EXAMPLE is not active',
      'request 8c7e6f0a-2f3b-4f1e-9a51-7c3d2b1a0f9e',
      '/home/someone/.local/state/keyturn/runs/2026.jsonl',
    ]) {
      expect(redactText(text)).toBe(text)
    }
  })
})

describe('the log', () => {
  function logged(write: (app: ReturnType<typeof fastify>) => void): string {
    const lines: string[] = []
    const app = fastify({ logger: logOptions({ write: (line) => void lines.push(line) }) })
    write(app)
    return lines.join('')
  }

  it('keeps an error to its words: what hangs on it, and the causes below it, may hold anything', () => {
    const cause = new Error(`signing with ${secret}`, { cause: new Error(sessionToken) })
    const error = Object.assign(new Error('the call failed', { cause }), {
      code: 'AccessDenied',
      $response: { headers: { authorization: `AWS4 ${secret}` }, body: secret },
      credentials: { secretAccessKey: secret },
    })
    const text = logged((app) => app.log.error({ err: error }, 'failed'))
    expect(JSON.parse(text).err).toMatchObject({
      message: 'the call failed',
      code: 'AccessDenied',
      cause: { message: 'signing with [redacted]', cause: { message: '[redacted]' } },
    })
    expect(text).not.toContain(secret)
    expect(text).not.toContain(sessionToken)
    expect(text).not.toContain('credentials')
  })

  it('follows a cause that leads back to itself only so far, and takes what is not an error', () => {
    const loop = new Error('a')
    loop.cause = loop
    expect(JSON.stringify(describeError(loop)).length).toBeLessThan(20_000)
    expect(describeError(secret).message).toBe('[redacted]')
  })

  it('leaves out headers and bodies of whole objects that someone logs', () => {
    const text = logged((app) => {
      app.log.error({ headers: { cookie: 'c00kie', authorization: 'auth', 'x-keyturn-session': 't0ken' } })
      app.log.error({ request: { headers: { cookie: 'c00kie' }, body: 'b0dy' } })
      app.log.error({ secret: 's3cret', answer: { token: 't0ken' } })
    })
    expect(text).not.toMatch(/c00kie|auth"|t0ken|b0dy|s3cret/)
    expect(text.match(/\[redacted\]/g)).toHaveLength(7)
  })

  it('is quiet below a warning', () => {
    expect(logged((app) => app.log.info('hello'))).toBe('')
    expect(logged((app) => app.log.warn('mind this'))).toContain('mind this')
  })
})
