import { describe, expect, it } from 'vitest'
import { IniDocument } from '../ini/document.ts'
import { strictAbout, strictReaders } from './strictReaders.ts'

const id = 'aws_access_key_id = AKIAIOSFODNN7EXAMPLE\n'
const secret = 'aws_secret_access_key = wJalrXUtnFEMI\n'
const pair = id + secret
const look = (text: string, which: 'credentials' | 'config' = 'credentials') =>
  strictReaders(IniDocument.parse(Buffer.from(text)), which).map(({ kind, line, readers, header }) =>
    [kind, line, header ?? 'all', readers.join(' ')].join(', '),
  )
const all = 'Java 2 Rust C++ CRT'

describe('nothing is said', () => {
  it.each([
    `[a]\n${pair}`,
    `[a]\r\n${pair.replaceAll('\n', '\r\n')}`,
    `# c\n;d\n\n[aZ0_-./%@:+]\n${secret}${id}`,
    `[a]\n${pair}s3 =\n  x = y\n\n  z = w # c\n[b]\n`,
    `[a]\n${pair}k = v\n  more\n  # c\n`,
    `[a] # c\n${pair}[b];x\nk = v # c\n`,
    `[a]\n \t\n${id}  \n${secret}`,
    `[a]\n${pair.replaceAll(' =', '\t=\t')}key with blank = x\n`,
  ])('of %j', (text) => expect(look(text)).toEqual([]))

  it('of the config file as it is meant', () => {
    expect(
      look(
        `[default]\n${pair}[profile a]\n${pair}[sso-session x]\ny =\n  z = 1\n[plugins]\nk = v\n`,
        'config',
      ),
    ).toEqual([])
  })
})

describe('is said, of whom and where', () => {
  it.each([
    [`[a]\n  ${id}${secret}`, `indented, 2, all, ${all}`],
    [`[a]\n${pair}[b]\n\tk = v\n`, `indented, 5, all, ${all}`],
    [`[a]\n  # c\n${pair}`, `indented-comment, 2, all, ${all}`],
    [`  # c\n[a]\n${pair}`, `indented-comment, 1, all, ${all}`],
    [`[a]\n${pair}s3 =\n  # c\n  x = y\n`, `indented-comment, 5, all, ${all}`],
    [`[a]\n${pair}s3 =\n  xy\n`, `block-line, 5, all, ${all}`],
    [`[a]\n${pair}s3 =\n  = y\n`, `block-line, 5, all, ${all}`],
    [`[a]\n${pair}s3 =\n  x # = y\n`, 'block-line, 5, all, Rust'],
    [`[a]\n${id}  # c\n${secret}`, `joined, 3, a, ${all}`],
    [`[a]\n${pair}\n  ; c\n`, `joined, 5, a, ${all}`],
    [`[a]\n${id.trimEnd()}\u00a0\n${secret}`, `odd-blank, 2, a, ${all}`],
    [`[a]\n${id.trimEnd()}\v\n${secret}`, 'odd-blank, 2, a, Rust C++ CRT'],
    [`[a]\n\u00a0${pair}`, `odd-blank, 2, a, ${all}`],
    [`[a]\n${pair}region: x\n`, 'no-equals, 4, all, Java 2 Rust'],
    [`[a]\n${pair}\f\n`, 'no-equals, 4, all, Java 2 Rust'],
    [`[a]\n${pair}word\n`, `no-equals, 4, all, ${all}`],
    [`k = v\n[a]\n${pair}`, `no-equals, 1, all, ${all}`],
    [`[b] junk\n[a]\n${pair}`, 'header-text, 1, all, Java 2 Rust'],
    [`[a]\n${pair}[b\n`, `header-text, 4, all, ${all}`],
    [`[a b c]\n${pair}`, `name, 1, a b c, ${all}`],
    [`[ü]\n${pair}`, `name, 1, ü, ${all}`],
    [`[ a ]\n${pair}`, `name, 1,  a , ${all}`],
    [`[a\\b]\n${pair}`, 'name, 1, a\\b, Java 2 Rust'],
    // Of a section that it does not take Java reads no line; C++ and CRT forget its settings.
    [`[a b c]\nk = v\n  more\n[d]\n${pair}`, `name, 1, a b c, ${all}|indented, 3, all, C++ CRT`],
    [`[a]\n${pair}kü = v\n  more\n`, 'indented, 5, all, C++ CRT'],
    [`[a]\n${pair}region: x\n  more\n`, 'no-equals, 4, all, Java 2 Rust|indented, 5, all, C++ CRT'],
    [`[a]\n${pair}note = #1\n`, 'sign-first, 4, all, Go 1'],
    [`[b]\nnote =;\n[a]\n${pair}`, 'sign-first, 2, all, Go 1'],
    [`[b]\rk = v\n[a]\n${pair}`, 'header-text, 1, all, Rust'],
  ])('%j', (text, said) => expect(look(text).join('|')).toBe(said))

  it.each([
    [`[profile "a"]\n${pair}`, `quoted-name, 1, profile "a", Go 2 ${all}`],
    [`[profile ü]\n${pair}`, `name, 1, profile ü, ${all}`],
    [`[plugins]\nk = v\n  more\n[profile a]\n${pair}`, 'indented, 3, all, C++ CRT'],
    [`[profile a\n${pair}`, `header-text, 1, all, ${all}`],
    [`[x\n[profile a]\n${pair}`, 'header-text, 1, all, Java 2 Rust'],
  ])('config: %j', (text, said) => expect(look(text, 'config').join('|')).toBe(said))
})

it('tells what is about one section from what is about all', () => {
  const found = strictReaders(
    IniDocument.parse(Buffer.from(`[ü]\n${pair}[a]\n${id}  # c\n${secret}[b]\n${pair}[c]\n  k = v\n`)),
    'credentials',
  )
  expect(strictAbout(found, 'a').map(({ kind }) => kind)).toEqual(['joined', 'indented'])
  expect(strictAbout(found, 'b').map(({ kind }) => kind)).toEqual(['indented'])
})
