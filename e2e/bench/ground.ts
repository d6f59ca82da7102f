import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Run } from '../../server/api/run.ts'
import type { Phase } from '../../server/sandbox/replica.ts'
import { spread } from '../../server/sandbox/replica.ts'
import type { Behaviour } from '../../server/sandbox/world.ts'
import { Client } from '../client.ts'
import { Command } from '../command.ts'
import { Random } from '../faults/random.ts'
import { section } from '../stage.ts'
import type { Pair } from '../stage.ts'
import { EmbeddedIam } from './embeddedIam.ts'

/** What the figures are measured in: AWS answers after 30 ms and knows a new key after 3 to 6 s, flapping. */
export const spreading = { minMs: 3_000, maxMs: 6_000, flaps: 2 }
export const latencyMs = 30

export interface Shape {
  readonly keys: number
  readonly accounts?: number
  /** `spreading`: each user's new key is late by phases that the seed draws. Default: known at once. */
  readonly propagation?: 'spreading' | 'instant'
  readonly behaviour?: Partial<Behaviour>
  readonly seed: number
  /** Flags for Node, such as `--cpu-prof`. */
  readonly nodeArgs?: readonly string[]
}

export interface GroundUser {
  readonly name: string
  readonly account: string
  readonly pair: Pair
  /** From the making of its new key until STS and IAM know it for good, in milliseconds. */
  readonly settledMs: number
}

/** The built command over a credentials file with a profile for each user, and its AWS: three processes with ours. */
export class Ground {
  readonly root: string
  readonly credentials: string
  readonly iam: EmbeddedIam
  readonly users: readonly GroundUser[]
  readonly command: Command
  readonly client: Client

  private constructor(fields: Pick<Ground, 'root' | 'credentials' | 'iam' | 'users' | 'command' | 'client'>) {
    this.root = fields.root
    this.credentials = fields.credentials
    this.iam = fields.iam
    this.users = fields.users
    this.command = fields.command
    this.client = fields.client
  }

  static async open(shape: Shape): Promise<Ground> {
    const root = mkdtempSync(path.join(tmpdir(), 'keyturn-bench-'))
    const credentials = path.join(root, 'aws', 'credentials')
    mkdirSync(path.dirname(credentials), { mode: 0o700 })
    const { iam, users } = await populated(shape)
    writeFileSync(credentials, users.map(({ name, pair }) => section(name, pair)).join('\n'), { mode: 0o600 })
    const { command, link } = await Command.start({
      args: [
        ...['--credentials-file', credentials, '--config-file', path.join(root, 'aws', 'config')],
        ...['--state-dir', path.join(root, 'state'), '--endpoint-url', iam.url],
      ],
      patienceMs: 90_000,
      ...(shape.nodeArgs && { nodeArgs: shape.nodeArgs }),
    })
    return new Ground({ root, credentials, iam, users, command, client: await Client.open(link) })
  }

  async close(): Promise<void> {
    await this.command.stop()
    await this.iam.close()
    rmSync(this.root, { recursive: true, force: true })
  }
}

/** An embedded IAM with its users, evenly over the accounts. */
export async function populated(shape: Shape): Promise<{ iam: EmbeddedIam; users: GroundUser[] }> {
  const accounts = Array.from({ length: shape.accounts ?? 1 }, (_, at) => ({ id: `${123_456_789_012 + at}` }))
  const iam = await EmbeddedIam.start({
    accounts,
    behaviour: { latency: latencyMs, deactivationLagMs: 2_000, ...shape.behaviour },
    seed: shape.seed,
  })
  const random = new Random(shape.seed)
  const createdAt = Date.now() - 100 * 86_400_000
  const users: GroundUser[] = []
  for (let at = 0; at < shape.keys; at += 1) {
    const account = accounts[at % accounts.length]!.id
    const name = `user-${at}`
    const phases =
      shape.propagation === 'spreading'
        ? {
            sts: spread(spreading, 'sts', () => random.next()),
            iam: spread(spreading, 'iam', () => random.next()),
          }
        : undefined
    const [pair] = await iam.do('addUser', account, {
      name,
      createdAt,
      keys: [{ createdAt }],
      ...(phases && { propagation: phases }),
    })
    users.push({
      name,
      account,
      pair: pair!,
      settledMs: phases ? Math.max(ofAll(phases.sts), ofAll(phases.iam)) : 0,
    })
  }
  return { iam, users }
}

const ofAll = (phases: readonly Phase[]) => phases.reduce((sum, { forMs = 0 }) => sum + forMs, 0)

/** @throws Error where a rotation of the run did not end well: figures of failures are no figures */
export function mustBeDone(run: Run): void {
  const other = run.rotations.find(({ state }) => state !== 'done')
  if (other) throw new Error(`${other.key} is ${other.state}: ${other.problem?.detail ?? ''}`)
}
