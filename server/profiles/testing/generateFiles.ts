import fc from 'fast-check'

/** Files for the property and differential tests: any bytes, nasty but legal ones, and real-looking ones mutated. */

const blank = fc.constantFrom('', ' ', '  ', '\t')
const idChars = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
export const keyId = fc
  .string({ unit: fc.constantFrom(...idChars), minLength: 16, maxLength: 16 })
  .map((rest) => `AKIA${rest}`)
export const secretText = fc.string({
  unit: fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/+='),
  minLength: 40,
  maxLength: 40,
})

const plainName = fc.constantFrom(
  'default',
  'dev',
  'prod',
  'a.b',
  'team-x',
  'x_1',
  'café',
  'my own prof',
  'u@host',
  'a/b',
  'A+B%',
)
const oddName = fc.constantFrom(
  'my prof',
  ' dev ',
  '"q"',
  "'q'",
  'a]b',
  'a#b',
  'a;b',
  'DEFAULT',
  '__proto__',
  'constructor',
  'toString',
  'profile x',
  'profile  y',
  'profile',
  'sso-session s',
  'services s',
  'a\\b',
  'a\\.b',
  '[',
  'dev.aws_access_key_id',
  'true',
  '日本',
  'a\u00a0b',
  'a\u2028b',
  'x y z',
)
const name = fc.oneof({ weight: 12, arbitrary: plainName }, { weight: 1, arbitrary: oddName })

const tail = fc.constantFrom(
  '',
  '',
  '',
  '',
  '',
  '',
  '',
  '',
  ' ',
  '\t',
  ' # note',
  ' ; note',
  ';x',
  '#x',
  ' junk',
  ' ]',
)
const header = (prefix: string) =>
  fc.oneof(
    { weight: 10, arbitrary: name.map((text) => (text === 'default' ? '[default]' : `[${prefix}${text}]`)) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(blank, fc.oneof(fc.constant(prefix), fc.constant('')), name, tail)
        .map(([indent, pre, text, end]) => `${indent}[${pre}${text}]${end}`),
    },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom('"', "'"), name).map(([q, text]) => `[${prefix}${q}${text}${q}]`),
    },
  )

const plainValue = fc.oneof(
  fc.constantFrom(
    'us-east-1',
    'json',
    '3',
    'a=b',
    'a#b',
    '%x',
    'a:b',
    'x;y',
    'Grüße',
    '\\',
    'https://h:1/p?q=1',
  ),
  secretText,
)
const oddValue = fc.constantFrom(
  '',
  'x # c',
  'x ; c',
  '"q"',
  "'q'",
  "'123'",
  'true',
  'null',
  '{}',
  '[x]',
  '\u00a0x',
  'x\u2028y',
  'x\u0085',
  '\u001cx',
  'x\vy',
)
const otherKey = fc.constantFrom(
  'region',
  'output',
  'cli_pager',
  'role_arn',
  'source_profile',
  'mfa_serial',
  'max_attempts',
  'k[]',
  'aws_account_id',
  'constructor',
  '__proto__',
  'credential_process',
  'key with blank',
)

const equals = fc.constantFrom(' = ', '=', ' =', '= ', '\t=\t')
const oddEquals = fc.constantFrom(': ', ':', ' : ', ' ', '')

const setting = fc.oneof(
  { weight: 12, arbitrary: fc.tuple(otherKey, equals, plainValue).map((parts) => parts.join('')) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(blank, otherKey, fc.oneof(equals, oddEquals), fc.oneof(plainValue, oddValue), tail)
      .map((parts) => parts.join('')),
  },
)
const comment = fc.constantFrom(
  '# comment',
  '; comment',
  '  # indented',
  '#[dev]',
  ';aws_access_key_id = AKIAOLD',
  '#',
  '# \u2028[x]',
)
const garbage = fc.constantFrom(
  'garbage',
  '= x',
  ']',
  '[]',
  '[unclosed',
  '  continued',
  '\u00a0',
  '\ufeff',
  'aws_access_key_id',
  'x\ty',
  '\u0085k = v',
  '\fk = v',
)
const block = fc
  .tuple(
    fc.constantFrom('s3', 'iam', 'ec2'),
    fc.array(
      fc
        .tuple(
          fc.constantFrom('endpoint_url', 'addressing_style', 'aws_access_key_id', 'aws_secret_access_key'),
          equals,
          plainValue,
        )
        .map((parts) => `  ${parts.join('')}`),
      { minLength: 1, maxLength: 3 },
    ),
  )
  .map(([key, lines]) => [`${key} =`, ...lines].join('\n'))

const odd = (text: string) =>
  fc.oneof(
    { weight: 30, arbitrary: fc.constant(text) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        `  ${text}`,
        `\t${text}`,
        text.toUpperCase(),
        text.replace('=', ':'),
        `${text} # note`,
        `${text} ; note`,
        `${text}#x`,
        text.replace(/= ?(.*)$/, '= "$1"'),
        `${text}\n  more`,
        `${text}\n  region = x`,
        `${text}\n${text}`,
        `${text}\n\n  # x`,
        `${text}\n \n`,
        text.replace(/=.*/, '='),
        `${text}\\`,
        `${text}\u00a0`,
        `${text}\u001c`,
        `${text}\r`,
      ),
    },
  )
const pairLines = fc
  .tuple(keyId, secretText, equals, equals, fc.boolean())
  .chain(([id, secret, one, two, swapped]) =>
    fc
      .tuple(odd(`aws_access_key_id${one}${id}`), odd(`aws_secret_access_key${two}${secret}`))
      .map((lines) => (swapped ? lines.reverse() : lines)),
  )

const between = (weightOdd: number) =>
  fc.array(
    fc.oneof(
      { weight: 8, arbitrary: setting },
      { weight: 5, arbitrary: comment },
      { weight: 6, arbitrary: fc.constant('') },
      { weight: 2, arbitrary: block },
      { weight: weightOdd, arbitrary: garbage },
    ),
    { maxLength: 3 },
  )

const section = (prefix: string) =>
  fc
    .tuple(
      header(prefix),
      between(0),
      fc.option(pairLines, { freq: 6 }),
      between(0),
      fc.oneof({ weight: 12, arbitrary: between(0) }, { weight: 1, arbitrary: between(6) }),
      fc.constantFrom('', '', '', '', '', '  '),
    )
    .map(([head, before, pair, after, wild, indent]) => [
      head,
      ...[...before, ...(pair ?? []), ...after, ...wild].map((line) =>
        indent && line ? indent + line : line,
      ),
    ])

const eol = fc.oneof(
  { weight: 12, arbitrary: fc.constant('\n') },
  { weight: 5, arbitrary: fc.constant('\r\n') },
  { weight: 1, arbitrary: fc.constant('\r') },
)

/** Legal for at least one reader, and as awkward as people's files get. */
const nasty = (prefix: string) =>
  fc
    .tuple(
      fc.oneof({ weight: 12, arbitrary: fc.constant([] as string[]) }, { weight: 1, arbitrary: between(1) }),
      fc.uniqueArray(section(prefix), { minLength: 1, maxLength: 4, selector: (lines) => lines[0] }),
      eol,
      fc.oneof({ weight: 20, arbitrary: fc.constant('') }, { weight: 1, arbitrary: fc.constant('\ufeff') }),
      fc.boolean(),
    )
    .chain(([lead, sections, end, bom, finalNewline]) => {
      const lines = [...lead, ...sections.flat()].flatMap((text) => text.split('\n'))
      return fc
        .oneof(
          { weight: 8, arbitrary: fc.constant([end]) },
          { weight: 1, arbitrary: fc.array(eol, { minLength: lines.length, maxLength: lines.length }) },
        )
        .map((ends) => {
          const body = lines
            .map(
              (text, index) =>
                text +
                (index < lines.length - 1 || finalNewline ? (ends[index % ends.length] as string) : ''),
            )
            .join('')
          return Buffer.from(bom + body)
        })
    })

const realLooking = (prefix: string): readonly string[] => [
  `[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n\n[${prefix}work]\naws_access_key_id=AKIAI44QH8DHBEXAMPLE\naws_secret_access_key=je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY\nregion = eu-west-1\n`,
  `# managed by hand\r\n[${prefix}dev.eu]\r\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\r\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\r\n\r\n; old\r\n;[gone]\r\n[${prefix}sso]\r\nsso_session = corp\r\nsso_account_id = 111122223333\r\n`,
  `[${prefix}s3 user]\n[${prefix}a]\nregion = us-east-1\ns3 =\n    addressing_style = path\n    max_concurrent_requests = 20\naws_access_key_id     = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n[${prefix}role]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = a`,
  `\n\n[${prefix}tmp]\naws_access_key_id = ASIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\naws_session_token = AQoEXAMPLEH4aoAH0gNCAPy==\n[${prefix}two words here]\n\taws_access_key_id = AKIAI44QH8DHBEXAMPLE\n\taws_secret_access_key = je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY\n`,
]

type Mutation = readonly [kind: number, at: number, insert: number]

const pieces = [
  '\n',
  '\r',
  '\r\n',
  ' ',
  '\t',
  '#',
  ';',
  '=',
  ':',
  '[',
  ']',
  '"',
  "'",
  '\\',
  '\ufeff',
  '\0',
  'é',
  '\u2028',
  '\u00a0',
  '  ',
  'A',
  '[x]\n',
  '[DEFAULT]\n',
  'k = v\n',
  '\x80',
  '.',
  ' # c',
]

function mutate(text: string, mutations: readonly Mutation[]): Buffer {
  let bytes = Buffer.from(text)
  for (const [kind, at, insert] of mutations) {
    const index = at % (bytes.length + 1)
    const piece = pieces[insert % pieces.length] as string
    const put = piece === '\x80' ? Buffer.from([0x80]) : Buffer.from(piece)
    const [from, to] = kind === 0 ? [index, index] : kind === 1 ? [index, index + 1] : lineAt(bytes, index)
    if (kind === 3)
      bytes = Buffer.concat([bytes.subarray(0, to), bytes.subarray(from, to), bytes.subarray(to)])
    else if (kind === 4) bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
    else bytes = Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(kind === 2 ? from : to)])
  }
  return bytes
}

function lineAt(bytes: Buffer, index: number): [number, number] {
  const from = bytes.lastIndexOf('\n', Math.max(0, index - 1)) + 1
  const next = bytes.indexOf('\n', from)
  return [from, next < 0 ? bytes.length : next + 1]
}

const mutated = (prefix: string) =>
  fc
    .tuple(
      fc.constantFrom(...realLooking(prefix)),
      fc.array(fc.tuple(fc.nat(4), fc.nat(2_000), fc.nat(1_000)), { maxLength: 4 }),
    )
    .map(([text, mutations]) => mutate(text, mutations))

const prefixOf = { credentials: '', config: 'profile ' } as const

export const anyBytes = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))
export const soup = fc
  .array(fc.constantFrom(...pieces, 'aws_access_key_id', 'aws_secret_access_key', 'dev'), { maxLength: 40 })
  .map((parts) => Buffer.from(parts.join('')))
export const nastyFile = (which: 'credentials' | 'config') => nasty(prefixOf[which])
export const mutatedFile = (which: 'credentials' | 'config') => mutated(prefixOf[which])
export const awkwardFile = (which: 'credentials' | 'config') =>
  fc.oneof({ weight: 3, arbitrary: nastyFile(which) }, { weight: 2, arbitrary: mutatedFile(which) })
