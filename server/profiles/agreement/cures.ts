import type { Entry, IniDocument } from '../ini/document.ts'
import { parseKeyId } from '../keyId.ts'
import { strip } from '../ini/lines.ts'

const idKey = 'aws_access_key_id'
const secretKey = 'aws_secret_access_key'

/** Characters that no editor shows: marks, joiners, directions, the soft hyphen. */
const invisible = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]/g

/** The first of them in a text, as a person would look it up. */
export function invisibleIn(text: string): string | undefined {
  const [found] = text.match(invisible) ?? []
  if (found === undefined) return undefined
  if (found === '\ufeff') return 'a byte order mark (U+FEFF)'
  const code = found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')
  return `an invisible character (U+${code})`
}

export function withoutInvisible(text: string): string {
  return text.replace(invisible, '')
}

/** A line that keeps a tool from reading what the person meant: what it is, and the edit that mends it. */
export interface Cure {
  /** 1-based. */
  readonly line: number
  readonly what: string
  readonly fix: string
}

/** A header where it cannot be seen: behind an invisible character or blanks, at the end of another line, or without a bracket. */
export function hiddenHeader(document: IniDocument, line: number): Cure | undefined {
  const text = strip(document.text(line))
  const hidden = invisibleIn(text)
  const bare = strip(withoutInvisible(text))
  const head = /^\[[^\][]+\]$/.test(bare) ? bare : undefined
  if (hidden !== undefined && head !== undefined)
    return {
      line,
      what: `${hidden} before the header ${head}`,
      fix: `Remove it: write ${head} on line ${line} by hand, or retype the line.`,
    }
  if (head !== undefined && document.text(line) !== text)
    return {
      line,
      what: `the header ${head} is indented, so that it goes on with the line above`,
      fix: `Remove the blanks before ${head} on line ${line}.`,
    }
  if (/^\[[\w .@+-]+$/.test(text) || /^[\w .@+-]+\]$/.test(text)) {
    const name = text.replace(/[[\]]/g, '')
    return {
      line,
      what: 'a header without one of its brackets',
      fix: `Write [${name}] on line ${line}.`,
    }
  }
  const glued = /^[^\s[].*(\[[^\][]+\])$/.exec(bare)?.[1]
  if (glued !== undefined)
    return {
      line,
      what: `the header ${glued} is glued to the end of line ${line}`,
      fix: `Put ${glued} on a line of its own, after line ${line}.`,
    }
  return undefined
}

/** Of a value that ends too early: the line below that is its rest. */
export function brokenOff(document: IniDocument, entry: Entry): Cure | undefined {
  const value = document.bytes.toString('latin1', entry.start, entry.end)
  const next = entry.line + 1
  const rest = strip(document.text(next))
  if (!isRestOf(entry.key, value, rest)) return undefined
  return {
    line: next,
    what: `line ${next} belongs to line ${entry.line}: ${nameOf(entry.key)} is broken over two lines`,
    fix: `Join line ${next} to the end of line ${entry.line}.`,
  }
}

function isRestOf(key: string, value: string, rest: string): boolean {
  if (rest === '' || !/^[A-Za-z0-9/+=]+$/.test(rest)) return false
  if (key === secretKey) return value.length < 40 && value.length + rest.length === 40
  if (key === idKey) return value.length < 20 && parseKeyId(value + rest) !== undefined
  return false
}

function nameOf(key: string): string {
  if (key === idKey) return 'the key id'
  return key === secretKey ? 'the secret' : 'the session token'
}

/** A line that is no setting, below one whose value it may go on with: the secret, the id, a session token. */
export function restOfAbove(document: IniDocument, line: number): Cure | undefined {
  const rest = strip(document.text(line))
  if (rest.length < 2 || !/^[A-Za-z0-9/+=]+$/.test(rest)) return undefined
  const above = document.sections
    .flatMap(({ entries }) => entries)
    .filter((entry) => entry.line < line)
    .at(-1)
  if (!above || !/^aws_(secret_access_key|access_key_id|session_token|security_token)$/.test(above.key))
    return undefined
  // Between the two only lines of the same kind: a token may be broken over many.
  for (let at = above.line + 1; at < line; at++)
    if (!/^[A-Za-z0-9/+=]+$/.test(strip(document.text(at)))) return undefined
  return {
    line,
    what: `line ${line} belongs to line ${above.line}: ${nameOf(above.key)} is broken over several lines`,
    fix: `Join line ${line} to the end of line ${above.line}.`,
  }
}

/** A setting that is meant for one half of the pair under another name. */
export interface NearMiss {
  readonly entry: Entry
  readonly means: typeof idKey | typeof secretKey
  readonly cure: Cure
}

const otherNames: Readonly<Record<string, typeof idKey | typeof secretKey>> = {
  accesskey: idKey,
  accesskeyid: idKey,
  keyid: idKey,
  accessid: idKey,
  accesskeyids: idKey,
  secret: secretKey,
  secretkey: secretKey,
  secretaccesskey: secretKey,
  secretaccess: secretKey,
  secretkeyid: secretKey,
  secretaccesskeyid: secretKey,
  accesskeysecret: secretKey,
  accesssecretkey: secretKey,
}

export function nearMiss(document: IniDocument, entry: Entry): NearMiss | undefined {
  if (entry.key === idKey || entry.key === secretKey) return undefined
  const { line } = entry
  const written = strip(document.text(line).split(/=/)[0] ?? '')
  const hidden = invisibleIn(written)
  const shell = /^(export\s+|set\s+|setx\s+|\$env:)/i.exec(withoutInvisible(written))?.[0]
  const bare = strip(withoutInvisible(written).slice(shell?.length ?? 0)).toLowerCase()
  const means =
    [idKey, secretKey].find((key) => bare === key) ??
    otherNames[bare.replace(/[-_.\s]/g, '').replace(/^aws/, '')] ??
    [idKey, secretKey].find((key) => isTypo(bare, key))
  if (means !== idKey && means !== secretKey) return undefined
  const cure = (what: string): Cure => ({ line, what, fix: `Write ${means} = … on line ${line}.` })
  if (hidden !== undefined)
    return {
      entry,
      means,
      cure: {
        line,
        what: `${hidden} in the name ${means}`,
        fix: `Remove it: type the name ${means} on line ${line} anew.`,
      },
    }
  if (shell !== undefined)
    return { entry, means, cure: cure(`a line of a shell: ${shell.trim()} before ${means}`) }
  return { entry, means, cure: cure(`${bare} is not the name that AWS’s tools look for`) }
}

/** At most two letters wrong, missing, too many or the wrong way round. */
function isTypo(text: string, name: string): boolean {
  if (Math.abs(text.length - name.length) > 2) return false
  // Rows of the edit distance, the last two kept.
  let [before, row]: [number[], number[]] = [[], Array.from({ length: name.length + 1 }, (_, at) => at)]
  for (let i = 1; i <= text.length; i++) {
    const next = [i]
    for (let j = 1; j <= name.length; j++) {
      const same = text[i - 1] === name[j - 1] ? 0 : 1
      let cost = Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + same)
      const swapped = i > 1 && j > 1 && text[i - 1] === name[j - 2] && text[i - 2] === name[j - 1]
      if (swapped) cost = Math.min(cost, (before[j - 2] as number) + 1)
      next.push(cost)
    }
    ;[before, row] = [row, next]
  }
  return (row[name.length] as number) <= 2
}
