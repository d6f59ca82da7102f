import fs from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Secret } from '../keyPair.ts'
import type { AnewProfile } from '../ports.ts'
import { StoreFixture } from '../testing/storeFixture.ts'

const id = 'AKIAIOSFODNN7EXAMPLE'
const other = 'AKIAI44QH8DHBEXAMPLE'
const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'

function fixture(): StoreFixture {
  const files = new StoreFixture()
  onTestFinished(() => files.remove())
  return files
}

function storeOf(files: StoreFixture, options = {}) {
  const store = files.open(options)
  onTestFinished(() => store.release())
  return store
}

const gone = (profile: string, more: Partial<AnewProfile> = {}): AnewProfile => ({
  file: 'credentials',
  profile,
  pair: { id, secret: new Secret(secret) },
  ...more,
})
const lines = (header: string, of = id) =>
  `[${header}]\naws_access_key_id = ${of}\naws_secret_access_key = ${secret}\n`

describe('profiles written anew', () => {
  it('stand in a file that is made, its directory too, for its owner alone', async () => {
    const files = fixture()
    await fs.rm(files.directory, { recursive: true })
    const store = storeOf(files)
    await store.preflight(['credentials'], true)
    await store.putAnew([gone('one', { region: 'eu-west-1' }), gone('two')])
    expect(await files.text('credentials')).toBe(`${lines('one')}region = eu-west-1\n\n${lines('two')}`)
    expect((await fs.stat(files.credentials)).mode & 0o777).toBe(0o600)
    expect(await files.leftOver()).toEqual([])
    // Once more is the same as once.
    await store.putAnew([gone('one'), gone('two')])
    expect(await files.text('credentials')).toBe(`${lines('one')}region = eu-west-1\n\n${lines('two')}`)
  })

  it('go to the end of both files, each under the header that it has there', async () => {
    const files = fixture()
    await files.put('credentials', '# mine\n[kept]\nregion = us-east-1')
    await files.put('config', '[default]\noutput = json\n')
    await storeOf(files).putAnew([
      gone('one'),
      gone('work', { file: 'config' }),
      gone('default', { file: 'config', region: 'eu-west-1' }),
    ])
    expect(await files.text('credentials')).toBe(`# mine\n[kept]\nregion = us-east-1\n\n${lines('one')}`)
    expect(await files.text('config')).toBe(
      `[default]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\nregion = eu-west-1\noutput = json\n\n${lines('profile work')}`,
    )
  })

  it.each([
    ['an empty section', '[one]\n'],
    ['a section without an end', '[one]'],
    ['half an id', '[one]\naws_access_key_id = AKIAIOSF'],
    ['an id alone', `[one]\naws_access_key_id = ${id}\n`],
    ['half a secret', `[one]\naws_access_key_id = ${id}\naws_secret_access_key = wJal`],
    ['half a name', `[one]\naws_access_key_id = ${id}\naws_secret_ac`],
    ['half a header', '[on'],
    ['a secret alone', `[one]\naws_secret_access_key = ${secret}\n`],
  ])('complete what is left of one: %s', async (_, left) => {
    const files = fixture()
    await files.put('credentials', `${lines('kept', other)}\n${left}`)
    const store = storeOf(files)
    await store.putAnew([gone('one')])
    const text = await files.text('credentials')
    expect(text.startsWith(`${lines('kept', other)}\n`)).toBe(true)
    const [kept, one, ...rest] = (await store.read()).profiles
    expect([kept?.pair?.id, one?.pair?.id, one?.pair?.secret.reveal(), rest]).toEqual([other, id, secret, []])
    expect(one?.rotatable).toBe(true)
  })

  it('complete one with the region that it had, unless it has one', async () => {
    const files = fixture()
    await files.put('credentials', '[one]\nregion = eu-north-1\n\n[two]\n\n[three]\n')
    await storeOf(files).putAnew([gone('one', { region: 'eu-west-1' }), gone('two', { region: 'eu-west-2' })])
    const text = await files.text('credentials')
    expect(text).toContain('region = eu-north-1')
    expect(text).toMatch(/\[two\]\n.*\n.*\nregion = eu-west-2\n\n\[three\]\n$/)
    expect(text).not.toContain('eu-west-1')
  })

  it.each([
    ['holds another pair by now', lines('one', other), 'file-moved'],
    ['is of a file that no tool reads', `[a]\nx = 1\n[a]\ny = 2\n`, 'file-ambiguous'],
    ['would inherit what stands under [DEFAULT]', '[DEFAULT]\naws_session_token = t\n', 'file-ambiguous'],
    ['has a name that readers would not agree on', '', 'file-ambiguous', 'my "own]'],
  ])('leave the file as it is where one %s', async (_, text, name, profile = 'one') => {
    const files = fixture()
    await files.put('credentials', text)
    await expect(storeOf(files).putAnew([gone(profile)])).rejects.toMatchObject({ trouble: { name } })
    expect(await files.text('credentials')).toBe(text)
  })

  it('leave a file that cannot be read as it is', async () => {
    const files = fixture()
    await files.put('credentials', Buffer.from(`\ufeff${lines('kept', other)}`, 'utf16le'))
    await expect(storeOf(files).putAnew([gone('one')])).rejects.toMatchObject({
      trouble: { name: 'not-a-profile-file' },
    })
  })

  it('are refused beforehand where they could not be written', async () => {
    const files = fixture()
    await fs.mkdir(path.join(files.directory, '.credentials.keyturn.lock'))
    const store = storeOf(files, { lockPatienceMs: 10 })
    await expect(store.preflight(['credentials'], true)).rejects.toHaveProperty('trouble')
    await fs.rm(files.directory, { recursive: true })
    await fs.writeFile(files.directory, '')
    await expect(store.preflight(['credentials'], true)).rejects.toHaveProperty('trouble')
  })

  it('leave nothing behind where a crash cut the making of the file short', async () => {
    const files = fixture()
    await fs.writeFile(path.join(files.directory, '.credentials.keyturn-0123456789abcdef.tmp'), 'half')
    await storeOf(files).read()
    expect(await files.leftOver()).toEqual([])
  })
})
