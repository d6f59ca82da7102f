import { describe, expect, it } from 'vitest'
import { proxyFor } from './proxies.ts'

const iam = new URL('https://iam.amazonaws.com')
const proxy = 'http://proxy:3128/'

describe('proxyFor', () => {
  it.each<[string, string, Record<string, string>, string | undefined]>([
    ['https by HTTPS_PROXY', 'https://iam.amazonaws.com', { HTTPS_PROXY: 'http://proxy:3128' }, proxy],
    ['https by https_proxy', 'https://iam.amazonaws.com', { https_proxy: 'http://proxy:3128' }, proxy],
    [
      'the lower-case name first',
      'https://x.test',
      { https_proxy: 'http://proxy:3128', HTTPS_PROXY: 'http://b' },
      proxy,
    ],
    ['a value without a scheme', 'https://x.test', { HTTPS_PROXY: 'proxy:3128' }, proxy],
    ['http by HTTP_PROXY', 'http://x.test', { HTTP_PROXY: 'http://proxy:3128' }, proxy],
    ['https not by HTTP_PROXY', 'https://x.test', { HTTP_PROXY: 'http://proxy:3128' }, undefined],
    ['nothing set', 'https://x.test', {}, undefined],
    ['an empty setting', 'https://x.test', { HTTPS_PROXY: ' ' }, undefined],
    ['localhost', 'https://localhost:1', { HTTPS_PROXY: 'http://proxy' }, undefined],
    ['127.0.0.2', 'https://127.0.0.2', { HTTPS_PROXY: 'http://proxy' }, undefined],
    ['[::1]', 'https://[::1]:1', { HTTPS_PROXY: 'http://proxy' }, undefined],
  ])('%s', (_, url, env, wanted) => {
    expect(proxyFor(new URL(url), env)?.href).toBe(wanted)
  })

  it.each([
    ['*', true],
    ['iam.amazonaws.com', true],
    ['IAM.AMAZONAWS.COM', true],
    ['amazonaws.com', true],
    ['.amazonaws.com', true],
    ['*.amazonaws.com', true],
    ['localhost, .amazonaws.com', true],
    ['a b amazonaws.com', true],
    ['iam.amazonaws.com:443', true],
    ['iam.amazonaws.com:8443', false],
    ['aws.com', false],
    ['iam', false],
    [',,', false],
    ['', false],
    ['10.0.0.0/8', false],
  ])('NO_PROXY=%j lets iam.amazonaws.com go straight: %s', (list, straight) => {
    expect(proxyFor(iam, { HTTPS_PROXY: proxy, NO_PROXY: list }) === undefined).toBe(straight)
    expect(proxyFor(iam, { HTTPS_PROXY: proxy, no_proxy: list }) === undefined).toBe(straight)
  })

  it.each([
    ['10.1.2.3', '10.0.0.0/8', true],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3', '10.1.2.3:8443', false],
    ['11.1.2.3', '10.0.0.0/8', false],
    ['110.1.2.3', '10.1.2.3', false],
    ['10.1.2.3', '10.0.0.0/99', false],
    ['[fd00::1]', 'fd00::/8', true],
    ['[fd00::1]', 'fd00::1', true],
    ['[fe00::1]', 'fd00::/8', false],
  ])('address %s with NO_PROXY=%s: %s', (host, list, straight) => {
    const url = new URL(`https://${host}`)
    expect(proxyFor(url, { HTTPS_PROXY: proxy, NO_PROXY: list }) === undefined).toBe(straight)
  })

  it('does not say a setting that it refuses: it may hold a password', () => {
    const call = () => proxyFor(iam, { HTTPS_PROXY: 'socks5://user:canary@proxy' })
    expect(call).toThrow(/names a SOCKS proxy, so nothing was sent/)
    expect(() => proxyFor(iam, { HTTPS_PROXY: 'ftp://proxy' })).toThrow(/does not name an http/)
    expect(call).not.toThrow(/canary/)
  })
})
