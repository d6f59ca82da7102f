import type { IniDocument } from './document.ts'

export interface ExcerptLine {
  readonly line: number
  readonly text: string
}

/** A name that a setting may have; what else stands left of a delimiter may be a piece of a secret. */
const settingName = /^[a-z][a-z0-9]{0,14}(_[a-z0-9]{1,14}){0,4}$/

/** A line and the ones beside it, with nothing of them that could be a value: of a broken line nobody knows what it holds. */
export function excerptOf(document: IniDocument, line: number): ExcerptLine[] {
  return [line - 1, line, line + 1]
    .filter((each) => each >= 1 && each <= document.lines.length)
    .map((each) => ({ line: each, text: masked(document.text(each)) }))
}

/** Its blanks, its header or its name, and that there is more. */
export function masked(text: string): string {
  const [, blanks = '', rest = ''] = /^(\s*)(.*)$/s.exec(text.trimEnd()) ?? []
  if (rest === '') return ''
  if (/^[#;]/.test(rest)) return `${blanks}${rest[0]} …`
  const header = /^\[[^\]]*\]/.exec(rest)?.[0]
  if (header !== undefined) return blanks + header + (rest === header ? '' : ' …')
  const [, name = '', delimiter = ''] = /^([^=:]*?)(\s*[=:])/.exec(rest) ?? []
  return blanks + (settingName.test(name) ? `${name}${delimiter} …` : '…')
}
