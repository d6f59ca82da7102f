import fs from 'node:fs'
import path from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'
import { kindOf, troubles } from './troubles.ts'

// The source is read, since a trouble is written where it is met: its words are about that very thing.

const roots = ['server', 'web']
const sources = roots
  .flatMap((root) =>
    fs.readdirSync(root, { recursive: true, encoding: 'utf8' }).map((name) => path.join(root, name)),
  )
  .filter((name) => /(?<!\.test)\.ts$/.test(name) && !/[\\/]testing[\\/]|troubles\.ts$/.test(name))
  .map((name) => ts.createSourceFile(name, fs.readFileSync(name, 'utf8'), ts.ScriptTarget.Latest, true))

/** Names of troubles that the source writes down: of every literal that has a name in kebab case, and a title. */
function written(): Map<string, string> {
  const found = new Map<string, string>()
  const visit = (node: ts.Node, file: string): void => {
    if (ts.isObjectLiteralExpression(node)) {
      const [name, title] = ['name', 'title'].map((wanted) =>
        node.properties.find((each) => each.name?.getText() === wanted),
      )
      if (title && name && ts.isPropertyAssignment(name))
        for (const text of literals(name.initializer)) found.set(text, file)
    }
    ts.forEachChild(node, (child) => visit(child, file))
  }
  for (const source of sources) visit(source, source.fileName)
  return found
}

function literals(node: ts.Expression): string[] {
  if (ts.isConditionalExpression(node)) return [...literals(node.whenTrue), ...literals(node.whenFalse)]
  return ts.isStringLiteral(node) ? [node.text] : []
}

it('has every trouble that the source names', () => {
  const names = written()
  expect(names.size).toBeGreaterThan(140)
  const missing = [...names].filter(([name]) => !Object.hasOwn(troubles, name))
  expect(missing.map(([name, file]) => `${name} in ${file}`)).toEqual([])
})

it('has none that nothing names', () => {
  const all = sources.map((source) => source.text).join('\n')
  expect(Object.keys(troubles).filter((name) => !all.includes(`'${name}'`))).toEqual([])
})

it('says of each what it means, once', () => {
  const meanings = Object.values(troubles).map(({ means }) => means)
  expect(new Set(meanings).size).toBe(meanings.length)
  for (const means of meanings) expect(means).toMatch(/^[A-Z].*\.$/)
})

it('knows nothing of a name that another version stored', () => {
  for (const name of ['of-tomorrow', 'constructor', '__proto__', undefined]) expect(kindOf(name)).toEqual({})
})

it('is what the docs say', async () => {
  const lines = Object.entries(troubles).map(([name, { means, status, exit, passing }]) => {
    const facts = [
      `status ${status ?? 409}`,
      `exit ${exit ?? 1}`,
      ...(passing ? ['waiting may heal it'] : []),
    ]
    return `- \`${name}\`: ${means} (${facts.join(', ')})`
  })
  const text = `# Troubles

Every problem that Keyturn tells has a name, which stays the same: in the API \`urn:keyturn:problem:NAME\`, in JSON of
the terminal \`problem.name\`. What is true in the single case, and what to do then, is in its words. _Status_ is the HTTP
status where a call of the API ends with it, _exit_ the exit code of a command that it ends.

${lines.join('\n')}
`
  await expect(text).toMatchFileSnapshot('../../docs/troubles.md')
})
