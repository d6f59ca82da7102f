import { HttpResponse } from '@smithy/core/protocols'
import type { HttpRequest } from '@smithy/core/protocols'
import { AwsHttpHandler } from '../../server/aws/httpHandler.ts'
import type { Clock } from '../../server/platform/clock.ts'
import { answer } from '../../server/sandbox/answer.ts'
import type { Call } from '../../server/sandbox/call.ts'
import { Control } from '../../server/sandbox/control.ts'
import { Faults } from '../../server/sandbox/faults.ts'
import type { AccessKey, User } from '../../server/sandbox/model.ts'
import { prompt, World } from '../../server/sandbox/world.ts'
import { Life } from './life.ts'

export const account = '123456789012'

/**
 * The embedded IAM without its socket: the real SDK signs and reads, the real server checks and answers, in one
 * process and in a walk's own time.
 */
export class EmbeddedAws {
  readonly world: World
  readonly control: Control
  /** No connection gets through. */
  down = false
  readonly #faults: Faults
  readonly #calls: Call[] = []
  readonly #clock: Clock

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock
    this.world = new World(() => clock.now(), {}, random)
    this.world.addAccount({ id: account })
    this.#faults = new Faults(random)
    const wire = { down: () => Promise.resolve(), up: () => Promise.resolve() }
    this.control = new Control(this.world, this.#faults, wire, this.#calls)
  }

  get users(): readonly User[] {
    return this.world.accounts[0]?.users ?? []
  }

  key(id: string): AccessKey | undefined {
    return this.users.flatMap(({ keys }) => keys).find((key) => key.id === id)
  }

  /** Whether the pair is that of an active key, once all of AWS knows. */
  works({ id, secret }: { readonly id: string; readonly secret: string }): boolean {
    return this.control.authenticates(id, secret)
  }

  userOf(id: string): User | undefined {
    return this.users.find(({ keys }) => keys.some((key) => key.id === id))
  }

  /** All is well again, and prompt. */
  heal(): void {
    this.down = false
    this.#faults.clear()
    Object.assign(this.world.behaviour, prompt)
    for (const { policy } of this.users) policy.denied.clear()
  }

  async handle(request: HttpRequest): Promise<{ response: HttpResponse }> {
    if (this.down) throw lost('ECONNREFUSED', 'connect')
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(request.headers)) headers[name.toLowerCase()] = value
    const reply = await answer(
      {
        world: this.world,
        control: this.control,
        faults: this.#faults,
        calls: this.#calls,
        sleep: (ms) => (ms > 0 ? this.#clock.sleep(ms) : Promise.resolve()),
      },
      {
        method: request.method,
        path: request.path,
        query: {},
        headers,
        body: Buffer.from(request.body as string),
      },
    )
    if (reply.lost) throw lost('ECONNRESET', 'read')
    return {
      response: new HttpResponse({
        statusCode: reply.status,
        headers: {
          date: new Date(this.world.serverNow()).toUTCString(),
          'content-type': reply.type,
          'x-amzn-requestid': reply.requestId,
        },
        body: Buffer.from(reply.body),
      }),
    }
  }
}

/** Every request of a life goes to its own AWS, for good. */
export function mountAws(): void {
  Object.assign(AwsHttpHandler.prototype, {
    async handle(request: HttpRequest) {
      const life = Life.current
      if (!life) throw new Error('a request from nowhere')
      const label = `the call ${/Action=(\w+)/.exec(String(request.body))?.[1] ?? '?'}`
      return life.call(label, () => life.aws.handle(request))
    },
  })
}

function lost(code: string, syscall: string): Error {
  return Object.assign(new Error(`${syscall} ${code}`), { code, syscall })
}
