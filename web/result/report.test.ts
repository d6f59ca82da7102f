import { describe, expect, it } from 'vitest'
import { finished, partial, rotation } from '../fixtures.ts'
import { reportJson, reportText } from './report.ts'
import { undoLabel, undoWords } from './undo.ts'

describe('reportText', () => {
  it('counts first, then names what needs a person before what is done', () => {
    const text = reportText(partial)
    expect(text.split('\n').slice(0, 3).join('\n')).toMatch(
      /4 of 7 keys rotated[^]*4 rotated, 2 need attention, 1 rolled back, 0 stopped; 7 keys in all/,
    )
    expect(text.indexOf('Needs you: ci-deploy')).toBeLessThan(text.indexOf('Rotated: default'))
    expect(text).toContain('AWS said: AccessDenied, request 7a1f3c52')
    expect(text).toContain('36 hours')
  })

  it('calls an inactive key inactive, never deleted', () => {
    expect(reportText(finished)).toContain('old key AKIAWKEYTURNXXXXDEFA: inactive')
    expect(reportText(finished)).not.toMatch(/: deleted/)
  })

  it('is JSON for programs', () => {
    expect(JSON.parse(reportJson(finished))).toMatchObject({ keyturn: 'report', run: { id: 'run-1' } })
  })
})

describe('undo words', () => {
  const one = rotation(['default'], { key: 'AKIAOLDABCD', newKey: 'AKIANEWWXYZ' })

  it('says on the button exactly what it does', () => {
    expect(undoLabel([one], 'restore', 'deactivate')).toBe('Put ****ABCD back and turn off ****WXYZ')
    expect(undoLabel([one], 'restore', 'delete')).toBe('Put ****ABCD back and delete ****WXYZ')
    expect(undoLabel([one], 'reactivate', 'deactivate')).toBe('Activate ****ABCD again')
  })

  it('counts only those that can still be undone that way', () => {
    const gone = rotation(['x'], { undo: ['reactivate'] })
    expect(undoLabel([one, gone, one], 'restore', 'deactivate')).toBe(
      'Put 2 old keys back and turn off the new ones',
    )
    expect(undoLabel([one, gone], 'reactivate', 'deactivate')).toBe('Activate 2 old keys again')
  })

  it('names the profiles that still hold the new key, and no other', () => {
    const moved = rotation(['a', 'b'], {
      profiles: [
        { name: 'a', file: 'credentials', state: 'new' },
        { name: 'b', file: 'credentials', state: 'other' },
      ],
    })
    expect(undoWords([moved], 'restore')).toContain('into a;')
  })
})
