import { IAMClient } from '@aws-sdk/client-iam'
import { STSClient } from '@aws-sdk/client-sts'
import { afterEach } from 'vitest'
import { startSandbox } from '../sandbox.ts'
import type { Sandbox, SandboxOptions } from '../sandbox.ts'
import type { UserSeed } from '../seed.ts'

export const testAccount = '123456789012'

export interface TestPair {
  readonly id: string
  readonly secret: string
  readonly token?: string
}

const open: { close(): Promise<void> | void }[] = []
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close()
})

/** A sandbox with one account, closed after the test. */
export async function sandboxOf(users: UserSeed[], options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ accounts: [{ id: testAccount, alias: 'acme', users }], ...options })
  open.push(sandbox)
  return sandbox
}

/** AWS's own clients, one attempt a call, closed after the test. */
export function clientsOf({ url }: Sandbox, { id, secret, token }: TestPair, region = 'us-east-1') {
  const configuration = {
    endpoint: url,
    region,
    maxAttempts: 1,
    credentials: { accessKeyId: id, secretAccessKey: secret, ...(token ? { sessionToken: token } : {}) },
  }
  const iam = new IAMClient(configuration)
  const sts = new STSClient(configuration)
  open.push({ close: () => iam.destroy() }, { close: () => sts.destroy() })
  return { iam, sts }
}

export const wentWell = 'it went well'

/** AWS's code for a call that fails, or Node's where no reply came. */
export const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => wentWell,
    (error: { Code?: string; code?: string; name?: string }) =>
      error.Code ?? error.code ?? error.name ?? 'unknown',
  )
