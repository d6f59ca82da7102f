import ini from 'ini'
import { expect, it } from 'vitest'
import { readSharedConfig } from '../../aws/sharedConfigReader.ts'
import { disagreement, generateCases } from '../testing/differential.ts'
import type { Seen } from '../testing/differential.ts'

const seeIni = (bytes: Buffer): Seen => {
  const text = bytes
    .toString('utf8')
    .split('\n')
    .map((line) => (/^\[[^\]]*\]\s*$/.test(line) ? line.replaceAll('.', '\\.') : line))
    .join('\n')
  const sections: Record<string, Record<string, unknown>> = Object.create(null)
  for (const [name, section] of Object.entries(ini.parse(text)))
    sections[name] =
      typeof section === 'object' && section !== null
        ? { ...(section as Record<string, unknown>) }
        : { value: section }
  return { sections }
}

it("AWS's loader and ini read what we write, and all else as before", { timeout: 120_000 }, async () => {
  const files = 2_000
  let writable = 0
  const wrong: string[] = []
  for await (const { which, before, write } of generateCases(files, 20_261_123, readSharedConfig)) {
    if (!write) continue
    writable++
    const old = before.document.bytes
    const aws = disagreement(
      { sections: (await readSharedConfig(old, which)) as Record<string, Record<string, unknown>> },
      { sections: (await readSharedConfig(write.bytes, which)) as Record<string, Record<string, unknown>> },
      write.profile,
      write.pair,
    )
    const second = disagreement(seeIni(old), seeIni(write.bytes), write.header, write.pair)
    for (const found of [aws && `aws: ${aws}`, second && `ini: ${second}`])
      if (found) wrong.push(`${found}\n${JSON.stringify(old.toString())}`)
  }
  console.log(
    `differential (AWS SDK for JavaScript, ini): ${files} files, ${writable} writable, ${wrong.length} disagreements`,
  )
  expect(wrong).toEqual([])
  expect(writable).toBeGreaterThanOrEqual(500)
})
