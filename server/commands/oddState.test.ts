import fs from 'node:fs/promises'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { beforeEach, describe, expect, it } from 'vitest'
import { parseOptions } from './options.ts'
import { runCommand } from './runCommand.ts'
import { CommandGround } from './testing/commandGround.ts'
import { kinds, places } from './testing/oddThings.ts'

// Whatever stands in the place of a file that Keyturn keeps, a command ends, says what it is, and does what does not
// depend on it.

let ground: CommandGround
beforeEach(async () => {
  ground = await CommandGround.lay([{ name: 'alice' }])
})

/** In this process: a process of its own for each of some hundred would take minutes. */
async function run(...argv: string[]) {
  const own = ['--state-dir', ground.state, '--endpoint-url', ground.sandbox.url]
  const files = ['--credentials-file', ground.credentials, '--config-file', ground.config]
  const parsed = parseOptions([...own, ...files, ...argv, '--json'])
  if (parsed.kind !== 'run') throw new Error(`not run: ${argv.join(' ')}`)
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const streams = { stdin: new PassThrough(), stdout, stderr, env: { HOME: ground.base } }
  const code = await runCommand(parsed.options, streams as never)
  const said = [stdout, stderr].map((stream) => String(stream.read() ?? ''))
  const [document, words] = [JSON.parse(said[0] ?? '') as Record<string, unknown>, said[1] ?? '']
  expect(document['exitCode']).toBe(code)
  expect(said.join('')).not.toMatch(/nobody foresaw|mistake of Keyturn|node:internal|\.ts:\d/)
  return { code, document, all: said.join(''), words }
}

it.skipIf(process.platform === 'win32')('in the place of the state directory it is a sentence', async () => {
  const state = ground.state
  await fs.rm(state, { recursive: true })
  for (const [kind, make] of kinds.filter(([name]) => name !== 'a directory')) {
    await make(state)
    for (const argv of [['status'], ['--recover'], ['rotate', '--all', '--yes']]) {
      const { code, document, words } = await run(...argv)
      expect([kind, argv, code]).toEqual([kind, argv, 1])
      expect(document['problem']).toMatchObject({ detail: expect.stringContaining(state) })
      expect(words).toContain(state)
    }
    await fs.rm(state)
  }
  await fs.writeFile(state, '')
  for (const argv of [['status'], ['--recover'], ['rotate', '--all', '--yes']]) {
    const { document } = await run(...argv, '--state-dir', path.join(state, 'below', 'it'))
    expect(document['problem']).toMatchObject({ detail: expect.stringContaining('not a directory') })
  }
})

it('an option that nobody knows is a document where JSON was asked for', { timeout: 60_000 }, async () => {
  const { code, stdout, stderr } = await ground.run('rotate', '--everything', '--json')
  expect(code).toBe(2)
  expect(stderr).toContain("'--everything'")
  expect(JSON.parse(stdout)).toMatchObject({ exitCode: 2, problem: { name: 'usage' } })
})

it('the page’s redirect file that a kill left in the state directory is ours, and goes', async () => {
  const left = path.join(ground.state, 'keyturn-0123456789abcdef.html')
  await fs.writeFile(left, 'x')
  expect((await run('status')).document['problem']).toBeUndefined()
  expect((await run('rotate', '--all', '--yes')).code).toBe(0)
  await expect(fs.stat(left)).rejects.toThrow('ENOENT')
})

describe('journals of old runs', () => {
  const header = {
    version: 1,
    run: '20260101T000000000Z-abcdef',
    kind: 'rotate',
    at: '2026-01-01T00:00:00.000Z',
    oldKey: 'deactivate',
    rotations: [
      {
        spec: {
          id: 'r.1',
          kind: 'rotate',
          from: 'AKIAOLD0000000000000',
          profiles: [{ name: 'old', file: 'credentials' }],
          retire: 'deactivate',
        },
        target: { region: 'us-east-1', partition: 'aws' },
      },
    ],
  }
  const [rotation] = header.rotations
  const withSpec = (spec: object) => ({
    ...header,
    rotations: [{ ...rotation, spec: { ...rotation?.spec, ...spec } }],
  })
  const entry = (fields: object) => ({ rotation: 'r.1', entry: { at: header.at, ...fields } })
  const forms: [string, readonly unknown[]][] = [
    ['of a kind that is not known', [{ ...header, kind: 'polish' }]],
    ['of a later version', [{ ...header, version: 2 }]],
    ['of another run', [{ ...header, run: '../../elsewhere' }]],
    ['null', [null]],
    ['a number', [1]],
    ['a list', [[]]],
    ['without rotations', [{ ...header, rotations: undefined }]],
    ['of rotations that are null', [{ ...header, rotations: [null] }]],
    ['of rotations without a spec', [{ ...header, rotations: [{}] }]],
    ['of profiles that are none', [withSpec({ profiles: 'all' })]],
    ['of a key that is a number', [withSpec({ from: 17 })]],
    ['of a time that is none', [{ ...header, at: 'today' }]],
    ['with an entry that is null', [header, null]],
    ['with an entry of no rotation', [header, { rotation: 'r.2', entry: {} }]],
    ['with an entry of facts that are none', [header, entry({ phase: 'done', step: 'create', facts: null })]],
    ['with an entry of an unknown phase', [header, entry({ phase: 'polished' })]],
    ['with an entry of an unknown step', [header, entry({ phase: 'done', step: 'polish' })]],
    ['with a failure without words', [header, entry({ phase: 'failed', step: 'check' })]],
    ['with a halt without words', [header, entry({ phase: 'halted' })]],
    ['with an end that is none', [header, entry({ phase: 'finished', outcome: 7 })]],
  ]

  it.each(forms)('cost no other run anything: %s', async (_, lines) => {
    const at = path.join(ground.state, 'runs', '20260101T000000000Z-abcdef.jsonl')
    await fs.mkdir(path.dirname(at), { mode: 0o700 })
    await fs.writeFile(at, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    const bytes = await fs.readFile(at)
    expect((await run('status')).document['problem']).toBeUndefined()
    expect((await run('--recover')).document['problem']).toBeUndefined()
    const rotated = await run('rotate', '--all', '--yes')
    expect([rotated.code, rotated.words]).toEqual([0, expect.anything()])
    expect((await fs.readFile(at)).subarray(0, bytes.length).equals(bytes)).toBe(true)
  })
})

describe.skipIf(process.platform === 'win32')(
  'in the place of a file of Keyturn’s',
  { timeout: 60_000 },
  () => {
    describe.each(places)('%s (%s)', (place, role) => {
      it.each(kinds)('%s', async (kind, make) => {
        const at = path.join(ground.state, place)
        await fs.mkdir(path.dirname(at), { recursive: true, mode: 0o700 })
        await fs.rm(at, { force: true })
        await make(at)
        const isFolder = ['runs', 'undo', 'hooks'].includes(place)
        const isPassedOver = [
          'lock',
          'ledger.jsonl',
          'places.jsonl',
          'after.jsonl',
          'watched.jsonl',
        ].includes(place)
        // A crash leaves a lock that says nothing, and a journal that never began.
        const isOdd =
          isFolder || place === 'settings.json'
            ? true
            : !(kind === 'an empty file' || (kind === 'garbage' && isPassedOver))
        if (!isOdd) await fs.utimes(at, 0, 0)

        const status = await run('status')
        expect(status.document['problem']).toBeUndefined()
        expect(JSON.stringify(status.document)).toContain('alice')
        const isDirectory = kind === 'a directory' && isFolder
        if (isOdd && role !== 'is nothing' && !isDirectory) expect(status.all).toContain(place)

        for (const argv of [['ls'], ['old'], ['after'], ['rotate', '--all', '--dry-run']]) await run(...argv)
        const recovered = await run('--recover')
        const rotated = await run('rotate', '--all', '--yes')
        for (const each of [recovered, rotated]) {
          const { problem } = each.document
          if (problem !== undefined) expect(each.words).toContain(ground.state)
        }
        if (role !== 'stops' && place !== 'runs') expect(recovered.document['problem']).toBeUndefined()
        // No key is lost, and none is left that nobody knows, whether or not it could be rotated.
        expect(await ground.works('alice')).toBe(true)
        const { id } = await ground.pair('alice')
        const active = ground.sandbox.control.keys('alice').filter(({ status: now }) => now === 'Active')
        expect(active.map((key) => key.id)).toEqual([id])
        const blocks = role === 'stops' || isFolder
        if (!isOdd || !blocks || isDirectory)
          expect([rotated.code, rotated.words]).toEqual([0, expect.anything()])
        else expect(rotated.code).not.toBe(0)
      })
    })
  },
)
