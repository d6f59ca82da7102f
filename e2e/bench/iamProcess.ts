import { startSandbox } from '../../server/sandbox/sandbox.ts'
import type { SandboxOptions } from '../../server/sandbox/sandbox.ts'

// The embedded IAM in a process of its own, so that its work is told apart from Keyturn's. It ends with the bench.
process.once('message', (options: SandboxOptions) => {
  void startSandbox(options).then(({ url }) => process.send?.({ url }))
})
process.once('disconnect', () => process.exit())
