import { describe, expect, it } from 'vitest'
import { eachHint, givenWords, hint, hinted, withInvocation } from './hints.ts'
import { parseOptions } from './options.ts'
import { shellWords } from './shellWords.ts'

const plain = (text: string) => eachHint(text, (command) => `<${command}>`)

describe('hints', () => {
  it.each([
    ['Finish it first: keyturn recover', 'Finish it first: <keyturn recover>'],
    ['keyturn status lists the runs.', '<keyturn status> lists the runs.'],
    ['Stop it, and run keyturn --recover.', 'Stop it, and run <keyturn --recover>.'],
    ['See keyturn old --delete quiet, then go on', 'See <keyturn old --delete quiet>, then go on'],
    ['Name one: keyturn trail AKIA…', 'Name one: <keyturn trail AKIA…>'],
    [
      'Say keyturn after --profile NAME, or keyturn find',
      'Say <keyturn after --profile NAME>, or <keyturn find>',
    ],
    ['[keyturn status] holds it', '[keyturn status] holds it'],
    ['keyturn in 123456789012', 'keyturn in 123456789012'],
    ['in ~/.local/state/keyturn status', 'in ~/.local/state/keyturn status'],
  ])('are found in %j', (text, found) => {
    expect(plain(hinted(text))).toBe(found)
  })

  it('are typed as this process was started, with the given options', () => {
    const npm = { program: 'npm start --', given: '--state-dir /s' }
    expect(plain(withInvocation(`To undo: ${hint('keyturn undo R')}.`, npm))).toBe(
      'To undo: <npm start -- undo R --state-dir /s>.',
    )
    expect(plain(withInvocation(hint('keyturn'), { program: 'npm start --', given: '' }))).toBe('<npm start>')
  })

  it('say which files, which state and which AWS', () => {
    const argv = [
      'status',
      '--credentials-file',
      "it's mine",
      '--endpoint-url',
      'http://127.0.0.1:5000/?a&b',
      '--state-dir',
      '/s t',
    ]
    const parsed = parseOptions(argv)
    if (parsed.kind !== 'run') throw new Error(parsed.kind)
    expect(shellWords(givenWords(parsed.options, '/home/me'), 'linux')).toBe(
      "--credentials-file '/home/me/it'\\''s mine' --state-dir '/s t' --endpoint-url 'http://127.0.0.1:5000/?a&b'",
    )
    expect(givenWords({ demo: true, stateDir: '~/s' }, '/')).toEqual(['--state-dir', '~/s', '--demo'])
  })

  it.each([
    ['win32', 'C:\\Program Files\\node.exe', '"C:\\Program Files\\node.exe"'],
    ['win32', 'C:\\k\\main.js', 'C:\\k\\main.js'],
    ['linux', '$HOME/~x', "'$HOME/~x'"],
    ['linux', '', "''"],
  ] as const)('are quoted for the shell of %s: %s', (platform, word, quoted) => {
    expect(shellWords([word], platform)).toBe(quoted)
  })
})
