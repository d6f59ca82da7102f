import { describe, expect, it } from 'vitest'
import { readSharedConfig } from '../aws/sharedConfigReader.ts'
import { classify } from './classify.ts'
import { readWithAll } from './agreement/reading.ts'

const id = 'AKIAIOSFODNN7EXAMPLE'
const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const wordsOnly = 'wJalrXUtnFEMIaK7MDENGabPxRfiCYEXAMPLEKEY'
const look = async (text: string, which: 'credentials' | 'config' = 'credentials') => {
  const reading = await readWithAll(Buffer.from(text), which, readSharedConfig)
  return classify({ [which]: reading }, { credentials: 'CREDENTIALS', config: 'CONFIG' })
}
const pair = (key: string, value: string) => `aws_access_key_id = ${key}\naws_secret_access_key = ${value}\n`

describe('a value that cannot be a key id', () => {
  it.each([
    [secret, id, 'id-and-secret-swapped', /wrong way round/],
    [wordsOnly, id, 'id-and-secret-swapped', /wrong way round/],
    [secret, secret, 'not-a-key-id', /looks like a secret/],
    [`${id}\u200b`, secret, 'not-a-key-id', /invisible character \(U\+200B\)/],
    ['None', secret, 'placeholder-key-id', /placeholder, not a key id/],
    ['${AWS_ACCESS_KEY_ID}', secret, 'placeholder-key-id', /placeholder, not a key id/],
    ['op://vault/aws/id', secret, 'placeholder-key-id', /placeholder, not a key id/],
    ['YOUR_ACCESS_KEY_ID', secret, 'placeholder-key-id', /placeholder, not a key id/],
    ['****ABCD', secret, 'placeholder-key-id', /placeholder, not a key id/],
    ['<access-key>', secret, 'placeholder-key-id', /placeholder, not a key id/],
    ['{{ key }}', secret, 'placeholder-key-id', /placeholder, not a key id/],
    ['%AWS_ACCESS_KEY_ID%', secret, 'placeholder-key-id', /placeholder, not a key id/],
    ['AKIAXXXXXXXXXXXXXXXX', secret, 'placeholder-key-id', /placeholder, not a key id/],
    ['AKIAIOSFOD', secret, 'not-a-key-id', /cannot be a key id/],
    ['akiaiosfodnn7example', secret, 'not-a-key-id', /cannot be a key id/],
    ['minioadmin', secret, 'not-a-key-id', /cannot be a key id/],
  ])('%j is named, and given to nobody', async (key, value, name, words) => {
    for (const found of [
      await look(`[a]\n${pair(key, value)}`),
      await look(`[profile a]\n${pair(key, value)}`, 'config'),
    ]) {
      expect(found).toMatchObject([{ name: 'a', kind: 'incomplete', rotatable: false, reason: { name } }])
      expect(`${found[0]?.reason?.title} ${found[0]?.reason?.detail}`).toMatch(words)
      const all = JSON.stringify(found, (_, each: unknown) =>
        each && typeof each === 'object' && 'reveal' in each ? undefined : each,
      )
      for (const hidden of [key, secret, wordsOnly])
        expect(all).not.toContain(JSON.stringify(hidden).slice(1, -1))
    }
  })

  it('in a section that is no profile, too', async () => {
    const [found] = await look(`[x]\n${pair(secret, id)}`, 'config')
    expect(found?.pair).toBeUndefined()
    expect(JSON.stringify(found)).not.toContain(secret)
  })

  it('keeps the words about how its line is read, where it is one behind quotes or before a comment', async () => {
    for (const [key, words] of [
      [`"${id}"`, /in quotes/],
      [`${id} # old`, /a comment after the value/],
      [`${id}#old`, /characters that no AWS key has/],
    ] as const) {
      const [found] = await look(`[a]\n${pair(key, secret)}`)
      expect(found?.reason?.title).toMatch(words)
      expect(found?.pair).toBeUndefined()
    }
  })
})
