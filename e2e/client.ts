import { setTimeout as wait } from 'node:timers/promises'
import type { ServerEvent } from '../server/api/events.ts'
import type { Inventory } from '../server/api/inventory.ts'
import type { Plan, PlanRequest } from '../server/api/plan.ts'
import type { Problem } from '../server/api/problem.ts'
import type { Run, RunList, UndoRequest } from '../server/api/run.ts'
import type { SessionReply } from '../server/api/session.ts'
import type { Settings } from '../server/api/settings.ts'

/** A reply that is not 2xx, with its problem document. */
export class ApiError extends Error {
  readonly status: number
  readonly problem: Problem | undefined

  constructor(status: number, text: string) {
    super(`HTTP ${status}: ${text}`)
    this.name = 'ApiError'
    this.status = status
    this.problem = parse<Problem>(text)
  }
}

function parse<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T
  } catch {
    return undefined
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** The API as the page uses it: one session, its cookie and its token. */
export class Client {
  readonly origin: string
  readonly token: string
  readonly cookie: string

  private constructor(origin: string, token: string, cookie: string) {
    this.origin = origin
    this.token = token
    this.cookie = cookie
  }

  /** Exchanges the secret of a printed link for a session. @throws ApiError */
  static async open(link: string): Promise<Client> {
    const { origin, hash } = new URL(link)
    const response = await fetch(`${origin}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin, 'sec-fetch-site': 'same-origin' },
      body: JSON.stringify({ secret: hash.slice(1) }),
    })
    if (!response.ok) throw new ApiError(response.status, await response.text())
    const { token } = (await response.json()) as SessionReply
    const cookie = response.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ')
    return new Client(origin, token, cookie)
  }

  /** The raw reply, for tests of the guard. `headers` override: undefined leaves one out. */
  async fetch(
    method: Method,
    path: string,
    body?: unknown,
    headers: Record<string, string | undefined> = {},
    signal?: AbortSignal,
  ): Promise<Response> {
    const all: Record<string, string | undefined> = {
      cookie: this.cookie,
      'x-keyturn-session': this.token,
      'sec-fetch-site': 'same-origin',
      ...(method === 'GET' ? {} : { origin: this.origin }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    }
    return fetch(this.origin + path, {
      method,
      headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Record<
        string,
        string
      >,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    })
  }

  /** @throws ApiError */
  async call<T>(method: Method, path: string, body?: unknown): Promise<T> {
    const response = await this.fetch(method, path, body)
    const text = await response.text()
    if (!response.ok) throw new ApiError(response.status, text)
    return (text === '' ? undefined : JSON.parse(text)) as T
  }

  inventory(): Promise<Inventory> {
    return this.call('GET', '/api/inventory')
  }

  settings(): Promise<Settings> {
    return this.call('GET', '/api/settings')
  }

  putSettings(settings: Settings): Promise<Settings> {
    return this.call('PUT', '/api/settings', settings)
  }

  /** Changes some settings and leaves the others, such as shorter waits for a test. */
  async adjust(change: (settings: Settings) => Settings): Promise<Settings> {
    return this.putSettings(change(await this.settings()))
  }

  async check(keys: PlanRequest['keys']): Promise<void> {
    await this.call('POST', '/api/checks', { keys })
  }

  /** Makes a plan and waits until it is ready. */
  async plan(request: PlanRequest, patienceMs = 60_000): Promise<Plan> {
    const { id } = await this.call<Plan>('POST', '/api/plans', request)
    return until(
      () => this.call<Plan>('GET', `/api/plans/${encodeURIComponent(id)}`),
      (plan) => plan.state !== 'checking',
      patienceMs,
      'the plan is still being checked',
    )
  }

  startRun(plan: string): Promise<Run> {
    return this.call('POST', '/api/runs', { plan })
  }

  run(id: string): Promise<Run> {
    return this.call('GET', `/api/runs/${encodeURIComponent(id)}`)
  }

  runs(): Promise<RunList> {
    return this.call('GET', '/api/runs')
  }

  /** Waits until a run is no longer running. */
  finishedRun(id: string, patienceMs = 180_000): Promise<Run> {
    return until(
      () => this.run(id),
      ({ state }) => state !== 'running',
      patienceMs,
      'the run is still running',
    )
  }

  /** Plan, press the button, wait for the end. */
  async rotate(request: PlanRequest, patienceMs?: number): Promise<{ plan: Plan; run: Run }> {
    const plan = await this.plan(request)
    const { id } = await this.startRun(plan.id)
    return { plan, run: await this.finishedRun(id, patienceMs) }
  }

  /** Undoes one rotation; the reply is the run that does it. */
  undo(rotation: string, request: UndoRequest): Promise<Run> {
    return this.call('POST', `/api/rotations/${encodeURIComponent(rotation)}/undo`, request)
  }

  /** The event stream: ends when the server ends it or the signal aborts. Leaving the loop closes it. */
  async *events(signal?: AbortSignal): AsyncGenerator<ServerEvent> {
    const left = new AbortController()
    const either = signal ? AbortSignal.any([signal, left.signal]) : left.signal
    try {
      const response = await this.fetch(
        'GET',
        '/api/events',
        undefined,
        { accept: 'text/event-stream' },
        either,
      )
      if (!response.ok || !response.body) throw new ApiError(response.status, await response.text())
      let rest = ''
      for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
        const blocks = (rest + chunk).split('\n\n')
        rest = blocks.pop() ?? ''
        for (const block of blocks) {
          const data = block
            .split('\n')
            .filter((line) => line.startsWith('data:'))
            .map((line) => line.slice(5).trimStart())
          if (data.length > 0) yield JSON.parse(data.join('\n')) as ServerEvent
        }
      }
    } catch (error) {
      if (!signal?.aborted) throw error
    } finally {
      left.abort()
    }
  }

  /** The first event that fits. @throws Error where the stream ends or patience does before it comes */
  async event<T extends ServerEvent>(
    fits: (event: ServerEvent) => event is T,
    patienceMs = 60_000,
  ): Promise<T> {
    for await (const event of this.events(AbortSignal.timeout(patienceMs))) if (fits(event)) return event
    throw new Error(`the awaited event did not come within ${patienceMs} ms`)
  }
}

/** Asks again until the answer is right. @throws Error with the last answer, when patience ends */
export async function until<T>(
  ask: () => Promise<T>,
  right: (answer: T) => boolean,
  patienceMs: number,
  complaint: string,
): Promise<T> {
  const end = Date.now() + patienceMs
  for (;;) {
    const answer = await ask()
    if (right(answer)) return answer
    if (Date.now() > end) throw new Error(`${complaint} after ${patienceMs} ms: ${JSON.stringify(answer)}`)
    await wait(25)
  }
}
