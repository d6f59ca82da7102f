import fs from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'

const documents = [
  'README.md',
  'ARCHITECTURE.md',
  'SECURITY.md',
  ...fs
    .readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join('docs', name)),
]

it.each(documents)('%s points at nothing that is not there', (document) => {
  const text = fs.readFileSync(document, 'utf8')
  const links = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, link]) => link as string)
  const missing = links.filter(
    (link) => !/^[a-z]+:/.test(link) && !fs.existsSync(path.join(path.dirname(document), link)),
  )
  expect(missing).toEqual([])
})
