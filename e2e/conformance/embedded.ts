import { IAMClient } from '@aws-sdk/client-iam'
import { startSandbox } from '../../server/sandbox/sandbox.ts'
import type { Cloud } from './cloud.ts'
import { fiveActions, passwordUser, userNames, userPaths } from './cloud.ts'

const account = '123456789012'

/** Our own embedded IAM, with AWS's usual slowness switched on, which moto has not. */
export async function embeddedIam(): Promise<Cloud> {
  const sandbox = await startSandbox({
    accounts: [{ id: account }],
    behaviour: {
      propagation: { minMs: 1_000, maxMs: 4_000, flaps: 1 },
      deactivationLagMs: 1_000,
      latency: [5, 40],
    },
  })
  const { control } = sandbox
  const users = userNames.map((name) => {
    const path = userPaths[name] ?? '/'
    control.addUser(account, { name, path, allow: fiveActions })
    return { name, arn: `arn:aws:iam::${account}:user${path}${name}`, ...control.addKey(name) }
  })
  control.addUser(account, { name: passwordUser, password: { text: 'Correct-Horse-9-Battery' } })
  control.addUser(account, { name: 'overseer', admin: true })
  const { id: accessKeyId, secret: secretAccessKey } = control.addKey('overseer')
  const admin = new IAMClient({
    endpoint: sandbox.url,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
  })
  return {
    name: 'the embedded IAM',
    url: sandbox.url,
    users,
    keys: (name) => Promise.resolve(control.keys(name)),
    admin,
    callCount: () => sandbox.calls.length,
    async close() {
      admin.destroy()
      await sandbox.close()
    },
  }
}
