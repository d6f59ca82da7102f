import assert from 'node:assert/strict'
import fs from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import type { Rotation, Run } from '../../server/api/run.ts'
import { Client } from '../client.ts'
import { Command } from '../command.ts'
import { AwsCli } from './awsCli.ts'
import type { Cloud } from './cloud.ts'
import type { Harness } from './harness.ts'
import { frameOf, makeHome, pairsIn } from './home.ts'
import type { Home, TriedProfile } from './home.ts'
import { SecretSearch } from './secretSearch.ts'

interface Listing {
  readonly AccessKeyMetadata: readonly { readonly AccessKeyId: string; readonly Status: string }[]
}

/** Ten users, rotated by the built command, judged by the AWS CLI and by the cloud's own word. */
export async function conform(harness: Harness, cloud: Cloud, aws: string): Promise<void> {
  console.log(`Against ${cloud.name}`)
  const home = await makeHome(cloud.users)
  const before = cloud.callCount()
  const { command, link } = await Command.start({
    args: [
      ...['--credentials-file', home.files.credentials, '--config-file', home.files.config],
      ...['--state-dir', home.state, '--endpoint-url', cloud.url],
    ],
    env: { HOME: home.directory },
  })
  try {
    const client = await Client.open(link)
    const cli = new AwsCli(aws, cloud.url, home.files)
    await new Scenario(harness, cloud, home, cli, client, command, before).play()
  } finally {
    await command.stop()
    await home.remove()
  }
}

class Scenario {
  readonly #harness: Harness
  readonly #cloud: Cloud
  readonly #home: Home
  readonly #cli: AwsCli
  readonly #client: Client
  readonly #command: Command
  /** Calls that the cloud had seen before the command was started. */
  readonly #before: number | undefined
  readonly #search: SecretSearch

  constructor(
    harness: Harness,
    cloud: Cloud,
    home: Home,
    cli: AwsCli,
    client: Client,
    command: Command,
    before: number | undefined,
  ) {
    this.#harness = harness
    this.#cloud = cloud
    this.#home = home
    this.#cli = cli
    this.#client = client
    this.#command = command
    this.#before = before
    this.#search = new SecretSearch(cloud.users.map(({ secret }) => secret))
  }

  async play(): Promise<void> {
    const { check } = this.#bound()
    await check('shows every key and asks AWS nothing unasked', () => this.#inventory())
    const run = await check('rotates every key at the press of one button', () => this.#rotateAll())
    if (!run) return
    await check('changes nothing of the files but the pairs', () => this.#frames())
    for (const profile of this.#home.profiles)
      await check(`the AWS CLI uses the rewritten file for ${profile.name}`, () =>
        this.#profileWorks(profile),
      )
    await check(`${this.#cloud.name} itself lists each old key Inactive and each new one Active`, () =>
      this.#ownListing(run),
    )
    await check('the old pairs are refused', () => this.#oldPairsRefused())
    await check('reactivate: the old key works again beside the new one', () =>
      this.#reactivate(run, 'grace'),
    )
    await check('restore: the old pair is back in the file, the new key is off', () =>
      this.#restore(run, 'edsger'),
    )
    await check('two keys: asks which to delete, then deletes just that one', () => this.#spare('barbara'))
    await check('delete: the old key is gone', () => this.#deleteMode('ada'))
    await check('says no secret: not in the API, the output, the journal', () => this.#noSecrets())
    await check('ends at Ctrl-C, with no warning of a library in the terminal', async () => {
      const { signal } = await this.#command.stop()
      assert.equal(signal, null)
      assert.doesNotMatch(this.#command.stderr, /Warning/)
    })
  }

  #bound() {
    return { check: <T>(what: string, body: () => Promise<T>) => this.#harness.check(what, body) }
  }

  async #inventory(): Promise<void> {
    const inventory = await this.#client.inventory()
    this.#search.hear(inventory)
    assert.deepEqual(
      inventory.keys.map(({ id, profiles }) => `${id} ${[...profiles].sort().join(' ')}`).sort(),
      this.#cloud.users.map(({ id, name }) => `${id} ${this.#profilesOf(name).join(' ')}`).sort(),
    )
    assert.equal(this.#cloud.callCount(), this.#before)
  }

  async #rotateAll(): Promise<Run> {
    const { plan, run } = await this.#client.rotate({ keys: 'all', oldKey: 'deactivate' })
    this.#search.hear(plan, run)
    assert.deepEqual([plan.rotate.length, plan.choose, plan.skip], [this.#cloud.users.length, [], []])
    assert.equal(run.state, 'done', JSON.stringify(run.rotations.filter(({ state }) => state !== 'done')))
    assert.equal(run.rotations.length, this.#cloud.users.length)
    for (const rotation of run.rotations) {
      assert.ok(rotation.newKey && rotation.newKey !== rotation.key)
      assert.equal(rotation.oldKeyState, 'inactive')
      assert.ok(rotation.profiles.every(({ state }) => state === 'new'))
    }
    await this.#learnSecrets()
    return run
  }

  async #frames(): Promise<void> {
    for (const which of ['credentials', 'config'] as const) {
      const text = await fs.readFile(this.#home.files[which], 'utf8')
      assert.equal(frameOf(text), frameOf(this.#home.before[which]))
      assert.notEqual(text, this.#home.before[which])
      assert.equal((await fs.stat(this.#home.files[which])).mode & 0o777, 0o600)
    }
    const left = await fs.readdir(this.#home.directory)
    assert.deepEqual(
      left.filter((name) => !['credentials', 'config', 'state'].includes(name)),
      [],
    )
  }

  async #profileWorks({ name, user }: TriedProfile): Promise<void> {
    const { Arn } = await this.#cli.as<{ Arn: string }>(name, 'sts', 'get-caller-identity')
    assert.equal(Arn, user.arn)
    const { AccessKeyMetadata } = await this.#cli.as<Listing>(name, 'iam', 'list-access-keys')
    const held = (await pairsIn(this.#home)).get(name)
    assert.ok(held && held.id !== user.id && held.secret !== user.secret)
    assert.deepEqual(
      AccessKeyMetadata.map(({ AccessKeyId, Status }) => `${AccessKeyId} ${Status}`).sort(),
      [`${user.id} Inactive`, `${held.id} Active`].sort(),
    )
  }

  async #ownListing(run: Run): Promise<void> {
    for (const { name, id } of this.#cloud.users) {
      const newKey = run.rotations.find(({ key }) => key === id)?.newKey
      await this.#expectKeys(name, { [id]: 'Inactive', [newKey!]: 'Active' })
    }
  }

  async #oldPairsRefused(): Promise<void> {
    for (const user of this.#cloud.users.slice(0, 3))
      assert.match(await this.#cli.whoIs(user), /InvalidClientTokenId/)
  }

  async #reactivate(run: Run, userName: string): Promise<void> {
    const { user, rotation } = this.#find(run, userName)
    await this.#finish(await this.#client.undo(rotation.id, { how: 'reactivate' }))
    await this.#expectKeys(userName, { [user.id]: 'Active', [rotation.newKey!]: 'Active' })
    assert.equal((await pairsIn(this.#home)).get(userName)?.id, rotation.newKey)
    await this.#comesToWork(user, user.arn)
  }

  async #restore(run: Run, userName: string): Promise<void> {
    const { user, rotation } = this.#find(run, userName)
    await this.#finish(await this.#client.undo(rotation.id, { how: 'restore' }))
    await this.#expectKeys(userName, { [user.id]: 'Active', [rotation.newKey!]: 'Inactive' })
    const held = (await pairsIn(this.#home)).get(userName)
    assert.deepEqual(held, { id: user.id, secret: user.secret })
    const { Arn } = await this.#cli.as<{ Arn: string }>(userName, 'sts', 'get-caller-identity')
    assert.equal(Arn, user.arn)
  }

  async #spare(userName: string): Promise<void> {
    const { user, held } = await this.#heldBy(userName)
    const undecided = await this.#client.plan({ keys: [held.id], oldKey: 'deactivate' })
    this.#search.hear(undecided)
    assert.deepEqual(
      undecided.choose.flatMap(({ choices }) => choices.map(({ kind, spare }) => [kind, spare.id])),
      [['delete-spare', user.id]],
    )
    await this.#expectKeys(userName, { [user.id]: 'Inactive', [held.id]: 'Active' })
    const { run } = await this.#client.rotate({
      keys: [held.id],
      oldKey: 'deactivate',
      deleteSpares: [user.id],
    })
    const next = await this.#rotatedTo(run, userName)
    await this.#expectKeys(userName, { [held.id]: 'Inactive', [next]: 'Active' })
  }

  async #deleteMode(userName: string): Promise<void> {
    const { user, held } = await this.#heldBy(userName)
    const { run } = await this.#client.rotate({ keys: [held.id], oldKey: 'delete', deleteSpares: [user.id] })
    const next = await this.#rotatedTo(run, userName)
    await this.#expectKeys(userName, { [next]: 'Active' })
    const pairs = await pairsIn(this.#home)
    assert.deepEqual(
      this.#profilesOf(userName).map((profile) => pairs.get(profile)?.id),
      [next, next],
    )
  }

  async #learnSecrets(): Promise<void> {
    for (const { secret } of (await pairsIn(this.#home)).values()) this.#search.learn(secret)
  }

  async #noSecrets(): Promise<void> {
    await this.#learnSecrets()
    this.#search.hear(await this.#client.runs(), await this.#client.inventory())
    this.#search.hear(await (await this.#client.fetch('GET', '/api/history?format=json')).text())
    const { stdout, stderr } = this.#command
    await this.#search.expectNone({ 'standard output': stdout, 'standard error': stderr }, this.#home.state)
  }

  async #finish(started: Run): Promise<void> {
    const run = await this.#client.finishedRun(started.id)
    this.#search.hear(run)
    assert.equal(run.state, 'done', JSON.stringify(run))
  }

  /** A finished run of one rotation: the id it rotated to. */
  async #rotatedTo(run: Run, userName: string): Promise<string> {
    this.#search.hear(run)
    assert.equal(run.state, 'done', JSON.stringify(run))
    const id = run.rotations[0]?.newKey
    const profile = this.#profilesOf(userName)[0]!
    assert.equal((await pairsIn(this.#home)).get(profile)?.id, id)
    return id!
  }

  async #expectKeys(userName: string, wanted: Record<string, string>): Promise<void> {
    const listed = await this.#cloud.keys(userName)
    assert.deepEqual(Object.fromEntries(listed.map(({ id, status }) => [id, status])), wanted)
  }

  /** A reactivated key needs its time, with AWS as here. */
  async #comesToWork(pair: { id: string; secret: string }, arn: string): Promise<void> {
    let said = ''
    for (let attempt = 0; attempt < 20 && said !== arn; attempt++) {
      if (attempt > 0) await wait(500)
      said = await this.#cli.whoIs(pair)
    }
    assert.equal(said, arn)
  }

  #find(run: Run, userName: string): { user: Cloud['users'][number]; rotation: Rotation } {
    const user = this.#cloud.users.find(({ name }) => name === userName)!
    return { user, rotation: run.rotations.find(({ key }) => key === user.id)! }
  }

  async #heldBy(userName: string) {
    const user = this.#cloud.users.find(({ name }) => name === userName)!
    const held = (await pairsIn(this.#home)).get(this.#profilesOf(userName)[0]!)
    assert.ok(held && held.id !== user.id)
    return { user, held }
  }

  #profilesOf(userName: string): string[] {
    return this.#home.profiles
      .filter(({ user }) => user.name === userName)
      .map(({ name }) => name)
      .sort()
  }
}
