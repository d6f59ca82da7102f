import { styleText } from 'node:util'
import type { Environment } from '../platform/environment.ts'

export type Tone = 'good' | 'bad' | 'busy' | 'hint'
const codes = { good: 'green', bad: 'red', busy: 'cyan', hint: 'cyan' } as const

/** As most programs do, and Node itself: FORCE_COLOR before NO_COLOR, and neither without a terminal. */
export function hasColours(stream: { readonly isTTY?: boolean }, env: Environment): boolean {
  const forced = env['FORCE_COLOR']
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  return stream.isTTY === true && env['TERM'] !== 'dumb' && !env['NO_COLOR']
}

type Format = Parameters<typeof styleText>[0]
// Whether the stream takes colours is known already, and it may be another process's.
const paint = (format: Format, text: string) => styleText(format, text, { validateStream: false })

export function coloured(colours: boolean, tone: Tone, text: string): string {
  return colours ? paint(codes[tone], text) : text
}

const signs: Readonly<Record<string, Format>> = { '+': 'green', '~': 'yellow', '-': 'red' }

/** Pure: one line, coloured by what its parts are. */
export function styled(line: string, colours: boolean): string {
  if (!colours) return line
  const sign = signs[/^([+~-]) /.exec(line)?.[1] ?? '']
  if (sign) return paint(sign, line)
  return line
    .replace(/^(ALARM:|keyturn:)/, (word) => paint(['bold', 'red'], word))
    .replace(/\[[^\]]+\]/g, (name) => paint('bold', name))
    .replace(/\*{4}\w{4}\b|\b[A-Z]{4}[A-Z0-9]{12,}\b/g, (id) => paint('dim', id))
}
