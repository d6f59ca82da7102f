import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { Terminal } from './terminal.ts'

function terminalOn(env: Record<string, string>, part: { tty: boolean; json?: boolean }) {
  const stream = () => Object.assign(new PassThrough(), { isTTY: part.tty })
  const streams = { stdin: stream(), stdout: stream(), stderr: stream(), env }
  return { terminal: new Terminal(streams, part.json ? 'json' : 'words'), streams }
}

const textOf = (stream: PassThrough) => String((stream.read() as Buffer | null) ?? '')

describe('Terminal', () => {
  it('keeps standard output for one JSON document', () => {
    const { terminal, streams } = terminalOn({}, { tty: false, json: true })
    terminal.print('in words')
    terminal.say('meanwhile')
    terminal.document({ exitCode: 0 })
    expect(JSON.parse(textOf(streams.stdout))).toEqual({ exitCode: 0 })
    expect(textOf(streams.stderr)).toBe('in words\nmeanwhile\n')
  })

  it('names commands in a document as they are typed here', () => {
    const stream = () => new PassThrough()
    const streams = { stdin: stream(), stdout: stream(), stderr: stream(), env: {} }
    const here = { program: 'npm start --', given: '--state-dir /s' }
    new Terminal(streams, 'json', here).document({
      problem: { remedy: 'Look: keyturn status', detail: 'keyturn status' },
    })
    expect(JSON.parse(textOf(streams.stdout))).toEqual({
      problem: { remedy: 'Look: npm start -- status --state-dir /s', detail: 'keyturn status' },
    })
  })

  it('wraps and colours what a terminal shows, each stream by itself', () => {
    const stdout = Object.assign(new PassThrough(), { isTTY: true, columns: 30 })
    const streams = { stdin: new PassThrough(), stdout, stderr: new PassThrough(), env: {} }
    const terminal = new Terminal(streams, 'words')
    terminal.print(`  [prod]  ****AAAA  ${'word '.repeat(8).trim()}`)
    terminal.say(`  [prod]  ****AAAA  ${'word '.repeat(8).trim()}`)
    expect(textOf(stdout)).toContain('\u001b[1m[prod]\u001b[22m')
    expect(textOf(streams.stderr).split('\n')).toHaveLength(2)
  })

  it('prints no document where none was asked for', () => {
    const { terminal, streams } = terminalOn({}, { tty: false })
    terminal.print('in words')
    terminal.document({ exitCode: 0 })
    expect(textOf(streams.stdout)).toBe('in words\n')
  })

  it.each([
    [{ LANG: 'de_DE.UTF-8' }, true, ['█', true, true]],
    [{ LANG: 'C' }, true, ['#', true, true]],
    [{ LC_ALL: 'C', LANG: 'de_DE.UTF-8' }, true, ['#', true, true]],
    [{ NO_COLOR: '1' }, true, ['#', true, false]],
    [{ NO_COLOR: '' }, true, ['#', true, true]],
    [{ TERM: 'dumb' }, true, ['#', false, false]],
    [{}, false, ['#', false, false]],
  ])('draws as %j and a terminal (%s) allow', (env, tty, [bar, draws, colours]) => {
    const { terminal } = terminalOn(env as Record<string, string>, { tty })
    const coloured = terminal.colour('good', 'x') !== 'x'
    expect([terminal.bar.full, terminal.draws, coloured]).toEqual([bar, draws, colours])
  })

  it('gives the line that was typed, and nothing at the end of the input', async () => {
    const { terminal, streams } = terminalOn({}, { tty: true })
    const never = new AbortController().signal
    const answer = terminal.ask('Go on? ', never, () => undefined)
    streams.stdin.write('yes\r')
    expect(await answer).toBe('yes')
    const none = terminal.ask('Go on? ', never, () => undefined)
    streams.stdin.end()
    expect(await none).toBeUndefined()
    expect(await terminal.ask('Go on? ', AbortSignal.abort(), () => undefined)).toBeUndefined()
  })
})
