import { expect, it } from 'vitest'
import { IniDocument } from './document.ts'

it('takes linear time for 5 MiB of the worst', { timeout: 120_000 }, () => {
  const size = 5 * 1024 * 1024
  const shapes = [' ', '\r', '[', 'k=v\n', ' k\n']
  for (const shape of shapes) {
    const bytes = Buffer.alloc(size, shape)
    expect(IniDocument.parse(bytes).print().equals(bytes)).toBe(true)
  }
})
