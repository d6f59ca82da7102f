import { ESLint } from 'eslint'
import { expect, it } from 'vitest'

// A rule that is written down and does not bite is worse than none: each is tried with an import that it forbids.

const eslint = new ESLint()

it.each([
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

it.each([
  ['server/http/probe.ts', "import '../../shared/age.ts'"],
  ['server/engine/probe.ts', "import '../aws/iam.ts'"],
  ['web/keys/probe.ts', "import '../../shared/age.ts'"],
])('%s may say %s', async (filePath, text) => {
  const [result] = await eslint.lintText(`${text}\n`, { filePath })
  expect(result?.messages).toEqual([])
})
