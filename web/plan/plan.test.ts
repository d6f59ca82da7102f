import { describe, expect, it } from 'vitest'
import { maskLine } from './mask.ts'
import { sectionsOf } from './sections.ts'
<<<<<<< HEAD
=======
import { withChoice, withOldKey, withoutChoice, withoutKey, withoutRoom } from './replan.ts'
>>>>>>> ad2f9fc (Keep old keys for some days from the page, and turn off by one press what is over them)

describe('maskLine', () => {
  it.each([
    ['aws_access_key_id = AKIAWKEYTURNXXXX7Q2D', 'aws_access_key_id = AKIAWKEYTURNXXXX7Q2D'],
    ['aws_secret_access_key = ••••••••', 'aws_secret_access_key = ••••••••'],
    ['aws_secret_access_key = (new secret)', 'aws_secret_access_key = (new secret)'],
    ['aws_secret_access_key = wJalrXUtnFEMI/K7MDENG', 'aws_secret_access_key = ••••••••'],
    ['  AWS_Secret_Access_Key=wJalr', '  AWS_Secret_Access_Key=••••••••'],
    ['aws_session_token: abc==', 'aws_session_token: ••••••••'],
    ['aws_secret_access_key = (New Secret wJalr1)', 'aws_secret_access_key = ••••••••'],
  ])('%s', (line, shown) => expect(maskLine(line)).toBe(shown))
})

it('gathers the changed lines of each profile in the order of the file', () => {
  const line = { file: 'credentials' as const, path: 'p', before: '', after: '' }
  const found = sectionsOf([
    { ...line, profile: 'a', line: 9 },
    { ...line, profile: 'b', line: 1 },
    { ...line, profile: 'a', line: 8 },
  ])
  expect(found.map(({ profile, lines }) => [profile, lines.map((each) => each.line)])).toEqual([
    ['a', [8, 9]],
    ['b', [1]],
  ])
})
<<<<<<< HEAD
=======

describe('replanning', () => {
  const p = plan()
  const { request } = p

  it('adds picks and takes them back', () => {
    const [spare, twin] = p.choose
    const picked = withChoice(withChoice(request, spare!, spare!.choices[0]!), twin!, twin!.choices[0]!)
    expect(picked.deleteSpares).toContain(spare!.choices[0]!.spare.id)
    expect(picked.merge).toEqual([twin!.key, twin!.choices[0]!.spare.id])
    const back = withoutChoice(picked, [...picked.merge!, ...picked.deleteSpares!])
    expect(back).toEqual({ keys: request.keys, oldKey: 'deactivate' })
  })

  it('keeps old keys for some days, and forgets these with another answer', () => {
    const kept = withOldKey(request, 'keep', 7)
    expect(kept).toMatchObject({ keys: request.keys, oldKey: 'keep', keepDays: 7 })
    expect(withOldKey(kept, 'keep', undefined)).not.toHaveProperty('keepDays')
  })

  it('leaves a key out, also of a plan for all', () => {
    const key = p.rotate[0]!.key
    expect(withoutKey({ keys: 'all', oldKey: 'keep' }, p, key).keys).toEqual(
      (request.keys as string[]).filter((id) => id !== key),
    )
  })
})

describe('what makes room without being named, taken back for one key', () => {
  const line = (key: string, spare: string, of: Plan['makeRoom'][number]['class'] = 'ours-quiet') => ({
    key,
    spare,
    class: of,
    decided: true,
  })
  const roomy = { makeRoom: [line('A', 'a'), line('B', 'b'), line('C', 'c', 'merge')] } as unknown as Plan
  const request: PlanRequest = { keys: 'all', oldKey: 'deactivate' }

  it('is asked about, and named for the others', () => {
    expect(withoutRoom(request, roomy, 'A')).toEqual({ ...request, makeRoom: 'ask', deleteSpares: ['b'] })
  })

  it('is no longer named where the person had named it', () => {
    const named = { ...request, deleteSpares: ['a'] }
    expect(withoutRoom(named, roomy, 'A')).toEqual(request)
  })

  it('is no longer merged where the two were', () => {
    const merged = { ...request, merge: ['C', 'c'] }
    expect(withoutRoom(merged, roomy, 'C')).toEqual(request)
  })
})
>>>>>>> ad2f9fc (Keep old keys for some days from the page, and turn off by one press what is over them)
