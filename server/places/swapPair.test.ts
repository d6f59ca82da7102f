import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Secret } from '../profiles/keyPair.ts'
import { swapPair } from './swapPair.ts'

const pair = (id: string, secret: string) => ({ id, secret: new Secret(secret) })
const old = pair('AKIAIOSFODNN7EXAMPL2', 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY')
const next = pair('AKIAI44QH8DHBEXAMPLE', 'je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY')
const [id, secret] = [old.id, old.secret.reveal()]
const [newId, newSecret] = [next.id, next.secret.reveal()]

const swapped = (text: string | Buffer) => {
  const result = swapPair(Buffer.from(text as string), old, next)
  return result.why ?? result.bytes.toString()
}

describe('a pair in the place of another', () => {
  it.each([
    ['INI', `[default]\naccess_key = ${id}\nsecret_key = ${secret}\n`],
    ['dotenv, CRLF', `# x\r\nA=${id}\r\nB='${secret}'\r\n`],
    ['JSON', JSON.stringify({ a: { accessKey: id, secretKey: secret, n: 1 } })],
    ['YAML', `a:\n  aws_access_key_id: ${id}\n  aws_secret_access_key: "${secret}" # mine\n`],
    ['HCL', `provider "aws" {\n  access_key = "${id}"\n  secret_key = "${secret}"\n}`],
    ['XML', `<env name="A" value="${id}"/><v>${secret}</v>`],
    ['s3fs', `bucket:${id}:${secret}`],
    ['shell', `export A=${id}; export B=${secret}; run`],
    ['twice, with other letters round it', `é ${id} ${secret}\nü ${id} ${secret}`],
  ])('%s: changes those bytes alone', (_, text) => {
    expect(swapped(text)).toBe(text.replaceAll(id, newId).replaceAll(secret, newSecret))
  })

  it('says on which lines what changes', () => {
    const result = swapPair(Buffer.from(`\n${id} ${secret}\n\nA=${id}\nB=${secret}`), old, next)
    expect('lines' in result && result.lines).toEqual([
      { line: 2, what: 'id and secret' },
      { line: 4, what: 'id' },
      { line: 5, what: 'secret' },
    ])
  })

  it.each([
    ['the id alone', `A=${id}`, 'Only the id'],
    ['the secret alone', `A=${secret}`, 'without its id'],
    ['more ids than secrets', `${id} ${id} ${secret}`, 'not clear which'],
    ['a part of something longer', `${id} (${secret})`, 'part of something longer'],
    ['after a backslash', `"\\${id}" ${secret}`, 'part of something longer'],
    ['beside a percent sign', `${id} ${secret}%0A`, 'part of something longer'],
    ['in a URL', `s3://${id}:${secret}@bucket/x`, 'inside a URL'],
    ['encoded beside it', `${id} ${secret}\n${Buffer.from(secret).toString('base64')}`, 'encoded'],
    ['UTF-16', Buffer.from(`\ufeff${id} ${secret}`, 'utf16le'), 'not plain UTF-8'],
    ['a zero', `${id} ${secret}\0`, 'not plain UTF-8'],
    ['no UTF-8', Buffer.concat([Buffer.from(`${id} ${secret} `), Buffer.from([0xe9])]), 'not plain UTF-8'],
    ['more than a megabyte', `${id} ${secret} ${'x'.repeat(1_048_576)}`, 'larger than 1 MiB'],
  ])('leaves it where it is not safe: %s', (_, text, why) => {
    expect(swapped(text)).toContain(why)
  })

  it('leaves it where the new pair is of another length or needs quotes', () => {
    const text = Buffer.from(`${id} ${secret}`)
    for (const to of [
      pair(`${newId}X`, newSecret),
      pair(newId, `${newSecret}X`),
      pair(newId, newSecret.replace('j', '$')),
    ])
      expect(swapPair(text, old, to).why).toContain('not written as the old one is')
  })

  it('put back, gives the very bytes that were there, whatever stands round it', () => {
    const part = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(id, secret, newId, newSecret, '\n', '"', '=', ' ', '\r\n', 'x://', '@', '\\'),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 20 }), (parts) => {
        const before = Buffer.from(parts.join(''))
        const there = swapPair(before, old, next)
        if (there.why !== undefined) return
        expect(there.bytes.length).toBe(before.length)
        expect(there.bytes.includes(id)).toBe(false)
        // Where the new pair stood there before, it is no longer clear which was which.
        if (before.includes(newId) || before.includes(newSecret)) return
        const back = swapPair(there.bytes, next, old)
        expect(back.why === undefined && back.bytes.equals(before)).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })
})
