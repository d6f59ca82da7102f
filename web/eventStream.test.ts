import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { eventParser } from './eventStream.ts'

const all = (text: string): unknown[] => eventParser()(text)

describe('eventParser', () => {
  it.each([
    [
      'a named event with an id',
      'id: 7\nevent: key\ndata: {"a":1}\n\n',
      [{ id: '7', name: 'key', data: '{"a":1}' }],
    ],
    ['the default name', 'data: x\n\n', [{ name: 'message', data: 'x' }]],
    ['several data lines', 'data: a\ndata: b\n\n', [{ name: 'message', data: 'a\nb' }]],
    ['one space after the colon, and no more, is dropped', 'data:  a\n\n', [{ name: 'message', data: ' a' }]],
    ['no colon', 'data\n\n', [{ name: 'message', data: '' }]],
    ['heartbeats', ': still here\n\n: and here\n\n', []],
    ['a name without data', 'event: key\n\ndata: x\n\n', [{ name: 'message', data: 'x' }]],
    [
      'an id that stays',
      'id: 1\ndata: a\n\ndata: b\n\n',
      [
        { id: '1', name: 'message', data: 'a' },
        { id: '1', name: 'message', data: 'b' },
      ],
    ],
    [
      'CRLF and CR',
      'data: a\r\n\r\ndata: b\r\rdata: c\n\n',
      [
        { name: 'message', data: 'a' },
        { name: 'message', data: 'b' },
        { name: 'message', data: 'c' },
      ],
    ],
    ['a byte order mark', '\uFEFFdata: a\n\n', [{ name: 'message', data: 'a' }]],
    ['an unfinished event', 'data: a\n\ndata: b\n', [{ name: 'message', data: 'a' }]],
    ['an unknown field', 'retry: 3\ndata: a\n\n', [{ name: 'message', data: 'a' }]],
  ])('reads %s', (_, text, events) => {
    expect(all(text)).toEqual(events)
  })

  it('reads the same however the stream is cut', () => {
    const piece = fc.constantFrom(
      'data: a',
      'data:b',
      ': c',
      'event: key',
      'id: 4',
      'data',
      '\n',
      '\n\n',
      '\r\n',
      '\r',
      '\r\n\r\n',
    )
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 40 }),
        fc.array(fc.nat(60), { maxLength: 20 }),
        (pieces, cuts) => {
          // A CR at the end is held back until what follows is known; a letter settles it for both.
          const text = pieces.join('') + '\nx'
          const at = [
            ...new Set([0, ...cuts.filter((cut) => cut < text.length).sort((a, b) => a - b), text.length]),
          ]
          const parse = eventParser()
          const cut = at.slice(1).flatMap((end, n) => parse(text.slice(at[n], end)))
          expect(cut).toEqual(all(text))
        },
      ),
    )
  })
})
