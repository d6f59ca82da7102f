import { BlockList, isIP } from 'node:net'
import { Failure } from '../platform/failure.ts'
import type { Environment } from './endpoints.ts'

/**
 * The proxy that the environment names for a URL; undefined: straight. As the AWS CLI and curl read it: HTTPS_PROXY for
 * https, HTTP_PROXY for http, NO_PROXY for exceptions, the lower-case name first. A loopback address never goes through a proxy: it
 * would be the proxy's own.
 *
 * @throws Failure `proxy-invalid`
 */
export function proxyFor(url: URL, env: Environment): URL | undefined {
  const name = url.protocol === 'https:' ? 'https_proxy' : 'http_proxy'
  const value = (env[name] || env[name.toUpperCase()])?.trim()
  if (!value || isLoopback(url) || isExcepted(url, env.no_proxy || env.NO_PROXY || '')) return undefined
  const text = value.includes('://') ? value : `http://${value}`
  const proxy = URL.canParse(text) ? new URL(text) : undefined
  if (!proxy?.hostname || !/^https?:$/.test(proxy.protocol)) {
    const socks = proxy?.protocol.startsWith('socks')
    // The value itself stays unsaid: it may hold a password.
    throw new Failure({
      name: 'proxy-invalid',
      title: socks ? 'SOCKS proxies are not supported' : 'The proxy setting cannot be used',
      detail: `${name.toUpperCase()} ${socks ? 'names a SOCKS proxy' : 'does not name an http or https proxy'}, so nothing was sent.`,
      remedy: socks
        ? 'Name an HTTP proxy as http://host:port (most programs that offer SOCKS offer one beside it), and start Keyturn again.'
        : 'Write it as http://host:port and start Keyturn again.',
    })
  }
  return proxy
}

function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
}

function isLoopback(url: URL): boolean {
  const host = bareHost(url)
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** Entries of NO_PROXY: `*`, a name (with all names under it), `.suffix`, `name:port`, an address, a block such as 10.0.0.0/8. */
function isExcepted(url: URL, list: string): boolean {
  const host = bareHost(url)
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true
      if (entry.includes('/')) return isInBlock(host, entry)
      const [, name = '', only] = /^(\[?[^\]]*?\]?)(?::(\d+))?$/.exec(entry) ?? []
      if (isIP(entry)) return host === entry.toLowerCase()
      if (only !== undefined && only !== port) return false
      const wanted = name
        .replace(/^\[|\]$/g, '')
        .replace(/^\*?\./, '')
        .toLowerCase()
      return wanted !== '' && (host === wanted || (!isIP(host) && host.endsWith(`.${wanted}`)))
    })
}

function isInBlock(host: string, block: string): boolean {
  const [network = '', bits = ''] = block.split('/')
  const family = isIP(network)
  const prefix = Number(bits)
  if (!family || isIP(host) !== family || !/^\d+$/.test(bits) || prefix > (family === 4 ? 32 : 128))
    return false
  const kind = family === 4 ? 'ipv4' : 'ipv6'
  const list = new BlockList()
  list.addSubnet(network, prefix, kind)
  return list.check(host, kind)
}
