import {
  CreateAccessKeyCommand,
  CreateLoginProfileCommand,
  CreateUserCommand,
  IAMClient,
  ListAccessKeysCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import net from 'node:net'
import { fileURLToPath } from 'node:url'
import { until } from '../client.ts'
import type { Cloud, SeededUser } from './cloud.ts'
import { fiveActions, passwordUser, userNames, userPaths } from './cloud.ts'

const launcher = fileURLToPath(new URL('./strict_moto.py', import.meta.url))

/** moto, refusing inactive keys, its signatures and policies switched on once the users are there. */
export async function moto(python: string): Promise<Cloud> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const server = spawn(python, [launcher, '-H', '127.0.0.1', '-p', String(port)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let words = ''
  // Read to the end: moto logs every call, and would stop at a full pipe.
  server.stderr.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-4_000)))
  const close = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return
    server.kill('SIGKILL')
    await once(server, 'close')
  }
  try {
    await until(
      async () => {
        if (server.exitCode !== null) throw new Error(`moto ended: ${words}`)
        return fetch(`${url}/moto-api/`).then(
          ({ ok }) => ok,
          () => false,
        )
      },
      (up) => up,
      60_000,
      'moto does not answer',
    )
    const { users, admin } = await seed(url)
    return {
      name: 'moto',
      url,
      users,
      keys: async (name) => {
        const { AccessKeyMetadata = [] } = await admin.send(new ListAccessKeysCommand({ UserName: name }))
        return AccessKeyMetadata.map(({ AccessKeyId, Status }) => ({
          id: AccessKeyId ?? '',
          status: Status ?? '',
        }))
      },
      admin,
      callCount: () => undefined,
      async close() {
        admin.destroy()
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}

const clientFor = (url: string, accessKeyId: string, secretAccessKey: string) =>
  new IAMClient({ endpoint: url, region: 'us-east-1', credentials: { accessKeyId, secretAccessKey } })

async function seed(url: string): Promise<{ users: SeededUser[]; admin: IAMClient }> {
  // Before auth is on, moto takes any pair.
  const maker = clientFor(url, 'seeder', 'seeder')
  const make = async (name: string, actions: readonly string[]) => {
    const { User } = await maker.send(new CreateUserCommand({ UserName: name, Path: userPaths[name] ?? '/' }))
    // Resource is *: moto denies a policy that names ${aws:username}.
    const policy = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] }
    await maker.send(
      new PutUserPolicyCommand({
        UserName: name,
        PolicyName: 'rotate',
        PolicyDocument: JSON.stringify(policy),
      }),
    )
    const { AccessKey } = await maker.send(new CreateAccessKeyCommand({ UserName: name }))
    return { name, arn: User!.Arn!, id: AccessKey!.AccessKeyId!, secret: AccessKey!.SecretAccessKey! }
  }
  const users: SeededUser[] = []
  for (const name of userNames) users.push(await make(name, fiveActions))
  await maker.send(new CreateUserCommand({ UserName: passwordUser }))
  await maker.send(
    new CreateLoginProfileCommand({ UserName: passwordUser, Password: 'Correct-Horse-9-Battery' }),
  )
  const overseer = await make('overseer', ['*'])
  maker.destroy()
  // text/plain: moto answers 500 to the same body as a form.
  const response = await fetch(`${url}/moto-api/reset-auth`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: '0',
  })
  if (!response.ok) throw new Error(`moto did not switch its authentication on: ${response.status}`)
  return { users, admin: clientFor(url, overseer.id, overseer.secret) }
}

async function freePort(): Promise<number> {
  const probe = net.createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as net.AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
