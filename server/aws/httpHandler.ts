import fs from 'node:fs/promises'
import { Agent as HttpAgent } from 'node:http'
import type { ClientRequest } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { rootCertificates } from 'node:tls'
import { HttpRequest, HttpResponse } from '@smithy/core/protocols'
import { HttpsProxyAgent } from 'https-proxy-agent'
import { Failure } from '../platform/failure.ts'
import { authorOf, ForeignAnswer } from './failures/authors.ts'
import type { Environment } from './endpoints.ts'
import { exchange, Unanswered } from './exchange.ts'
import type { Answer, Waits } from './exchange.ts'
import { proxyFor } from './proxies.ts'

/** In milliseconds. `idle`: how long an unused connection is kept; shorter than AWS keeps it, so that none is stale. */
export interface Timeouts extends Waits {
  readonly idle: number
}

const defaultTimeouts: Timeouts = { connect: 10_000, answer: 30_000, idle: 4_000 }
interface HandlerOptions {
  /** Node's own: the SDK passes on what it was given. */
  readonly abortSignal?: unknown
}
type Authorities = string[] | undefined

/**
 * The one HTTP handler of all clients: connections are kept alive and shared, every wait has an end, and the proxies and
 * authorities that the environment names are honoured, which the SDK by itself does not do.
 *
 * AWS_CA_BUNDLE, else the profile's `ca_bundle`, else REQUESTS_CA_BUNDLE stands in for the usual authorities, as in the
 * AWS CLI; NODE_EXTRA_CA_CERTS adds to either.
 */
export class AwsHttpHandler {
  readonly metadata = { handlerProtocol: 'http/1.1' }
  readonly #env: Environment
  readonly #timeouts: Timeouts
  readonly #caBundle: string
  readonly #tunnels = new Map<string, TunnelAgent>()
  #authorities: Promise<Authorities> | undefined
  #direct: { readonly http: HttpAgent; readonly https: HttpsAgent } | undefined

  /** @param caBundle the profile's; empty: none */
  constructor(env: Environment, timeouts: Partial<Timeouts> = {}, caBundle = '') {
    this.#caBundle = caBundle
    this.#env = env
    this.#timeouts = { ...defaultTimeouts, ...timeouts }
  }

  /**
   * Hands on what is AWS's answer, and nothing else.
   * @throws Failure `proxy-invalid`, `ca-bundle-unreadable`; Unanswered; ForeignAnswer
   */
  async handle(
    request: HttpRequest,
    { abortSignal }: HandlerOptions = {},
  ): Promise<{ response: HttpResponse }> {
    const signal = abortSignal instanceof AbortSignal ? abortSignal : undefined
    const answer = await this.#exchanged(request, signal)
    const author = authorOf(answer)
    if (author !== 'AWS') throw new ForeignAnswer(author, answer.status)
    const { status: statusCode, headers, body } = answer
    return { response: new HttpResponse({ statusCode, headers, body }) }
  }

  async #exchanged(request: HttpRequest, signal: AbortSignal | undefined): Promise<Answer> {
    const authority = `${bracketed(request.hostname)}${request.port ? `:${request.port}` : ''}`
    const proxy = proxyFor(new URL(`${request.protocol}//${authority}`), this.#env)
    const ca = await this.#trusted()
    const direct = this.#open(ca)
    if (request.protocol === 'https:')
      return exchange(request, proxy ? this.#tunnel(proxy, ca) : direct.https, this.#timeouts, signal)
    if (!proxy) return exchange(request, direct.http, this.#timeouts, signal)
    // Plain http through a proxy: the whole address in the request line (RFC 9112, 3.2.2); the signed Host stays.
    const forwarded = new HttpRequest({
      ...request,
      protocol: proxy.protocol,
      hostname: proxy.hostname,
      ...(proxy.port ? { port: Number(proxy.port) } : { port: undefined }),
      headers: { ...request.headers, ...proxyAuthorization(proxy) },
    })
    // Not by the constructor, which puts a slash before it.
    forwarded.path = `http://${authority}${request.path}`
    const agent = proxy.protocol === 'https:' ? direct.https : direct.http
    return exchange(forwarded, agent, this.#timeouts, signal)
  }

  /** Closes what is open; a later call opens anew. */
  destroy(): void {
    this.#direct?.http.destroy()
    this.#direct?.https.destroy()
    for (const tunnel of this.#tunnels.values()) tunnel.destroy()
    this.#direct = undefined
    this.#tunnels.clear()
  }

  /** The SDK would set a socket timeout of its own here; ours are set. */
  updateHttpClientConfig(): void {}

  httpHandlerConfigs(): Record<string, never> {
    return {}
  }

  #open(ca: Authorities) {
    const agent = { keepAlive: true, timeout: this.#timeouts.idle }
    this.#direct ??= {
      http: new HttpAgent(agent),
      https: new HttpsAgent({ ...agent, ...(ca && { ca }) }),
    }
    return this.#direct
  }

  #tunnel(proxy: URL, ca: Authorities): TunnelAgent {
    let tunnel = this.#tunnels.get(proxy.href)
    if (!tunnel) this.#tunnels.set(proxy.href, (tunnel = new TunnelAgent(proxy, ca, this.#timeouts.idle)))
    return tunnel
  }

  #trusted(): Promise<Authorities> {
    this.#authorities ??= readAuthorities(this.#env, this.#caBundle).catch((error: unknown) => {
      // Read again at the next call: the person may put the file right meanwhile.
      this.#authorities = undefined
      throw error
    })
    return this.#authorities
  }
}

async function readAuthorities(env: Environment, caBundle: string): Promise<Authorities> {
  const [source, bundle] = [
    ['AWS_CA_BUNDLE', env.AWS_CA_BUNDLE] as const,
    ["The profile's ca_bundle", caBundle] as const,
    ['REQUESTS_CA_BUNDLE', env.REQUESTS_CA_BUNDLE] as const,
  ].find(([, path]) => path) ?? ['', undefined]
  const extra = env.NODE_EXTRA_CA_CERTS
  if (!bundle && !extra) return undefined
  // Node reads NODE_EXTRA_CA_CERTS for its own default list alone, and says nothing when it cannot.
  const added = extra ? [await fs.readFile(extra, 'utf8').catch(() => '')] : []
  if (!bundle) return [...rootCertificates, ...added]
  try {
    return [await fs.readFile(bundle, 'utf8'), ...added]
  } catch (cause) {
    throw new Failure(
      {
        name: 'ca-bundle-unreadable',
        title: 'The certificate bundle cannot be read',
        detail: `${source} names ${bundle}, which cannot be read, so nothing was sent.`,
        remedy:
          'Correct the path or remove the setting, then try again; a variable is read when Keyturn starts.',
      },
      { cause },
    )
  }
}

/** Tunnels through a proxy by CONNECT, and says so when it is the proxy that fails. */
class TunnelAgent extends HttpsProxyAgent<string> {
  readonly #ca: Authorities

  constructor(proxy: URL, ca: Authorities, idle: number) {
    super(proxy, { keepAlive: true, ...(ca && { ca }) })
    this.#ca = ca
    this.options = { ...this.options, timeout: idle }
  }

  /** Else told from the call stack, which differs when a connection comes back: it would never be used again. */
  override isSecureEndpoint(): boolean {
    return true
  }

  override async connect(
    req: ClientRequest,
    opts: Parameters<HttpsProxyAgent<string>['connect']>[1],
  ): ReturnType<HttpsProxyAgent<string>['connect']> {
    let answered = false
    req.once('proxyConnect', (reply: { statusCode: number }) => {
      answered = true
      // Else the proxy's refusal would be read as if it were AWS's reply.
      if (reply.statusCode !== 200)
        req.destroy(new Unanswered('proxy-refused', false, `status ${reply.statusCode}`))
    })
    try {
      return await super.connect(req, { ...opts, ...(this.#ca && { ca: this.#ca }) } as typeof opts)
    } catch (error) {
      throw answered
        ? error
        : new Unanswered('proxy-unreachable', false, (error as NodeJS.ErrnoException).code)
    }
  }
}

function proxyAuthorization(proxy: URL): Record<string, string> {
  if (!proxy.username && !proxy.password) return {}
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` }
}

function bracketed(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}
