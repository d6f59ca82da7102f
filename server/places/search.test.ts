import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Wanted } from './forms.ts'
import { search, type SearchOptions, type SearchResult } from './search.ts'
import { groundOf } from './searchGround.ts'

const id = 'AKIAIOSFODNN7EXAMPL2'
const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
const other = 'AKIAI44QH8DHBEXAMPLE'
const wanted: Wanted[] = [{ id, secrets: [secret] }]

let home = ''
beforeEach(() => {
  home = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'keyturn-places-')))
})
afterEach(() => {
  fs.rmSync(home, { recursive: true, force: true })
})

function plant(name: string, content: string | Buffer): string {
  const file = path.join(home, name)
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, content)
  return file
}

async function look(
  options: SearchOptions & { in?: string[]; wanted?: Wanted[] } = {},
): Promise<SearchResult> {
  const setup = await groundOf(
    {
      home,
      env: {},
      platform: 'linux',
      awsFiles: [path.join(home, '.aws/credentials'), path.join(home, '.aws/config')],
      stateDirectory: path.join(home, '.local/state/keyturn'),
    },
    options.wanted ?? wanted,
    options.in,
  )
  return search(setup, options)
}

/** What was found, as `path:line what`, sorted. */
const said = ({ found }: SearchResult) =>
  found
    .flatMap(({ path: file, standings }) =>
      standings.map(
        ({ line, holds, key }) => `${path.relative(home, file)}:${line} ${holds} ${key.slice(-4)}`,
      ),
    )
    .sort()
const why = ({ passed }: SearchResult, name: string) =>
  passed.find((each) => each.path === path.join(home, name))?.why

describe('a search', () => {
  it('finds every copy in its real form, with its line, and nothing else', async () => {
    plant('.s3cfg', `[default]\naccess_key = ${id}\nsecret_key = ${secret}\n`)
    plant('.passwd-s3fs', `${id}:${secret}\n`)
    plant('src/api/.env', `# dev\nAWS_ACCESS_KEY_ID=${id}\r\nAWS_SECRET_ACCESS_KEY=${secret}\r\n`)
    plant('.bash_history', `ls\nexport AWS_ACCESS_KEY_ID=${id}\n`)
    plant('notes.txt', Buffer.from(`\ufeffone\r\n${id}\r\n${secret}\r\n`, 'utf16le'))
    plant('k8s/secret.yaml', `data:\n  id: ${Buffer.from(id).toString('base64')}\n`)
    plant('deploy.sh', `curl "s3://${encodeURIComponent(id)}:${encodeURIComponent(secret)}@bucket"\n`)
    plant('app/config.json', JSON.stringify({ secret }).replaceAll('/', '\\/'))
    plant('.aws/credentials.bak', `[a]\naws_access_key_id = ${id}\n`)
    plant('.aws/credentials', `[a]\naws_access_key_id = ${id}\n`)
    plant('.local/state/keyturn/undo/x.json', `{"id":"${id}"}`)
    plant('db.bin', Buffer.concat([Buffer.from([0, 1, 0, 0, 2]), Buffer.from(id), Buffer.from([7])]))
    for (const [at, decoy] of [`X${id}`, `${id}X`, id.toLowerCase(), id.slice(0, -1), other].entries())
      plant(`decoys/${at}`, `key = ${decoy}\n${secret.slice(1)}\nA${secret}\n`)
    const result = await look()
    expect(said(result)).toEqual(
      [
        '.aws/credentials.bak:1 id',
        '.bash_history:2 id',
        '.passwd-s3fs:1 pair',
        '.s3cfg:2 pair',
        'app/config.json:1 secret',
        'db.bin:1 id',
        'deploy.sh:1 pair',
        'k8s/secret.yaml:2 id',
        'notes.txt:2 pair',
        'src/api/.env:2 pair',
      ]
        .map((each) => `${each} ${id.slice(-4)}`.replace('.bak:1', '.bak:2'))
        .sort(),
    )
    expect(result.stopped).toBe(false)
    // Nothing that is handed back has more of the files than where an id stands.
    expect(JSON.stringify(result)).not.toContain(secret)
  })

  it('passes over what is awkward, says so, and never waits', async () => {
    plant('outside/.env', `${id}\n`)
    const tree = path.join(home, 'tree')
    fs.mkdirSync(tree)
    fs.symlinkSync(path.join(home, 'outside'), path.join(tree, 'linked'))
    fs.symlinkSync(path.join(home, 'outside/.env'), path.join(tree, '.env'))
    fs.symlinkSync(tree, path.join(tree, 'loop'))
    execFileSync('mkfifo', [path.join(tree, 'pipe')])
    const socket = net.createServer().listen(path.join(tree, 'socket'))
    plant('tree/node_modules/a/index.js', id)
    plant('tree/photo.png', id)
    plant('tree/.git/config', `url = https://${id}@host\n`)
    plant('tree/.git/objects/aa/bb', id)
    plant('tree/cloud.txt', '')
    fs.truncateSync(path.join(tree, 'cloud.txt'), 100_000)
    plant('tree/closed/x', id)
    fs.chmodSync(path.join(tree, 'closed'), 0)
    const result = await look({ in: [tree] })
    fs.chmodSync(path.join(tree, 'closed'), 0o700)
    socket.close()
    const asRoot = process.getuid?.() === 0
    expect(said(result)).toEqual([
      ...['tree/.git/config:1 id MPL2'],
      ...(asRoot ? ['tree/closed/x:1 id MPL2'] : []),
    ])
    for (const name of ['linked', '.env', 'loop']) expect(why(result, `tree/${name}`)).toContain('link')
    expect(why(result, 'tree/pipe')).toContain('pipe')
    expect(why(result, 'tree/socket')).toContain('socket')
    expect(why(result, 'tree/node_modules')).toContain('packages')
    expect(why(result, 'tree/photo.png')).toContain('image')
    expect(why(result, 'tree/cloud.txt')).toContain('cloud')
    if (!asRoot) expect(why(result, 'tree/closed')).toBe('not permitted')
  })

  it('finds what stands across the border of two parts of a large file, and counts its lines', async () => {
    const line = `${'x'.repeat(99)}\n`
    const long = line.repeat(10_486)
    for (const shift of [0, 10, 19, 20, 60])
      plant(`big${shift}.log`, `${long.slice(0, 1_048_576 - shift)}\n${id} ${secret}\n${line.repeat(50)}`)
    const result = await look()
    expect(said(result).map((each) => each.replace(/:.*? /, ' '))).toEqual(
      [0, 10, 19, 20, 60].map((shift) => `big${shift}.log pair MPL2`),
    )
    for (const { standings } of result.found) expect(standings[0]?.line).toBe(10_487)
  })

  it('shares a folder of many files among the threads', async () => {
    fs.mkdirSync(path.join(home, 'many'))
    for (let each = 0; each < 3_000; each++) plant(`many/${each}`, each % 1_000 === 7 ? id : 'nothing')
    const result = await look({ in: [home] })
    expect(result.files).toBe(3_000)
    expect(said(result)).toHaveLength(3)
  })

  it('ends at once when it is stopped, with what it had', async () => {
    plant('a/b', id)
    const result = await look({ signal: AbortSignal.abort() })
    expect(result.stopped).toBe(true)
    expect(result.files).toBe(0)
  })

  it('looks through a folder that is named although its name would be passed over', async () => {
    plant('node_modules/a', id)
    expect(said(await look({ in: [path.join(home, 'node_modules')] }))).toEqual(['node_modules/a:1 id MPL2'])
    expect(said(await look({ in: [path.join(home, 'node_modules/a')] }))).toEqual([
      'node_modules/a:1 id MPL2',
    ])
  })
})
