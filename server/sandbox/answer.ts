import { randomUUID } from 'node:crypto'
import { act } from './actions.ts'
import { authenticate } from './authenticate.ts'
import { AwsError, throttled } from './awsError.ts'
import type { Call } from './call.ts'
import { publicParams } from './call.ts'
import type { Control } from './control.ts'
import { errorOf } from './faults.ts'
import type { Faults } from './faults.ts'
import { ownerOf } from './model.ts'
import { readClaim } from './signature.ts'
import type { Claim, WireRequest } from './signature.ts'
import type { World } from './world.ts'
import { errorXml, replyXml } from './xml.ts'

export interface Answer {
  readonly status: number
  readonly requestId: string
  readonly body: string
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

/** One call of the Query protocol, from wire to wire: logged, delayed, struck by faults, authenticated, acted on. */
export async function answer(context: AnswerContext, request: WireRequest): Promise<Answer> {
  const { world, control, faults, calls } = context
  const params = new URLSearchParams(request.body.toString('utf8'))
  const claim = attempt(() => readClaim(request))
  const service = serviceOf(claim, params)
  const call = describe(context, request, params, service, claim)
  calls.push(call)
  if (calls.length > remembered) calls.splice(0, calls.length - remembered)
  const { requestId } = call
  const fail = (error: AwsError): Answer => {
    call.outcome = error.code
    return { status: error.status, requestId, body: errorXml(service, error, requestId) }
  }

  await context.sleep(latencyOf(world))
  await control.tell(call, 'before')
  const struck = faults.strike(call)
  for (const { effect, released } of struck) {
    if (effect.kind === 'delay') await context.sleep(effect.ms)
    if (effect.kind === 'hold-before') await released
  }
  const before = struck.find(({ effect }) =>
    ['drop-before', 'error-before', 'throttle'].includes(effect.kind),
  )
  if (before?.effect.kind === 'drop-before') {
    call.outcome = 'dropped-before'
    return { status: 0, requestId, body: '', lost: 'drop' }
  }
  if (before) return fail(errorOf(before.effect))
  if (world.throttles(world.accounts.find(({ id }) => id === call.account))) return fail(throttled())

  let reply: Answer
  try {
    if (claim instanceof AwsError) throw claim
    const caller = await authenticate(world, service, claim, request)
    let result: ReturnType<typeof act>
    try {
      result = act(service, call.action, {
        world,
        caller,
        params,
        changed: (keyId) => (call.changed = keyId),
      })
    } finally {
      caller.recordUse?.()
    }
    call.acted = true
    call.outcome = 'ok'
    reply = { status: 200, requestId, body: replyXml(service, call.action, result ?? undefined, requestId) }
  } catch (error) {
    if (!(error instanceof AwsError)) throw error
    reply = fail(error)
  }

  await control.tell(call, 'after')
  for (const { effect, released } of struck) if (effect.kind === 'hold-after') await released
  const after = struck.find(({ effect }) =>
    ['drop-after', 'cut', 'error-after'].includes(effect.kind),
  )?.effect
  if (!after) return reply
  if (after.kind === 'error-after') return fail(errorOf(after))
  call.outcome = after.kind === 'cut' ? 'cut' : 'dropped-after'
  return { ...reply, lost: after.kind === 'cut' ? 'cut' : 'drop' }
}

function attempt(read: () => Claim): Claim | AwsError {
  try {
    return read()
  } catch (error) {
    if (error instanceof AwsError) return error
    throw error
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
  params: URLSearchParams,
  service: 'iam' | 'sts',
  claim: Claim | AwsError,
): Call {
  const signed = claim instanceof AwsError ? undefined : claim
  const session = world.accounts.flatMap(({ sessions }) => sessions).find(({ id }) => id === signed?.keyId)
  const user = signed && (session?.user ?? ownerOf(world.accounts, signed.keyId)?.user)
  return {
    number: (calls.at(-1)?.number ?? 0) + 1,
    requestId: randomUUID(),
    service,
    action: params.get('Action') ?? '',
    host: request.headers['host'] ?? '',
    params: publicParams(params),
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
