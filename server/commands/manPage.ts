import { commands, exits, rowOf } from './commandTable.ts'
import { usageOf } from './help.ts'
import { optionOf, ownOptions, saysOf, sharedOptions, type OptionName } from './optionTable.ts'

/** Pure: the manual page, as `man` reads it. */
export function manPage(version: string): string {
  const option = (name: OptionName, says: string) => {
    const { value, short } = optionOf(name)
    const flag = `${short === undefined ? '' : `\\fB\\-${short}\\fR, `}\\fB${plain(`--${name}`)}\\fR`
    return ['.TP', `${flag}${value === undefined ? '' : ` \\fI${plain(value)}\\fR`}`, line(says)]
  }
  const lines = [
    `.TH KEYTURN 1 "" "keyturn ${plain(version)}" "User Commands"`,
    // A command that is broken in two cannot be copied.
    '.nh',
    '.ad l',
    '.SH NAME',
    line('keyturn - rotate the AWS access keys in the credentials file'),
    '.SH SYNOPSIS',
    ...commands.flatMap((command, at) => [
      ...(at === 0 ? [] : ['.br']),
      `.B ${plain(usageOf(command))}`,
      ...(rowOf(command).takes === undefined ? [] : [line(rowOf(command).takes ?? '')]),
      line('[options]'),
    ]),
    '.SH DESCRIPTION',
    line(
      'Keyturn rotates the AWS IAM access keys in ~/.aws/credentials and ~/.aws/config, from a page on this machine ' +
        'or without it. The new key is made, proved and saved before the old one goes off.',
    ),
    '.SH COMMANDS',
    ...commands.flatMap((command) => {
      const { does, words = {}, exits: own } = rowOf(command)
      return [
        `.SS ${plain(usageOf(command))}`,
        line(`${does[0]?.toUpperCase() ?? ''}${does.slice(1)}.`),
        ...Object.entries(words).flatMap(([word, says]) => ['.TP', `\\fI${plain(word)}\\fR`, line(says)]),
        ...ownOptions(command).flatMap((name) => option(name, saysOf(command, name) ?? '')),
        ...(own
          ? [
              '.P',
              line(
                `Ends with ${Object.entries(own)
                  .map(([code, says]) => `${code}: ${says}`)
                  .join('; ')}.`,
              ),
            ]
          : []),
      ]
    }),
    '.SH OPTIONS',
    line('Every command takes these.'),
    ...sharedOptions.flatMap((name) => option(name, saysOf('serve', name) ?? '')),
    '.SH "EXIT STATUS"',
    ...Object.entries(exits).flatMap(([code, says]) => ['.TP', `.B ${code}`, line(says)]),
    '.SH EXAMPLES',
    ...commands.flatMap((command) =>
      rowOf(command).examples.flatMap(([words, does]) => [
        '.TP',
        `.B ${plain(`keyturn ${words}`.trim())}`,
        line(does === '' ? rowOf(command).does : does),
      ]),
    ),
  ]
  return `${lines.join('\n')}\n`
}

/** A line that begins with a point or an apostrophe would be an order to `man`. */
function line(text: string): string {
  return plain(text).replace(/^(?=[.'])/, '\\&')
}

/** A hyphen that is typed is a minus; letters beyond ASCII have names. */
function plain(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('~', '\\(ti')
    .replaceAll("'", '\\(aq')
    .replaceAll('…', '...')
    .replaceAll('’', '\\(cq')
}
