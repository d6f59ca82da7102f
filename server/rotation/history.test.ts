import { describe, expect, it } from 'vitest'
import type { HistoryRow } from '../api/run.ts'
import { historyCsv } from './history.ts'

const row: HistoryRow = {
  run: 'r1',
  rotation: 'r1-0',
  kind: 'rotate',
  startedAt: '2026-03-01T12:00:00.000Z',
  finishedAt: '2026-03-01T12:00:09.000Z',
  oldKeyMode: 'deactivate',
  account: '111122223333',
  user: 'ann',
  profiles: ['dev', 'ops'],
  key: 'AKIAOLD',
  newKey: 'AKIANEW',
  outcome: 'rolledBack',
  problem: 'It never worked.',
  code: 'InvalidClientTokenId',
  steps: [
    { name: 'confirm', milliseconds: 2 },
    { name: 'check', milliseconds: 1 },
  ],
}
const header =
  'run,rotation,kind,startedAt,finishedAt,oldKeyMode,account,user,profiles,key,newKey,outcome,code,problem,' +
  'checkMs,unifyMs,makeRoomMs,createMs,activateMs,verifyMs,saveMs,proveMs,hookMs,retireMs,confirmMs\r\n'

/** The cell of one column in the one line after the header, as it is written. */
function cell(column: string, change: Partial<HistoryRow>): string | undefined {
  const line = historyCsv([{ ...row, ...change }]).slice(header.length, -2)
  const cells = [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/gy)].map(([, text]) => text)
  return cells[header.trimEnd().split(',').indexOf(column)]
}

describe('the history as CSV', () => {
  it('has a line per rotation below the names of the columns, each ended by CR LF', () => {
    expect(historyCsv([])).toBe(header)
    expect(historyCsv([row, { ...row, rotation: 'r1-1', profiles: ['x'] }])).toBe(
      `${header}r1,r1-0,rotate,2026-03-01T12:00:00.000Z,2026-03-01T12:00:09.000Z,deactivate,111122223333,ann,dev ops,AKIAOLD,AKIANEW,rolledBack,InvalidClientTokenId,It never worked.,1,,,,,,,,,,2\r\n` +
        `r1,r1-1,rotate,2026-03-01T12:00:00.000Z,2026-03-01T12:00:09.000Z,deactivate,111122223333,ann,x,AKIAOLD,AKIANEW,rolledBack,InvalidClientTokenId,It never worked.,1,,,,,,,,,,2\r\n`,
    )
  })

  it('leaves empty what is not known', () => {
    const { run, rotation, kind, startedAt, oldKeyMode, key, outcome } = row
    expect(
      historyCsv([{ run, rotation, kind, startedAt, oldKeyMode, profiles: [], key, outcome, steps: [] }]),
    ).toBe(
      `${header}r1,r1-0,rotate,2026-03-01T12:00:00.000Z,,deactivate,,,,AKIAOLD,,rolledBack,,,,,,,,,,,,,\r\n`,
    )
  })

  it.each([
    ['a, b', '"a, b"'],
    ['said "no"', '"said ""no"""'],
    ['one\ntwo', '"one\ntwo"'],
    ['one\rtwo', '"one\rtwo"'],
    ['a;b', 'a;b'],
  ])('quotes %j where a reader would take it apart', (problem, quoted) => {
    expect(cell('problem', { problem })).toBe(quoted)
  })

  it.each(['=cmd|x', '+1', '-1', '@SUM(A1)', '\tx'])(
    'lets no %j become a formula of a spreadsheet',
    (name) => {
      expect(cell('profiles', { profiles: [name] })).toBe(`'${name}`)
    },
  )

  it('does so inside quotes too, and for a carriage return in front', () => {
    expect(cell('profiles', { profiles: ['=HYPERLINK("http://x")'] })).toBe(`"'=HYPERLINK(""http://x"")"`)
    expect(cell('profiles', { profiles: ['\r=1'] })).toBe(`"'\r=1"`)
  })

  it('leaves such a character alone in the middle', () => {
    expect(cell('user', { user: 'a=b+c-d@e' })).toBe('a=b+c-d@e')
  })
})
