import type { After, AfterPlan, AfterPlanRequest, AfterRun } from '../server/api/after.ts'
import type { Tidying, Which } from '../server/api/inventory.ts'
import type { PlaceChanges, Places, PlacesRequest, PlacesUpdated } from '../server/api/places.ts'
import type { Ledger } from '../server/api/ledger.ts'
import type { Plan, PlanChange, PlanRequest } from '../server/api/plan.ts'
import type { Problem, Trouble } from '../server/api/problem.ts'
import type { Removal } from '../server/api/removal.ts'
import type { HistoryRow, Run, RunList, UndoRequest } from '../server/api/run.ts'
import type { SessionReply } from '../server/api/session.ts'
import type { Settings } from '../server/api/settings.ts'
import type { Trail, TrailRequest, TrailRows } from '../server/api/trail.ts'
import { parsePrintably } from './ui/parsePrintably.ts'

const tokenKey = 'keyturn-session'
const header = 'x-keyturn-session'

/** The server said no, and why: the words are in `problem`, made for the person. */
export class ApiProblem extends Error {
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.title)
    this.problem = problem
  }
}

/** No answer at all: the server is stopped, or this machine's loopback is. */
export class Unreachable extends Error {}

/** Any thrown thing in the words that the page shows for a trouble. */
export function troubleOf(error: unknown): Trouble {
  if (error instanceof ApiProblem) {
    const { type, status: _, ...words } = error.problem
    return { name: type.split(':').at(-1) ?? 'problem', ...words }
  }
  if (error instanceof Unreachable) {
    return {
      name: 'unreachable',
      title: 'Keyturn does not answer',
      detail: 'The request may not have reached it.',
      remedy: 'Look at the terminal that Keyturn was started in.',
    }
  }
  return {
    name: 'page-defect',
    title: 'The page met something it does not know',
    detail: error instanceof Error ? error.message : String(error),
    remedy: 'Reload the page. Nothing that runs is affected by that.',
  }
}

export interface ApiOptions {
  fetch?: typeof fetch
  /** localStorage in the browser: per origin, so a server on another local port cannot read the token. */
  storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>
}

/** The calls of the API, typed. Each throws ApiProblem or Unreachable. */
export class Api {
  readonly #fetch: typeof fetch
  readonly #storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>
  /** Called when the server no longer knows this session. */
  onSessionOver: () => void = () => {}
  /** Called after each answered request: the server's idle clock began anew. */
  onAnswered: () => void = () => {}

  constructor(options: ApiOptions = {}) {
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init))
    this.#storage = options.storage ?? localStorage
  }

  get hasSession(): boolean {
    return this.#storage.getItem(tokenKey) !== null
  }

  forgetSession(): void {
    this.#storage.removeItem(tokenKey)
  }

  async signIn(secret: string): Promise<void> {
    const { token } = await this.#json<SessionReply>('POST', '/api/session', { secret })
    this.#storage.setItem(tokenKey, token)
  }

  async signOut(): Promise<void> {
    await this.#json('DELETE', '/api/session')
    this.forgetSession()
  }

  check(keys: string[] | 'all'): Promise<unknown> {
    return this.#json('POST', '/api/checks', { keys })
  }

  plan(request: PlanRequest): Promise<Plan> {
    return this.#json('POST', '/api/plans', request)
  }

  /** Asks AWS what the users of these profiles have beside keys; without any, those of the newest run. */
  after(profiles: readonly string[], since?: string): Promise<After> {
    const query = new URLSearchParams(profiles.map((name) => ['profile', name]))
    if (since !== undefined) query.set('since', since)
    return this.#json('GET', `/api/after?${query}`)
  }

  planAfter(request: AfterPlanRequest): Promise<AfterPlan> {
    return this.#json('POST', '/api/after/plans', request)
  }

  /** @param confirm the last four characters of what is deleted */
  runAfter(plan: string, confirm?: string): Promise<AfterRun> {
    return this.#json('POST', '/api/after/runs', { plan, ...(confirm !== undefined && { confirm }) })
  }

  getPlan(id: string): Promise<Plan> {
    return this.#json('GET', `/api/plans/${encodeURIComponent(id)}`)
  }

  /** One choice made differently; the others stay. */
  changePlan(id: string, change: PlanChange): Promise<Plan> {
    return this.#json('PATCH', `/api/plans/${encodeURIComponent(id)}`, change)
  }

  /** Leaves keys working, by name, or takes that back. */
  leaveKeys(keys: readonly string[], left: boolean, why?: string): Promise<Ledger> {
    return this.#json('POST', `/api/ledger/${left ? 'leave' : 'reopen'}`, {
      keys,
      ...(why !== undefined && { why }),
    })
  }

  /** @param confirm the key's last four characters, or how many they are */
  killKeys(keys: readonly string[], confirm: string, signer?: string): Promise<Run> {
    return this.#json('POST', '/api/ledger/kill', { keys, confirm, ...(signer !== undefined && { signer }) })
  }

  /** The lines that would be taken out of the file, without the secret. */
  removal(key: string): Promise<Removal> {
    return this.#json('GET', `/api/keys/${encodeURIComponent(key)}/removal`)
  }

  removeKey(key: string): Promise<Run> {
    return this.#json('POST', `/api/keys/${encodeURIComponent(key)}/remove`, {})
  }

  start(plan: string): Promise<Run> {
    return this.#json('POST', '/api/runs', { plan })
  }

  runs(before?: string, limit = 50): Promise<RunList> {
    const query = new URLSearchParams({ limit: String(limit), ...(before ? { before } : {}) })
    return this.#json('GET', `/api/runs?${query}`)
  }

  run(id: string): Promise<Run> {
    return this.#json('GET', `/api/runs/${encodeURIComponent(id)}`)
  }

  actOnRun(id: string, act: 'stop' | 'retry' | 'recover'): Promise<unknown> {
    return this.#json('POST', `/api/runs/${encodeURIComponent(id)}/${act}`)
  }

  /** Puts the pairs that work back into these profiles, which hold replaced ones again or are gone. */
  mend(profiles: readonly string[]): Promise<Run> {
    return this.#json('POST', '/api/mend', { profiles })
  }

  /** Tells no more of profiles that the person took out. */
  tookOut(profiles: readonly string[]): Promise<void> {
    return this.#json('POST', '/api/mend/taken-out', { profiles })
  }

  /** Tells no more of what the person changed about these keys at AWS. */
  didThis(keys: readonly string[]): Promise<void> {
    return this.#json('POST', '/api/changes/own', { keys })
  }

  undoRun(id: string, request: UndoRequest): Promise<Run> {
    return this.#json('POST', `/api/runs/${encodeURIComponent(id)}/undo`, request)
  }

  undoRotation(id: string, request: UndoRequest): Promise<Run> {
    return this.#json('POST', `/api/rotations/${encodeURIComponent(id)}/undo`, request)
  }

  setKey(id: string, act: 'activate' | 'deactivate'): Promise<Run> {
    return this.#json('POST', `/api/keys/${encodeURIComponent(id)}/${act}`)
  }

  /** All of them in one run. */
  turnOff(keys: readonly string[]): Promise<Run> {
    return this.#json('POST', '/api/keys/deactivate', { keys })
  }

  deleteKey(id: string, confirm: string): Promise<Run> {
    return this.#json('DELETE', `/api/keys/${encodeURIComponent(id)}`, { confirm })
  }

  /** All of them in one run, which is refused as a whole where one is not safe to delete. */
  deleteSafeKeys(keys: readonly string[], confirm: string): Promise<Run> {
    return this.#json('DELETE', '/api/keys', { keys, confirm })
  }

  forgetPair(key: string): Promise<unknown> {
    return this.#json('DELETE', `/api/undo/${encodeURIComponent(key)}`)
  }

  mfa(device: string, code: string): Promise<unknown> {
    return this.#json('POST', `/api/mfa/${encodeURIComponent(device)}`, { code })
  }

  /** As they are, since they are sent back whole. */
  settings(): Promise<Settings> {
    return this.#json('GET', '/api/settings', undefined, JSON.parse)
  }

  saveSettings(settings: Settings): Promise<Settings> {
    return this.#json('PUT', '/api/settings', settings)
  }

  tightenMode(which: Which): Promise<unknown> {
    return this.#json('POST', `/api/files/${which}/mode`)
  }

  lookAtTidying(which: Which): Promise<Tidying> {
    return this.#json('GET', `/api/files/${which}/tidy`)
  }

  /** @param hash of what was shown */
  tidy(which: Which, hash: string): Promise<Tidying> {
    return this.#json('POST', `/api/files/${which}/tidy`, { hash })
  }

  untidy(which: Which): Promise<Tidying> {
    return this.#json('POST', `/api/files/${which}/untidy`)
  }

  findPlaces(request: PlacesRequest): Promise<Places> {
    return this.#json('POST', '/api/places/search', request)
  }

  stopFinding(): Promise<Places> {
    return this.#json('POST', '/api/places/stop')
  }

  /** What an update of these keys' places would change; nothing is written. */
  placeChanges(keys: readonly string[]): Promise<PlaceChanges> {
    return this.#json('POST', '/api/places/changes', { keys })
  }

  /** @param only which of the changes that were shown, by their numbers */
  updatePlaces(id: string, only: readonly number[]): Promise<PlacesUpdated> {
    return this.#json('POST', '/api/places/update', { id, only })
  }

  /** Asks AWS's CloudTrail; `trail` events follow. */
  beginTrail(request: TrailRequest): Promise<Trail> {
    return this.#json('POST', '/api/trails', request)
  }

  actOnTrail(id: string, act: 'stop' | 'resume'): Promise<Trail> {
    return this.#json('POST', `/api/trails/${encodeURIComponent(id)}/${act}`)
  }

  /** @param from how many the page has */
  trailRows(id: string, key: string, from: number): Promise<TrailRows> {
    return this.#json('GET', `${trailPath(id, key)}/events?from=${from}`)
  }

  /** Asks AWS whether what an act left behind is still there. */
  lookAtDoor(id: string, key: string, door: string): Promise<Trail> {
    return this.#json('POST', `${trailPath(id, key)}/doors/${encodeURIComponent(door)}/look`)
  }

  async trailCsv(id: string, key: string): Promise<string> {
    return (await this.#answer('GET', `${trailPath(id, key)}/csv`)).text()
  }

  stopServer(): Promise<unknown> {
    return this.#json('POST', '/api/server/stop')
  }

  async history(): Promise<HistoryRow[]> {
    return (await this.#json<{ rows: HistoryRow[] }>('GET', '/api/history?format=json')).rows
  }

  /** The export as the server writes it; fetched, since a plain link could not carry the session header. */
  async historyFile(format: 'json' | 'csv'): Promise<string> {
    return (await this.#answer('GET', `/api/history?format=${format}`)).text()
  }

  /** The body of the event stream; it ends when `signal` aborts. */
  async events(signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const { body } = await this.#answer('GET', '/api/events', undefined, {
      signal,
      accept: 'text/event-stream',
    })
    if (!body) throw new Unreachable('The event stream has no body')
    return body
  }

  async #json<T = unknown>(
    method: string,
    path: string,
    body?: unknown,
    parse: (text: string) => unknown = parsePrintably,
  ): Promise<T> {
    const text = await (await this.#answer(method, path, body)).text()
    return (text === '' ? undefined : parse(text)) as T
  }

  async #answer(
    method: string,
    path: string,
    body?: unknown,
    { signal, accept = 'application/json' }: { signal?: AbortSignal; accept?: string } = {},
  ): Promise<Response> {
    const headers: Record<string, string> = { accept }
    const token = this.#storage.getItem(tokenKey)
    if (token !== null) headers[header] = token
    if (body !== undefined) headers['content-type'] = 'application/json'
    let response: Response
    try {
      response = await this.#fetch(path, {
        method,
        headers,
        credentials: 'same-origin',
        cache: 'no-store',
        redirect: 'error',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal ? { signal } : {}),
      })
    } catch (error) {
      throw new Unreachable('No answer', { cause: error })
    }
    if (response.ok) {
      this.onAnswered()
      return response
    }
    const problem = await problemOf(response)
    // A newer session's token must not be dropped for an old request's answer.
    if (response.status === 401 && this.#storage.getItem(tokenKey) === token) {
      this.forgetSession()
      if (token !== null) this.onSessionOver()
    }
    throw new ApiProblem(problem)
  }
}

function trailPath(id: string, key: string): string {
  return `/api/trails/${encodeURIComponent(id)}/keys/${encodeURIComponent(key)}`
}

async function problemOf(response: Response): Promise<Problem> {
  const parsed = (await response
    .text()
    .then(parsePrintably)
    .catch(() => undefined)) as Partial<Problem> | undefined
  if (typeof parsed?.title === 'string' && typeof parsed.detail === 'string') {
    return { type: 'about:blank', status: response.status, ...parsed } as Problem
  }
  return {
    type: 'urn:keyturn:problem:unexpected-answer',
    status: response.status,
    title: 'An answer that the page does not understand',
    detail: `The server answered ${response.status} without saying more.`,
    remedy: 'Reload the page; look at the terminal if it happens again.',
  }
}
