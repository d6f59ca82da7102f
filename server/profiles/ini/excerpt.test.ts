import { expect, it } from 'vitest'
import { masked } from './excerpt.ts'

const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'

it.each([
  ['[default]', '[default]'],
  ['  [profile a b]  ', '  [profile a b]'],
  [`[default] aws_secret_access_key = ${secret}`, '[default] …'],
  [`[default aws_secret_access_key = ${secret}`, '…'],
  [`aws_secret_access_key = ${secret}`, 'aws_secret_access_key = …'],
  [`  aws_secret_access_key:${secret}`, '  aws_secret_access_key: …'],
  ['this is no setting', '…'],
  [secret, '…'],
  [`${secret}==`, '…'],
  ['abcdefghijklmnopqrstuv=', '…'],
  [`# aws_secret_access_key = ${secret}`, '# …'],
  ['   ', ''],
])('shows of %j %j', (text, shown) => expect(masked(text)).toBe(shown))
