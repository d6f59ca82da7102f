/** Forms that people write, each in a file with a pair that Keyturn rotates; which SDK reads which is asked, not told. */
export interface Form {
  readonly what: string
  readonly which: 'credentials' | 'config'
  readonly text: string
}

const id = 'aws_access_key_id = AKIAIOSFODNN7EXAMPLE\n'
const secret = 'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n'
const pair = id + secret
const other =
  '[other]\naws_access_key_id = AKIAI44QH8DHBEXAMPLE\naws_secret_access_key = je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY\n'
const indented = pair.replace(/^/gm, '    ').trimEnd() + '\n'

const credentials = (what: string, text: string): Form => ({ what, which: 'credentials', text })
const config = (what: string, text: string): Form => ({ what, which: 'config', text })

export const forms: readonly Form[] = [
  credentials('as aws configure writes it', `[default]\n${pair}`),
  credentials('CRLF', `[default]\n${pair}\n${other}`.replaceAll('\n', '\r\n')),
  credentials('no final newline', `[a]\n${pair}`.trimEnd()),
  credentials('the secret first, no blanks', `[a]\n${(secret + id).replaceAll(' = ', '=')}`),
  credentials('tabs', `[a]\n${pair.replaceAll(' = ', '\t=\t')}`),
  credentials('comments and blank lines', `# mine\n\n[a]\n# one\n${id}\n; two\n${secret}\n${other}`),
  credentials('indented keys', `[a]\n${indented}`),
  credentials('indented keys in another profile', `[a]\n${pair}[b]\n  region = x\n`),
  credentials('an indented comment under the id', `[a]\n${id}  # rotate in June\n${secret}`),
  credentials('an indented comment under the secret', `[a]\n${pair}\n  # rotate in June\n${other}`),
  credentials('an indented comment under the header', `[a]\n  # mine\n${pair}`),
  credentials('an indented comment under another header', `[a]\n${pair}[b]\n\t; mine\nregion = x\n`),
  credentials('a comment inside a block', `[a]\n${pair}s3 =\n  # fast\n  addressing_style = path\n`),
  credentials('a block', `[a]\ns3 =\n  addressing_style = path\n${pair}`),
  credentials('a name beyond ASCII', `[büro]\n${pair}${other}`),
  credentials('a name of three words', `[my own prof]\n${pair}${other}`),
  credentials('an ampersand in a name', `[r&d]\n${pair}${other}`),
  credentials('every letter that all take', `[aZ0_-./%@:+]\n${pair}`),
  credentials('another key with a colon', `[a]\n${pair}region: eu-west-1\n${other}`),
  credentials('another key with a colon, first', `[a]\nregion: eu-west-1\n${pair}`),
  credentials('a line of a form feed', `[a]\n${pair}\f\n${other}`),
  credentials('a line of a vertical tab', `[a]\n\v\n${pair}`),
  credentials('a line of a no-break space', `[a]\n${pair}\u00a0\n${other}`),
  credentials('a no-break space after the id', `[a]\n${id.trimEnd()}\u00a0\n${secret}`),
  credentials('a no-break space before the secret', `[a]\n${id}${secret.replace('= ', '= \u00a0')}`),
  credentials('a value that begins with #', `[a]\n${pair}note = #1\n`),
  credentials('a comment after another value', `[a]\n${pair}region = eu-west-1 # home\n`),
  credentials('max_attempts in words', `[a]\n${pair}max_attempts = many\n`),
  credentials('the old retry mode', `[a]\n${pair}retry_mode = legacy\n`),
  credentials('a source without a role', `[a]\n${pair}source_profile = other\n${other}`),
  credentials('a process beside the pair', `[a]\n${pair}credential_process = false\n`),
  credentials('a word after another header', `[b] old\nregion = x\n[a]\n${pair}`),
  config('the config file', `[default]\nregion = eu-west-1\n\n[profile a]\n${pair}`),
  config('a quoted name', `[profile "a"]\n${pair}`),
  config('a name in single quotes', `[profile 'a']\n${pair}[profile b]\nregion = x\n`),
  config('indented keys', `[profile a]\n${indented}`),
  config('a section that is no profile', `[plugins]\ncli = x\n[profile a]\n${pair}`),
  config(
    'an indented line in one that is no profile',
    `[plugins]\ncli = x\n  more = y\n[profile a]\n${pair}`,
  ),
  config(
    'services and sessions',
    `[services s]\niam =\n  endpoint_url = x\n[sso-session c]\nsso_region = x\n[profile a]\n${pair}`,
  ),
  config('a comment before all', `  # mine\n[profile a]\n${pair}`),
]
