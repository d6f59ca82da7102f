import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FindingsFile } from './findingsFile.ts'
import type { Finding } from './ports.ts'

let dir: string
beforeEach(async () => {
  dir = await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-findings-'))
})
afterEach(() => fs.rm(dir, { recursive: true, force: true }))
const at = () => path.join(dir, 'keys.json')

const finding = (id: string, more: Partial<Finding> = {}): Finding => ({
  id,
  asOf: '2026-05-01T10:00:00.000Z',
  account: { id: '123456789012', derived: false, alias: 'acme' },
  user: { name: 'ann', arn: 'arn:aws:iam::123456789012:user/team/ann' },
  status: 'Active',
  createdAt: '2026-01-01T00:00:00.000Z',
  lastUsed: { at: '2026-04-30T00:00:00.000Z', service: 's3', region: 'eu-west-1' },
  siblings: [{ id: 'AKIAB', status: 'Inactive', lastUsed: {} }],
  ...more,
})

describe('FindingsFile', () => {
  it('remembers across a start, for the owner alone', async () => {
    const file = await FindingsFile.open(dir)
    await file.put(finding('AKIAA'))
    const again = await FindingsFile.open(dir)
    expect(again.all()).toEqual([finding('AKIAA')])
    expect(again.notice).toBeUndefined()
    expect((await fs.stat(at())).mode & 0o777).toBe(0o600)
    await again.forget(['AKIAA'])
    expect((await FindingsFile.open(dir)).all()).toEqual([])
  })

  it('takes out at its start what an older version kept in the place of a key id', async () => {
    const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
    const findings = [
      finding('AKIAA', { siblings: [{ id: secret, status: 'Active' }] }),
      finding(secret),
      finding('None'),
    ]
    await fs.writeFile(at(), JSON.stringify({ version: 1, findings }))
    const looking = await FindingsFile.open(dir, true)
    expect(looking.all()).toEqual([finding('AKIAA', { siblings: [] })])
    expect(await fs.readFile(at(), 'utf8')).toContain(secret)
    const file = await FindingsFile.open(dir)
    expect(file.all()).toEqual([finding('AKIAA', { siblings: [] })])
    const text = await fs.readFile(at(), 'utf8')
    expect(text).not.toContain(secret)
    expect(text).not.toContain('None')
  })

  it('keeps everything of many writes at once, in few', async () => {
    const file = await FindingsFile.open(dir)
    const ids = Array.from({ length: 300 }, (_, n) => `AKIA${n}`)
    await Promise.all(ids.map((id) => file.put(finding(id))))
    expect((await FindingsFile.open(dir)).all().map(({ id }) => id)).toEqual(ids)
  })

  it('does not remember trouble of the hour, and shows it until then', async () => {
    const file = await FindingsFile.open(dir)
    const offline = { name: 'network-dns', title: 'x', detail: 'y' }
    const denied = { name: 'access-denied', title: 'x', detail: 'y', action: 'iam:ListAccessKeys' }
    await file.put(finding('AKIAA', { problem: offline }))
    await file.put(finding('AKIAB', { problem: denied }))
    expect(file.get('AKIAA')?.problem).toEqual(offline)
    const again = await FindingsFile.open(dir)
    expect(again.get('AKIAA')?.problem).toBeUndefined()
    expect(again.get('AKIAB')?.problem).toEqual(denied)
  })

  it.each(['', 'nonsense', '[]', '{"version":2,"findings":[]}', '{"version":1,"findings":[{"id":"A"}]}'])(
    'puts %j aside and goes on without',
    async (text) => {
      await fs.writeFile(at(), text)
      const file = await FindingsFile.open(dir)
      expect(file.all()).toEqual([])
      expect(file.notice?.detail).toContain('keys.json.unreadable')
      expect(await fs.readFile(`${at()}.unreadable`, 'utf8')).toBe(text)
      await file.put(finding('AKIAA'))
      expect((await FindingsFile.open(dir)).all()).toHaveLength(1)
    },
  )

  it('goes on where the file cannot be read at all', async () => {
    await fs.mkdir(at())
    const file = await FindingsFile.open(dir)
    expect(file.notice?.name).toBe('findings-unreadable')
  })

  it('keeps a finding in force whose write fails, and says that it failed', async () => {
    const file = await FindingsFile.open(dir)
    await fs.rm(dir, { recursive: true })
    await expect(file.put(finding('AKIAA'))).rejects.toThrow(/ENOENT/)
    expect(file.get('AKIAA')).toEqual(finding('AKIAA'))
    await fs.mkdir(dir)
    await file.put(finding('AKIAB'))
    expect((await FindingsFile.open(dir)).all()).toHaveLength(2)
  })
})
