import { describe, expect, it } from 'vitest'
import { placeOf } from '../route.svelte.ts'
import { secretIn, secretInPaste } from './launch.ts'

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
