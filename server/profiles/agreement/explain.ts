import type { Trouble } from '../../api/problem.ts'
import type { Entry, Section } from '../ini/document.ts'
import { invisibleIn } from './cures.ts'
import { awsValue } from './reading.ts'
import type { Reading } from './reading.ts'
import { ambiguous } from './wording.ts'

/** Says which line makes the readers differ about a profile's pair, and the edit that ends it. */
export function explain(
  reading: Reading,
  profile: string,
  section: Section,
  pair: readonly (Entry | undefined)[],
  path: string,
): Trouble {
  const say = (line: number, what: string, readers: string, fix: string) =>
    ambiguous(path, line, what, readers, fix)
  return (
    explainHeader(reading, section, say) ??
    pair
      .map((entry) => (entry ? explainEntry(reading, profile, section, entry, say) : undefined))
      .find(Boolean) ??
    unknownHeader(reading, section, say) ??
    say(
      section.line,
      `tools do not agree on the pair of [${section.name}]`,
      'Our reading, the AWS SDK for JavaScript and the ini package give different values.',
      'Write the section plainly: the header alone on its line, then "aws_access_key_id = …" and "aws_secret_access_key = …", not indented.',
    )
  )
}

type Say = (line: number, what: string, readers: string, fix: string) => Trouble

function explainHeader(reading: Reading, section: Section, say: Say): Trouble | undefined {
  const { name, line } = section
  const head = `[${name}]`
  const written = reading.document.text(line).trim()
  if (name === '__proto__' || name === 'profile __proto__' || name in Object.prototype)
    return say(
      line,
      `${head} has a name that JavaScript keeps for itself`,
      'The AWS SDK for JavaScript loses the profile, or the whole file.',
      `Rename the profile on line ${line}.`,
    )
  if (section.indent > 0)
    return say(
      line,
      `the header ${head} is indented`,
      'Some tools do not see it and give its lines to the profile above.',
      `Remove the blanks before ${head} on line ${line}.`,
    )
  if (written !== head)
    return say(
      line,
      `there is text after the header ${head}`,
      'The AWS CLI ignores that text; other tools miss the header and give its lines to the profile above.',
      `Leave ${head} alone on line ${line}; put the comment on a line of its own.`,
    )
  if (reading.which === 'credentials' && /^profile\s/.test(name))
    return say(
      line,
      `the header ${head} has the config file's form`,
      `The AWS CLI takes "${name}" for the profile's name; other tools do not know such a profile.`,
      `In the credentials file write [${name.replace(/^profile\s+/, '')}] on line ${line}.`,
    )
  if (/["'\\]/.test(name))
    return say(
      line,
      `the header ${head} has quotes or a backslash`,
      'Some tools take them for part of the name, others remove them.',
      `Write the name on line ${line} without quotes and backslashes.`,
    )
  if (/[#;\][]/.test(name))
    return say(
      line,
      `the header ${head} has a #, a ; or a bracket in the name`,
      'Some tools cut the name there.',
      `Rename the profile on line ${line}.`,
    )
  if (name !== name.trim() || /\s/.test(name.replace(/^profile\s/, '')))
    return say(
      line,
      `the header ${head} has blanks in the name`,
      'The AWS CLI keeps them; the AWS SDK for JavaScript does not know this profile.',
      `Write the name on line ${line} without blanks: with - or _ instead.`,
    )
  return undefined
}

/** After the lines of the pair, since the JavaScript SDK drops a section in which it finds no setting, too. */
function unknownHeader(reading: Reading, { name, line }: Section, say: Say): Trouble | undefined {
  if (Object.hasOwn(reading.aws, name.replace(/^profile\s+/, ''))) return undefined
  return say(
    line,
    `the header [${name}] is not known to every tool`,
    'The AWS SDK for JavaScript does not know this profile.',
    `Write the name on line ${line} with letters, digits, - and _ alone.`,
  )
}

function explainEntry(
  reading: Reading,
  profile: string,
  section: Section,
  entry: Entry,
  say: Say,
): Trouble | undefined {
  const { key, line, value } = entry
  if (entry.writtenKey !== key)
    return say(
      line,
      `${entry.writtenKey} is not in lower case`,
      'The AWS CLI reads it; the AWS SDK for JavaScript does not.',
      `Write ${key} in lower case on line ${line}.`,
    )
  if (entry.delimiter === ':')
    return say(
      line,
      `${key} is followed by a colon`,
      'The AWS CLI reads it; the AWS SDK for JavaScript does not.',
      `Write "${key} = …" with an equals sign on line ${line}.`,
    )
  if (entry.continuations.length > 0 || typeof value !== 'string')
    return say(
      entry.continuations[0] ?? line,
      `an indented line after ${key}`,
      `The AWS CLI takes it for a part of the value of ${key}; other tools take it for a setting of its own.`,
      `Begin line ${entry.continuations[0] ?? line + 1} at the same column as ${key}.`,
    )
  if (value === '')
    return say(
      line,
      `${key} is empty`,
      'Some tools read an empty value, others the start of a block.',
      `Put the value on line ${line}, or remove the line.`,
    )
  if (/^["']|["']$/.test(value))
    return say(
      line,
      `the value of ${key} is in quotes`,
      'The AWS CLI and the SDKs keep the quotes as a part of the value; other tools remove them.',
      `Remove the quotes around the value on line ${line}.`,
    )
  if (/\s[#;]/.test(value))
    return say(
      line,
      `a comment after the value of ${key}`,
      'The AWS CLI takes the comment for a part of the value; other tools cut it off.',
      `Put the comment of line ${line} on a line of its own.`,
    )
  const hidden = invisibleIn(value)
  if (hidden !== undefined)
    return say(
      line,
      `${hidden} in the value of ${key}`,
      'Every tool takes it for a part of the value, and AWS refuses that.',
      `Type line ${line} anew.`,
    )
  // No secret has an underscore.
  const other = /\s([a-z]+_[a-z_]+)\s*=\s*\S/.exec(value)?.[1]
  if (other !== undefined)
    return say(
      line,
      `${other} stands behind ${key} on the same line`,
      `Every tool takes it for a part of the value of ${key}.`,
      `Begin a new line before ${other} on line ${line}.`,
    )
  if (/["'#;\\]/.test(value) || !/^[\x21-\x7e]+$/.test(value) || /^(true|false|null)$/.test(value))
    return say(
      line,
      `the value of ${key} has characters that no AWS key has`,
      'Some tools cut or change the value there.',
      `Copy the value of ${key} on line ${line} once more.`,
    )
  if (awsValue(reading, profile, key) !== value)
    return say(
      line,
      `${key} is read differently by the AWS SDK for JavaScript`,
      section.indent !== entry.indent
        ? 'It takes indented lines for a part of the block above.'
        : 'It takes another line for this setting.',
      `Begin line ${line} at the first column, and let ${key} stand in [${section.name}] once.`,
    )
  if (reading.ini.get(section.name)?.[key] !== value)
    return say(
      line,
      `${key} also stands in an indented block of [${section.name}]`,
      'Tools that do not know indented blocks take the later line.',
      `Move line ${line} below the indented block, or remove ${key} from the block.`,
    )
  return undefined
}
