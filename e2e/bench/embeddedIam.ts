import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Call } from '../../server/sandbox/call.ts'
import type { Control } from '../../server/sandbox/control.ts'
import type { SandboxOptions } from '../../server/sandbox/sandbox.ts'
import { cpuMs } from './processFigures.ts'

type Method<Name extends keyof Control> = Control[Name] extends (...args: infer Args) => infer Result
  ? { args: Args; result: Result }
  : never

/** The embedded IAM, in a process of its own, and the hand behind it. */
export class EmbeddedIam {
  readonly url: string
  readonly #process: ChildProcess
  readonly #token: string

  private constructor(process: ChildProcess, url: string, token: string) {
    this.#process = process
    this.url = url
    this.#token = token
  }

  static async start(options: SandboxOptions): Promise<EmbeddedIam> {
    const controlToken = randomBytes(16).toString('hex')
    const child = fork(fileURLToPath(new URL('iamProcess.ts', import.meta.url)), {
      execArgv: ['--import', 'tsx'],
    })
    child.send({ ...options, controlToken })
    const [{ url }] = (await once(child, 'message')) as [{ url: string }]
    return new EmbeddedIam(child, url, controlToken)
  }

  async do<Name extends keyof Control>(
    call: Name,
    ...args: Method<Name>['args']
  ): Promise<Method<Name>['result']> {
    const reply = await fetch(`${this.url}/_control`, {
      method: 'POST',
      headers: { 'x-control-token': this.#token },
      body: JSON.stringify({ call, args }),
    })
    const { result, error } = (await reply.json()) as { result: Method<Name>['result']; error?: string }
    if (error !== undefined) throw new Error(error)
    return result
  }

  calls(): Promise<readonly Call[]> {
    return this.do('calls')
  }

  get cpuMs(): number {
    return cpuMs(this.#process.pid)
  }

  async close(): Promise<void> {
    const ended = once(this.#process, 'exit')
    this.#process.disconnect()
    await ended
  }
}
