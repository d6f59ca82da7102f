import type { Trouble } from '../api/problem.ts'
import type { Fault } from './document.ts'

/** A line that tools read differently: what it is, who reads what, and the edit that ends it. */
export function ambiguous(path: string, line: number, what: string, readers: string, fix: string): Trouble {
  return {
    name: 'file-ambiguous',
    title: `Line ${line}: ${what}`,
    detail: `${path}, line ${line}: ${what}. ${readers} Keyturn does not write where tools disagree; nothing was changed.`,
    remedy: fix,
  }
}

const cli = 'The AWS CLI and boto3'

/** Why botocore refuses the whole file, and with it every profile in it. */
export function faultTrouble(path: string, { kind, line, subject }: Fault): Trouble {
  const name = JSON.stringify(subject).slice(1, -1)
  const lost = `${cli} cannot read any profile of this file because of it; other tools can.`
  switch (kind) {
    case 'bom':
      return ambiguous(
        path,
        line,
        'the file begins with a byte order mark',
        lost,
        'Save the file as UTF-8 without a byte order mark (BOM).',
      )
    case 'encoding':
      return ambiguous(
        path,
        line,
        'there are bytes that are not UTF-8',
        lost,
        `Retype the odd character on line ${line}, or save the file as UTF-8.`,
      )
    case 'before-first-header':
      return ambiguous(
        path,
        line,
        'there is text before the first [profile] header',
        lost,
        `Move line ${line} below a header such as [default], or begin it with # to make it a comment.`,
      )
    case 'duplicate-section':
      return ambiguous(
        path,
        line,
        `a second [${name}] section`,
        `${cli} cannot read any profile of this file because of it; other tools merge the two, and the later lines win.`,
        `Merge the two [${name}] sections into one, or rename the one on line ${line}.`,
      )
    case 'duplicate-key':
      return ambiguous(
        path,
        line,
        `a second ${name} in the same section`,
        `${cli} cannot read any profile of this file because of it; other tools take the last one.`,
        `Keep one ${name} in that section: remove line ${line} or the earlier one.`,
      )
    case 'not-a-setting':
      return ambiguous(
        path,
        line,
        'neither a header nor a "key = value" setting',
        lost,
        `Write line ${line} as "key = value", or begin it with # to make it a comment.`,
      )
    case 'no-key':
      return ambiguous(
        path,
        line,
        'a value without a key',
        lost,
        `Write a key before the "=" on line ${line}, or remove the line.`,
      )
    case 'bad-block':
      return ambiguous(
        path,
        line,
        `a line in the block under "${name} =" that is not "key = value"`,
        lost,
        `Write the indented lines under "${name} =" as "key = value", or remove them.`,
      )
  }
}
