import { externalDataInterceptor } from '@smithy/core/config'
import { describe, expect, it } from 'vitest'
import { readSharedConfig } from './sharedConfigReader.ts'

const read = (text: string, which: 'credentials' | 'config' = 'credentials') =>
  readSharedConfig(Buffer.from(text), which)

describe('readSharedConfig', () => {
  it('reads credentials as the SDK does', async () => {
    expect(await read('[a]\r\naws_access_key_id = AKIA1 # old\n[b]\naws_secret_access_key=x=y\n')).toEqual({
      a: { aws_access_key_id: 'AKIA1' },
      b: { aws_secret_access_key: 'x=y' },
    })
  })

  it('strips the profile prefix of config sections and keeps the kinds of the others', async () => {
    const text =
      '[default]\nregion=a\n[profile p]\nregion=b\n[bare]\nregion=c\n[services s]\niam =\n  endpoint_url = u\n'
    expect(await read(text, 'config')).toEqual({
      default: { region: 'a' },
      p: { region: 'b' },
      'services.s': { 'iam.endpoint_url': 'u' },
    })
  })

  it('gives no sections where the loader refuses the file', async () => {
    expect(await read('[a]\nregion=x\n[__proto__]\nregion=y\n')).toEqual({})
  })

  it.each(['constructor', 'toString', '__defineGetter__', 'hasOwnProperty'])(
    'reads [%s] as the loader does, as no profile, and leaves no trace in the process',
    async (name) => {
      const holder = Object.prototype[name as 'toString']
      const before = Object.getOwnPropertyNames(holder)
      expect(await read(`[${name}] ; why\ncanary_secret = x\n[ok]\nregion = y\n`)).toEqual({
        ok: { region: 'y' },
      })
      expect(Object.getOwnPropertyNames(holder)).toEqual(before)
    },
  )

  it('keeps nothing of what it read, even when many reads run at once', async () => {
    const found = await Promise.all(Array.from({ length: 50 }, (_, n) => read(`[p${n}]\nregion=r${n}\n`)))
    found.forEach((sections, n) => expect(sections).toEqual({ [`p${n}`]: { region: `r${n}` } }))
    expect(Object.keys(externalDataInterceptor.getFileRecord())).toEqual([])
  })
})
