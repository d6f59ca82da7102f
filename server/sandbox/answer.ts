import { randomUUID } from 'node:crypto'
import { act } from './actions.ts'
import { authenticate } from './authenticate.ts'
import type { Caller } from './authorize.ts'
import { AwsError, throttled } from './awsError.ts'
import type { Call, Service } from './call.ts'
import { publicParams } from './call.ts'
import type { Control } from './control.ts'
import { errorOf } from './faults.ts'
import type { Faults } from './faults.ts'
import { jsonCallOf, jsonError, jsonErrorBody, jsonParams, jsonType } from './jsonProtocol.ts'
import { lookupEvents } from './lookupEvents.ts'
import { ownerOf } from './model.ts'
import { readClaim } from './signature.ts'
import type { Claim, WireRequest } from './signature.ts'
import type { World } from './world.ts'
import { errorXml, replyXml } from './xml.ts'

export interface Answer {
  readonly status: number
  readonly requestId: string
  readonly body: string
  /** Its Content-Type. */
  readonly type: string
  /** It is somebody else's, in AWS's place: it carries no request id. */
  readonly foreign?: true
  /** How the reply goes astray, if it does. */
  readonly lost?: 'drop' | 'cut'
}

export interface AnswerContext {
  readonly world: World
  readonly control: Control
  readonly faults: Faults
  readonly calls: Call[]
  readonly sleep: (ms: number) => Promise<void>
}

/** Calls that are remembered: a demo that runs for days must not grow for ever. */
const remembered = 50_000

/** What was asked, whichever protocol it was asked in. */
interface Asked {
  readonly service: Service
  readonly action: string
  /** For the log; no secrets. */
  readonly params: Readonly<Record<string, string>>
  readonly type: string
  /** Does it. @returns the reply's body. @throws AwsError */
  act(caller: Caller, call: Call): string
  /** An error as this protocol says it. */
  refusal(error: AwsError, requestId: string): { readonly error: AwsError; readonly body: string }
}

/** One call, from wire to wire: logged, delayed, struck by faults, authenticated, acted on. */
export async function answer(context: AnswerContext, request: WireRequest): Promise<Answer> {
  const { world, control, faults, calls } = context
  const claim = attempt(() => readClaim(request))
  const asked = askedOf(context, request, claim)
  const { service, type } = asked
  const call = describe(context, request, asked, claim)
  calls.push(call)
  if (calls.length > remembered) calls.splice(0, calls.length - remembered)
  const { requestId } = call
  const fail = (failure: AwsError): Answer => {
    call.outcome = failure.code
    const { error, body } = asked.refusal(failure, requestId)
    return { status: error.status, requestId, body, type }
  }

  await context.sleep(latencyOf(world))
  await control.tell(call, 'before')
  const struck = faults.strike(call)
  for (const { effect, released } of struck) {
    if (effect.kind === 'delay') await context.sleep(effect.ms)
    if (effect.kind === 'hold-before') await released
  }
  const before = struck.find(({ effect }) =>
    ['drop-before', 'page-before', 'error-before', 'throttle'].includes(effect.kind),
  )
  if (before?.effect.kind === 'drop-before') {
    call.outcome = 'dropped-before'
    return { status: 0, requestId, body: '', type, lost: 'drop' }
  }
  if (before?.effect.kind === 'page-before') {
    call.outcome = 'page-before'
    return page(requestId, before.effect.status)
  }
  if (before) return fail(errorOf(before.effect))
  if (world.throttles(world.accounts.find(({ id }) => id === call.account))) return fail(throttled())

  let reply: Answer
  try {
    if (claim instanceof AwsError) throw claim
    const caller = await authenticate(world, service, claim, request)
    let body: string
    try {
      body = asked.act(caller, call)
    } finally {
      caller.recordUse?.()
    }
    call.acted = true
    call.outcome = 'ok'
    reply = { status: 200, requestId, body, type }
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    reply = fail(error)
  }

  await control.tell(call, 'after')
  for (const { effect, released } of struck) if (effect.kind === 'hold-after') await released
  const after = struck.find(({ effect }) =>
    ['drop-after', 'cut', 'page-after', 'error-after'].includes(effect.kind),
  )?.effect
  if (!after) return reply
  if (after.kind === 'error-after') return fail(errorOf(after))
  if (after.kind === 'page-after') {
    call.outcome = 'page-after'
    return page(requestId, after.status)
  }
  call.outcome = after.kind === 'cut' ? 'cut' : 'dropped-after'
  return { ...reply, lost: after.kind === 'cut' ? 'cut' : 'drop' }
}

/** What a filter or a sign-in page says in AWS's place. */
function page(requestId: string, status: number): Answer {
  const body = '<html><body>Please sign in</body></html>'
  return { status, requestId, type: 'text/html', body, foreign: true }
}

function attempt(read: () => Claim): Claim | AwsError {
  try {
    return read()
  } catch (error) {
    if (error instanceof AwsError) return error
    throw error
  }
}

function askedOf(context: AnswerContext, request: WireRequest, claim: Claim | AwsError): Asked {
  return askedInJson(context, request, claim) ?? askedInQuery(context, request, claim)
}

function askedInQuery({ world }: AnswerContext, request: WireRequest, claim: Claim | AwsError): Asked {
  const params = new URLSearchParams(request.body.toString('utf8'))
  const service = serviceOf(claim, params)
  const action = params.get('Action') ?? ''
  return {
    service,
    action,
    params: publicParams(params),
    type: 'text/xml',
    act(caller, call) {
      const changed = (keyId: string) => (call.changed = keyId)
      const result = act(service, action, { world, caller, params, changed })
      return replyXml(service, action, result ?? undefined, call.requestId)
    },
    refusal: (error, requestId) => ({ error, body: errorXml(service, error, requestId) }),
  }
}

function askedInJson(
  { world, calls }: AnswerContext,
  request: WireRequest,
  claim: Claim | AwsError,
): Asked | undefined {
  const asked = jsonCallOf(request)
  if (!asked) return undefined
  const { action, input } = asked
  return {
    service: 'cloudtrail',
    action,
    params: jsonParams(input),
    type: jsonType,
    act(caller) {
      if (action !== 'LookupEvents') throw new AwsError(400, 'UnknownOperationException', '')
      if (input === undefined) throw new AwsError(400, 'SerializationException', '')
      const region = claim instanceof AwsError ? '' : claim.region
      return JSON.stringify(lookupEvents({ world, caller, region, input, calls }))
    },
    refusal(failure) {
      const error = jsonError(failure)
      return { error, body: jsonErrorBody(error) }
    },
  }
}

/** The signing scope tells; without one, the API version does. */
function serviceOf(claim: Claim | AwsError, params: URLSearchParams): 'iam' | 'sts' {
  if (!(claim instanceof AwsError)) return claim.service === 'sts' ? 'sts' : 'iam'
  return params.get('Version') === '2011-06-15' ? 'sts' : 'iam'
}

function describe(
  { world, calls }: AnswerContext,
  request: WireRequest,
  { service, action, params }: Asked,
  claim: Claim | AwsError,
): Call {
  const signed = claim instanceof AwsError ? undefined : claim
  const session = world.accounts.flatMap(({ sessions }) => sessions).find(({ id }) => id === signed?.keyId)
  const user = signed && (session?.user ?? ownerOf(world.accounts, signed.keyId)?.user)
  return {
    number: (calls.at(-1)?.number ?? 0) + 1,
    requestId: randomUUID(),
    service,
    action,
    host: request.headers['host'] ?? '',
    agent: request.headers['user-agent'] ?? '',
    params,
    at: world.now(),
    outcome: 'pending',
    acted: false,
    ...(signed ? { keyId: signed.keyId, region: signed.region } : {}),
    ...(user ? { user: user.name, account: user.account.id } : {}),
  }
}

function latencyOf({ behaviour: { latency }, random }: World): number {
  if (typeof latency === 'number') return latency
  const [min, max] = latency
  return min + random() * (max - min)
}
