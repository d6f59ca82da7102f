import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import {
  CreateAccessKeyCommand,
  IAMClient,
  ListAccessKeysCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam'
import type { Pair } from '../stage.ts'
import type { EmbeddedIam } from './embeddedIam.ts'
import type { GroundUser } from './ground.ts'

/** Replays of the order of calls of other programs, through the AWS SDK. One profile after the other. */
export interface Looped {
  readonly ms: number
  /** Profiles whose new key did not work yet when the old one was turned off. */
  readonly lockedOut: number
}

/** The seed's loop: create, write, sleep ten seconds, list, turn the oldest off. */
export function sleepingLoop(iam: EmbeddedIam, users: readonly GroundUser[], file: string): Promise<Looped> {
  return loop(iam, users, file, async (client) => {
    await wait(10_000)
    const { AccessKeyMetadata = [] } = await client.send(new ListAccessKeysCommand({}))
    const [oldest] = AccessKeyMetadata.toSorted((a, b) => Number(a.CreateDate) - Number(b.CreateDate))
    return oldest?.AccessKeyId
  })
}

/** Create, write, turn the old one off, without a look whether the new one works. */
export function blindLoop(iam: EmbeddedIam, users: readonly GroundUser[], file: string): Promise<Looped> {
  return loop(iam, users, file, async (_, old) => old.id)
}

async function loop(
  iam: EmbeddedIam,
  users: readonly GroundUser[],
  file: string,
  toTurnOff: (client: IAMClient, old: Pair) => Promise<string | undefined>,
): Promise<Looped> {
  const from = performance.now()
  let lockedOut = 0
  for (const { pair } of users) {
    const client = new IAMClient({
      endpoint: iam.url,
      region: 'us-east-1',
      credentials: { accessKeyId: pair.id, secretAccessKey: pair.secret },
    })
    const { AccessKey } = await client.send(new CreateAccessKeyCommand({}))
    const [id, secret] = [AccessKey!.AccessKeyId!, AccessKey!.SecretAccessKey!]
    writeFileSync(file, readFileSync(file, 'utf8').replace(pair.id, id).replace(pair.secret, secret))
    const old = await toTurnOff(client, pair)
    if (!(await iam.do('worksNow', id, secret))) lockedOut += 1
    await client.send(new UpdateAccessKeyCommand({ AccessKeyId: old, Status: 'Inactive' }))
    client.destroy()
  }
  return { ms: performance.now() - from, lockedOut }
}
