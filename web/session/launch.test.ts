import { describe, expect, it } from 'vitest'
import { placeOf } from '../route.svelte.ts'
import { otherPageInPaste, secretIn, secretInPaste } from './launch.ts'

const secret = '8gkpSiKoUcOMvPic_1F_s2DuIUZlTpcLahGWmZNVT0U'

describe('secretIn', () => {
  it.each([
    [`#${secret}`, secret],
    ['#/keys', undefined],
    [`#/run/${secret}`, undefined],
    ['#', undefined],
    ['', undefined],
    ['#main', undefined],
  ])('%s', (hash, found) => expect(secretIn(hash)).toBe(found))

  it.each([
    [`Keyturn is ready: http://127.0.0.1:7420/#${secret}\n`, secret],
    [` ${secret} `, secret],
    [`http://127.0.0.1:7420/#${secret} and more`, secret],
    ['http://127.0.0.1:7420/', undefined],
    ['http://127.0.0.1:7420/#/keys', undefined],
  ])('in what was pasted: %s', (text, found) => expect(secretInPaste(text)).toBe(found))
})

describe('otherPageInPaste', () => {
  const link = `http://127.0.0.1:50123/0123456789_-abcdefABCD/#${secret}`
  it.each([
    [`Keyturn is ready: ${link}\n`, 'http://127.0.0.1:50124/0123456789_-abcdefABCD/#/keys', link],
    [link, 'http://127.0.0.1:50123/x123456789_-abcdefABCD/', link],
    [link, 'http://127.0.0.1:50123/0123456789_-abcdefABCD/#/keys', undefined],
    [secret, 'http://127.0.0.1:50124/0123456789_-abcdefABCD/', undefined],
    [link.replace('127.0.0.1', 'evil.test'), 'http://127.0.0.1:50124/0123456789_-abcdefABCD/', undefined],
    [`javascript:alert(1)//#${secret}`, 'http://127.0.0.1:50124/0123456789_-abcdefABCD/', undefined],
  ])('%s at %s', (text, here, found) => expect(otherPageInPaste(text, here)).toBe(found))
})

describe('placeOf', () => {
  it.each([
    ['', { screen: 'keys' }],
    ['#/run/a%2Fb', { screen: 'run', id: 'a/b' }],
    ['#/run/%', { screen: 'run', id: '%' }],
    ['#/run', { screen: 'keys' }],
    ['#/nowhere', { screen: 'keys' }],
    ['#/old-keys', { screen: 'old-keys', id: undefined }],
  ])('%s', (hash, place) => expect(placeOf(hash)).toEqual(place))
})
