import { startSandbox } from '../../server/sandbox/sandbox.ts'
import type { Cloud } from './cloud.ts'
import { fiveActions, userNames, userPaths } from './cloud.ts'

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
  return {
    name: 'the embedded IAM',
    url: sandbox.url,
    users,
    keys: (name) => Promise.resolve(control.keys(name)),
    callCount: () => sandbox.calls.length,
    close: () => sandbox.close(),
  }
}
