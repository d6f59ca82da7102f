import { readdirSync } from 'node:fs'
import { ESLint } from 'eslint'
import { expect, it } from 'vitest'

// A rule that is written down and does not bite is worse than none: each is tried with an import that it forbids.

const eslint = new ESLint()

it.each([
  ['server/probe.ts', "import './aws/iam.ts'"],
  ['server/probe.ts', "import './commands/options.ts'"],
  ['server/rotation/probe.ts', "import '../aws/iam.ts'"],
  ['server/rotation/steps/probe.ts', "import '../../commands/options.ts'"],
  ['server/rotation/probe.ts', "import '../engine/engine.ts'"],
  ['server/profiles/store/probe.ts', "import '../../rotation/plan.ts'"],
  ['server/keys/probe.ts', "import '../rotation/plan.ts'"],
  ['server/platform/probe.ts', "import '../keys/ports.ts'"],
  ['server/engine/probe.ts', "import '../commands/options.ts'"],
  ['server/engine/probe.ts', "import '../http/app.ts'"],
  ['server/aws/failures/probe.ts', "import '../../http/app.ts'"],
  ['server/sandbox/probe.ts', "import '../aws/iam.ts'"],
  ['server/api/probe.ts', "import '../keys/ports.ts'"],
  ['server/places/probe.ts', "import '../aws/iam.ts'"],
  ['server/trail/probe.ts', "import '@aws-sdk/client-iam'"],
  ['server/keys/probe.ts', "import 'fastify'"],
  ['shared/probe.ts', "import '../server/keys/ports.ts'"],
  ['web/keys/probe.ts', "import '../../server/keys/ports.ts'"],
  ['web/keys/probe.ts', "import '../../server/api/words.ts'"],
])('%s may not say %s', async (filePath, text) => {
  const [result] = await eslint.lintText(`${text}\n`, { filePath })
  expect(result?.messages.map(({ ruleId }) => ruleId)).toEqual(['@typescript-eslint/no-restricted-imports'])
})

const keys = 'declare const iam: Record<string, () => void>'

it.each([
  ['server/rotation/steps/probe.ts', `${keys}\niam.createKey()`],
  ['server/rotation/runs/runs.ts', `${keys}\niam.setKeyStatus()`],
  ['server/rotation/probe.ts', `${keys}\niam['deleteKey']()`],
  ['server/rotation/probe.ts', `${keys}\nconst { deleteKey: gone } = iam\ngone()`],
  ['server/keys/probe.ts', `${keys}\n[1].forEach(iam.setKeyStatus)`],
  ['server/commands/probe.ts', `${keys}\nconst store = iam\nstore.swap()`],
  ['server/engine/probe.ts', `${keys}\nconst undo = iam\nundo.removeOld()`],
  ['server/trail/acts.ts', `${keys}\niam.createKey()`],
  ['server/credentials/acts.ts', `${keys}\niam.createKey()`],
  ['server/rotation/acts.ts', `${keys}\niam.putPolicy()`],
  ['server/credentials/desk.ts', `${keys}\niam.removePolicy()`],
])('%s may not go round the interlock: %s', async (filePath, text) => {
  const [result] = await eslint.lintText(`${text}\n`, { filePath })
  expect(result?.messages.map(({ ruleId }) => ruleId)).toEqual(['no-restricted-syntax'])
})

it.each([
  ['server/rotation/acts.ts', `${keys}\niam.createKey()`],
  ['server/credentials/acts.ts', `${keys}\niam.putPolicy()`],
  ['server/aws/probe.ts', `${keys}\niam.deleteKey()`],
])('%s is where they are asked for: %s', async (filePath, text) => {
  const [result] = await eslint.lintText(`${text}\n`, { filePath })
  expect(result?.messages).toEqual([])
})

it.each([
  ['server/http/probe.ts', "import '../../shared/age.ts'"],
  ['server/engine/probe.ts', "import '../aws/iam.ts'"],
  ['web/keys/probe.ts', "import '../../shared/age.ts'"],
])('%s may say %s', async (filePath, text) => {
  const [result] = await eslint.lintText(`${text}\n`, { filePath })
  expect(result?.messages).toEqual([])
})

it('only main.ts stands at the root of server/, where it may import every room', () => {
  const root = readdirSync(new URL('../server/', import.meta.url))
  // The build is described there, and belongs to none of them.
  expect(root.filter((name) => name.endsWith('.ts'))).toEqual(['main.ts', 'vite.config.ts'])
})
