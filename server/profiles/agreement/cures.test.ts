import { describe, expect, it } from 'vitest'
import { readSharedConfig } from '../../aws/sharedConfigReader.ts'
import { classify } from '../classify.ts'
import { foreignForm } from './foreignForms.ts'
import { IniDocument } from '../ini/document.ts'
import { readWithAll } from './reading.ts'
import { faultProblem } from './wording.ts'

const id = 'AKIAIOSFODNN7EXAMPLE'
const id2 = 'AKIAI44QH8DHBEXAMPLE'
const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const secret2 = 'je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY'
const pair = `aws_access_key_id = ${id}\naws_secret_access_key = ${secret}`
const pair2 = `aws_access_key_id = ${id2}\naws_secret_access_key = ${secret2}`

/** The first problem of the file, as the page shows it. */
const first = (text: string) => {
  const document = IniDocument.parse(Buffer.from(text))
  const [fault] = document.faults
  return fault && faultProblem('FILE', document, fault)
}
const reasonOf = async (text: string) => {
  const reading = await readWithAll(Buffer.from(text), 'credentials', readSharedConfig)
  return classify({ credentials: reading }, { credentials: 'FILE', config: 'CONFIG' })[0]?.reason
}

describe('the line that is meant is named, and its own cure', () => {
  it.each<[string, string, number, RegExp, RegExp]>([
    [
      'a glued header',
      `[a]\n${pair}[prod]\n${pair2}\n`,
      3,
      /header \[prod\] is glued/,
      /\[prod\] on a line of its own/,
    ],
    ['glued to another setting', `[a]\n${pair}\nregion = x[prod]\n${pair2}\n`, 4, /is glued/, /after line 4/],
    ['glued to a comment', `[a]\n${pair}\n# mine[prod]\n${pair2}\n`, 4, /is glued/, /after line 4/],
    [
      'a mark before a header',
      `[a]\n${pair}\n\ufeff[prod]\n${pair2}\n`,
      4,
      /byte order mark \(U\+FEFF\)/,
      /\[prod\]/,
    ],
    [
      'another one',
      `[a]\n${pair}\n\u200b[prod]\n${pair2}\n`,
      4,
      /invisible character \(U\+200B\)/,
      /\[prod\]/,
    ],
    ['before the first header', `\u200b[prod]\n${pair2}\n`, 1, /invisible character/, /\[prod\]/],
    [
      'no closing bracket',
      `[a]\n${pair}\n[prod\n${pair2}\n`,
      4,
      /without one of its brackets/,
      /Write \[prod\]/,
    ],
    [
      'no opening bracket',
      `[a]\n${pair}\nprod]\n${pair2}\n`,
      4,
      /without one of its brackets/,
      /Write \[prod\]/,
    ],
    [
      'a broken secret',
      `[a]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret.slice(0, 20)}\n${secret.slice(20)}\n`,
      4,
      /line 4 belongs to line 3/,
      /Join line 4 to the end of line 3/,
    ],
    [
      'a broken token',
      `[a]\n${pair}\naws_session_token = ${'a'.repeat(76)}\n${'b'.repeat(76)}\n${'c'.repeat(30)}\n`,
      5,
      /line 5 belongs to line 4/,
      /Join line 5/,
    ],
    [
      'a value that begins on the next line',
      `[a]\naws_access_key_id = ${id}\naws_secret_access_key =\n  ${secret}\n`,
      4,
      /line 4 belongs to line 3/,
      /Join line 4/,
    ],
    [
      'no header in between',
      `[a]\n${pair}\n${pair2}\n`,
      4,
      /second key begins in \[a\]/,
      /Write the header.*above line 4/,
    ],
    [
      'two secrets of one key',
      `[a]\n${pair}\naws_secret_access_key = ${secret2}\n`,
      4,
      /two different secrets/,
      /Keep the one that works/,
    ],
    [
      'a conflict',
      `[a]\n<<<<<<< HEAD\n${pair}\n=======\n${pair2}\n>>>>>>> x\n`,
      2,
      /merge conflict/,
      /Keep the lines of one side/,
    ],
    [
      'an indented header',
      `[a]\n${pair}\n\t[prod]\n${pair2}\n`,
      4,
      /the header \[prod\] is indented/,
      /Remove the blanks before \[prod\]/,
    ],
    [
      'the same header above another key',
      `[a]\n${pair}\n[a]\n${pair2}\n`,
      4,
      /a second \[a\] section, with another key/,
      /^Rename the one on line 4, or the earlier one/,
    ],
    [
      'a full-width equals sign',
      `[a]\naws_access_key_id ＝ ${id}\n`,
      2,
      /full-width sign/,
      /Write "=" on line 2/,
    ],
    ['zeros before a header', `\0\0\0\0[a]\n${pair}\n`, 1, /zero bytes/, /before or after them are missing/],
    ['zeros at the end', `[a]\n${pair}\n\0\0\0\0\n`, 4, /zero bytes/, /Remove the zero bytes/],
    [
      'the same line twice',
      `[a]\n${pair}\naws_access_key_id = ${id}\n`,
      4,
      /a second aws_access_key_id/,
      /Keep one/,
    ],
    ['several before the first header', `${pair}\n[a]\n`, 1, /before the first/, /Move lines 1 to 2 below/],
  ])('%s', (_, text, line, what, fix) => {
    const problem = first(text)
    expect(problem?.line).toBe(line)
    expect(problem?.trouble.title).toMatch(what)
    expect(problem?.trouble.remedy).toMatch(fix)
    for (const part of [secret, secret2, secret.slice(20)])
      expect(JSON.stringify(problem?.trouble)).not.toContain(part)
  })

  it('never has one of two removed whose ids differ', () => {
    for (const between of ['', '[prod', 'x[prod]', '\ufeff[prod]', '# [prod]', 'region = x'])
      expect(first(`[a]\n${pair}\n${between}\n${pair2}\n`)?.trouble.remedy).not.toMatch(
        /remove line|earlier one/i,
      )
  })
})

describe('a line of the pair, by what is wrong with it', () => {
  it.each<[string, RegExp, RegExp]>([
    [pair.replaceAll(' =', ':'), /Line 2: aws_access_key_id is followed by a colon/, /equals sign on line 2/],
    [`${pair}\u200b`, /Line 3: an invisible character \(U\+200B\) in the value of aws_secret/, /line 3 anew/],
    [
      pair.replace('\n', ' '),
      /Line 2: aws_secret_access_key stands behind aws_access_key_id on the same line/,
      /Begin a new line before aws_secret_access_key/,
    ],
    [pair.replace(/= (\S+)/g, '= “$1”'), /Line 2: the key id is in quotes/, /Remove the quotes/],
  ])('%j', async (text, title, remedy) => {
    const reason = await reasonOf(`[a]\n${text}\n`)
    expect(reason?.title).toMatch(title)
    expect(reason?.remedy).toMatch(remedy)
    expect(JSON.stringify(reason)).not.toContain(secret)
  })
})

describe('a name that is not the one AWS’s tools look for', () => {
  it.each([
    [
      `\u200baws_access_key_id = ${id}\naws_secret_access_key = ${secret}`,
      /invisible character \(U\+200B\) in the name aws_access_key_id/,
    ],
    [`\ufeffaws_access_key_id = ${id}\naws_secret_access_key = ${secret}`, /byte order mark/],
    [
      `aws_access_key_id = ${id}\naws_secret\u200b_access_key = ${secret}`,
      /in the name aws_secret_access_key/,
    ],
    [`aws_access_key = ${id}\naws_secret_key = ${secret}`, /Write aws_access_key_id = … on line 2/],
    [`aws_access_key_id = ${id}\naws_secret_key = ${secret}`, /Write aws_secret_access_key = … on line 3/],
    [
      `aws_access_key_id = ${id}\naws_secret_acess_key = ${secret}`,
      /Write aws_secret_access_key = … on line 3/,
    ],
    [`aws-access-key-id = ${id}\naws-secret-access-key = ${secret}`, /Write aws_access_key_id = … on line 2/],
    [`accessKeyId = ${id}\nsecretAccessKey = ${secret}`, /Write aws_access_key_id = … on line 2/],
    [`export AWS_ACCESS_KEY_ID=${id}\nexport AWS_SECRET_ACCESS_KEY=${secret}`, /a line of a shell: export/],
  ])('%j', async (text, words) => {
    const reason = await reasonOf(`[a]\n${text}\nregion = x\n`)
    expect(reason?.name).toBe('misnamed-key')
    expect(`${reason?.title} ${reason?.remedy}`).toMatch(words)
    expect(JSON.stringify(reason)).not.toContain(secret)
  })

  it('is not taken for one where it means something else', async () => {
    const reason = await reasonOf('[a]\nregion = x\noutput = json\naws_account_id = 111122223333\n')
    expect(reason?.name).toBe('no-credentials')
  })
})

it('sees a secret whose rest looks like a setting', async () => {
  const cut = 'abcdefghijklmnopqrst\nuvwxyzABCDEFGHIJKL=M'
  const reason = await reasonOf(`[a]\naws_access_key_id = ${id}\naws_secret_access_key = ${cut}\n`)
  expect(reason?.title).toMatch(/Line 4: line 4 belongs to line 3/)
})

describe('a file that is another thing is told once', () => {
  const utf16 = Buffer.from(`\ufeff[a]\n${pair}\n`, 'utf16le')
  it.each<[string, Buffer | string, RegExp]>([
    ['zeros', Buffer.alloc(300), /zero bytes/],
    ['UTF-16', utf16, /UTF-16/],
    ['UTF-16 without a mark', Buffer.from(`[a]\n${pair}\n`, 'utf16le'), /UTF-16/],
    ['UTF-16, the other way', Buffer.from(utf16).swap16(), /UTF-16/],
    ["the console's table", `Access key ID,Secret access key\n${id},${secret}\n`, /table \(CSV\)/],
    ['with a mark', `\ufeffAccess key ID,Secret access key\r\n${id},${secret}\r\n`, /table \(CSV\)/],
    [
      'the older one',
      `User name,Password,Access key ID,Secret access key,Console login link\n`,
      /table \(CSV\)/,
    ],
    ['quoted', `"User Name","Access Key Id","Secret Access Key"\n`, /table \(CSV\)/],
    ['a root key', `AWSAccessKeyId=${id}\nAWSSecretKey=${secret}\n`, /root key/],
    [
      'a shell',
      `export AWS_ACCESS_KEY_ID=${id}\nexport AWS_SECRET_ACCESS_KEY=${secret}\n`,
      /environment variables/,
    ],
    ['PowerShell', `$Env:AWS_ACCESS_KEY_ID="${id}"\n`, /environment variables/],
    ['JSON', JSON.stringify({ AccessKey: { AccessKeyId: id, SecretAccessKey: secret } }), /JSON/],
    ['a page', '<!DOCTYPE html><html></html>', /web page/],
    ['PGP', '-----BEGIN PGP MESSAGE-----\n', /encrypted/],
  ])('%s', (_, content, words) => {
    const trouble = foreignForm(Buffer.from(content as string), 'FILE')
    expect(trouble?.name).toBe('not-a-profile-file')
    expect(trouble?.detail).toMatch(words)
    expect(trouble?.remedy).toBeTruthy()
    expect(JSON.stringify(trouble)).not.toContain(secret)
    expect(JSON.stringify(trouble)).not.toContain(id)
  })

  it.each([
    '',
    `[a]\n${pair}\n`,
    `\ufeff[a]\n${pair}\n`,
    `# Access key ID,Secret access key\n[a]\n${pair}\n`,
    `[a]\nexport AWS_ACCESS_KEY_ID=${id}\n`,
    `${pair}\n`,
    '[]\n',
    `[a]\n${pair}\n\0\0\0\0\n`,
    '# only a comment\n',
  ])('%j may be one of profiles', (text) => {
    expect(foreignForm(Buffer.from(text), 'FILE')).toBeUndefined()
  })
})
