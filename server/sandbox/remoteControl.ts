import { timingSafeEqual } from 'node:crypto'
import type { Control } from './control.ts'
import type { WireRequest } from './signature.ts'

/** What another process may call: everything of {@link Control} but hooks. */
const methods = [
  'behave',
  'addAccount',
  'addUser',
  'addKey',
  'deleteKey',
  'setStatus',
  'addEvents',
  'renameUser',
  'deny',
  'allow',
  'quarantine',
  'addSession',
  'others',
  'requireMfa',
  'setPropagation',
  'mfaCode',
  'mfaSerial',
  'fault',
  'throttleNext',
  'removeFault',
  'clearFaults',
  'keys',
  'authenticates',
  'worksNow',
  'snapshot',
  'calls',
] as const satisfies readonly (keyof Control)[]

type Reply = { status: number; body: string }

const reply = (status: number, value: unknown): Reply => ({ status, body: JSON.stringify(value) })

/**
 * POST /_control `{call, args}` with the header `x-control-token` → `{result}` or `{error}`. Only where a token
 * was given at the start: whoever holds it owns this IAM.
 */
export function remoteControl(control: Control, token: string): (request: WireRequest) => Promise<Reply> {
  return async (request) => {
    const given = Buffer.from(request.headers['x-control-token'] ?? '')
    const wanted = Buffer.from(token)
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
      return reply(401, { error: 'x-control-token is missing or wrong' })
    try {
      const { call, args = [] } = JSON.parse(request.body.toString('utf8')) as {
        call: string
        args?: unknown[]
      }
      const name = methods.find((method) => method === call)
      if (!name || !Array.isArray(args)) return reply(400, { error: `no such call: ${String(call)}` })
      const method = control[name] as (...args: unknown[]) => unknown
      return reply(200, { result: (await method.apply(control, args)) ?? null })
    } catch (error) {
      return reply(400, { error: error instanceof Error ? error.message : String(error) })
    }
  }
}
