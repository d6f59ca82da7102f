import type { Trouble } from '../../api/problem.ts'
import type { IniDocument } from '../ini/document.ts'
import type { SettingFinding } from './settingReaders.ts'
import { strip } from '../ini/lines.ts'
import type { StrictFinding } from './strictReaders.ts'

/** Where C++ is named the Common Runtime goes without saying: it is beneath other SDKs, and nobody calls it by that name. */
function readersOf({ readers }: StrictFinding): string {
  return listed(readers.filter((reader) => reader !== 'CRT'))
}

/** `a`, `a and b`, `a, b and c`. */
function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

const harmless = 'Keyturn rotates all the same, and changes nothing about it.'

function warning(title: string, path: string, more: string, remedy: string): Trouble {
  return { name: 'strict-readers', title, detail: `${path}: ${title}. ${more}${harmless}`, remedy }
}

/** Which readers cannot read what, on which line, and the edit that mends it. */
export function strictTrouble(path: string, document: IniDocument, finding: StrictFinding): Trouble {
  const { kind, line, subject, header = '' } = finding
  const who = readersOf(finding)
  const text = document.text(line)
  const unreadable = (what: string, fix: string) =>
    warning(`${who} cannot read this file: ${what}`, path, '', fix)
  switch (kind) {
    case 'indented':
      return unreadable(`line ${line} is indented`, `Begin line ${line} at the first column.`)
    case 'indented-comment':
      return unreadable(
        `line ${line} is an indented comment`,
        `Begin the comment on line ${line} at the first column.`,
      )
    case 'no-equals':
      return strip(text) === ''
        ? unreadable(`line ${line} holds a blank that is neither space nor tab`, `Empty line ${line}.`)
        : unreadable(
            `line ${line} has no equals sign`,
            `Write line ${line} as "name = value", or begin it with #.`,
          )
    case 'header-text':
      return unreadable(
        `line ${line} is not a header alone`,
        `Let the header stand alone on line ${line}; put a # before the rest.`,
      )
    case 'sign-first':
      return unreadable(
        `the value on line ${line} begins with # or ;`,
        `Remove line ${line}, or write its value without that sign at its start.`,
      )
    case 'block-line':
      return unreadable(
        `line ${line}, below "${subject} =", is not "name = value"`,
        `Write line ${line} as "name = value", or remove it.`,
      )
    case 'joined':
      return warning(
        `${who} take line ${line} into the value of ${subject} of [${header}]`,
        path,
        'For them the pair does not work. ',
        `Begin line ${line} at the first column.`,
      )
    case 'odd-blank':
      return warning(
        `${who} take a blank on line ${line} that is neither space nor tab into ${subject} of [${header}]`,
        path,
        'For them the pair does not work. ',
        `Remove the odd blank (often a no-break space) from line ${line}.`,
      )
    case 'quoted-name':
      return warning(
        `${who} do not know the profile of line ${line}: its name is in quotes`,
        path,
        'The AWS CLI and the SDK for JavaScript do. ',
        `Write [profile ${subject}] on line ${line}, without quotes.`,
      )
    case 'name':
      return warning(
        `${who} do not know the profile [${subject}] of line ${line}`,
        path,
        'They take names of letters, digits and _ - . / % @ : + alone. ',
        `Rename the profile on line ${line}, and where it is used.`,
      )
  }
}

/** Of the settings beside a pair for which an SDK does not use it. */
export function settingTrouble(profile: string, path: string, finding: SettingFinding): Trouble {
  const { reader, setting, refuses } = finding
  switch (refuses) {
    case 'value':
      return warning(
        `${reader} refuses [${profile}]: it does not take this value of ${setting}`,
        path,
        '',
        `Correct ${setting} in [${profile}], or remove it.`,
      )
    case 'alone':
      return warning(
        `${reader} refuses [${profile}]: ${setting} without role_arn`,
        path,
        '',
        `Remove ${setting} from [${profile}], or add role_arn.`,
      )
    case 'before':
      return warning(
        `${reader} takes ${setting} of [${profile}] before the pair`,
        path,
        'The AWS CLI and the SDK for JavaScript use the pair. ',
        `Remove ${setting} from [${profile}], if the pair is meant.`,
      )
  }
}
