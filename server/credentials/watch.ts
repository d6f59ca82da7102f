import path from 'node:path'
import type { Changed } from '../api/inventory.ts'
import { AwsFailure } from '../keys/iam.ts'
import type { Signer } from '../keys/iam.ts'
import type { Finding, HeldKey } from '../keys/ports.ts'
import type { Clock } from '../platform/clock.ts'
import { LineJournal } from '../platform/lineJournal.ts'
import { userKey } from './actLines.ts'
import type { UserCredentials } from './ports.ts'
import { cutOf } from './revoke.ts'
import { standingDenial, watchedChanges, WatchLine, type Denials } from './watched.ts'

export interface WatchDeps {
  readonly clock: Clock
  readonly credentials: Pick<UserCredentials, 'list' | 'policy'>
  readonly stateDirectory: string
  /** Only to look: nothing is written. */
  readonly toLook?: boolean
  readonly denials: () => Denials
}

type Whose = Pick<WatchLine, 'account' | 'user' | 'key'>

/** What Keyturn knows of a user beside keys, held against what each check finds: a policy of its own, MFA devices. */
export class Watch {
  readonly journal: LineJournal<typeof WatchLine>
  readonly #deps: WatchDeps
  readonly #lines = new Map<string, WatchLine[]>()

  constructor(deps: WatchDeps) {
    this.#deps = deps
    this.journal = new LineJournal(path.join(deps.stateDirectory, 'watched.jsonl'), WatchLine, deps.clock)
  }

  async load(): Promise<void> {
    for (const line of await this.journal.lines().catch(() => [])) this.#add(line)
  }

  changes(): Changed[] {
    const now = this.#deps.clock.now()
    return [...this.#lines].flatMap(([whose, lines]) =>
      watchedChanges(lines, standingDenial(this.#deps.denials(), whose, now)),
    )
  }

  /** After a check of one of the user's keys: asks AWS about what is known here of the user, and about nothing else. */
  async look({ id: key, pair, target }: HeldKey, { account, user, problem }: Finding): Promise<void> {
    if (problem || !user || !account || account.derived) return
    const whose = { account: account.id, user: user.name, key }
    const denial = standingDenial(this.#deps.denials(), userKey(whose), this.#deps.clock.now())
    const knowsDevices = this.#devices(whose) !== undefined
    const signer: Signer = { kind: 'own', pair, userName: user.name, target }
    const { credentials } = this.#deps
    const [found, devices] = await Promise.all([
      denial && told(credentials.policy(signer, denial.policy).then((text) => ({ text }))),
      knowsDevices ? told(credentials.list(signer, 'mfa')) : undefined,
    ])
    const policy = denial && found && standOf(found.text, denial.cut)
    // Of an earlier policy nothing is known of this one, which was seen when it was put on.
    const before = this.#lines
      .get(userKey(whose))
      ?.findLast((line) => line.policy !== undefined && line.at > (denial?.at ?? ''))
    const isNews = policy !== (before?.policy ?? 'in-force')
    await this.note(whose, {
      ...(policy && isNews && { policy }),
      ...(devices && { devices: devices.flatMap(({ id }) => id ?? []) }),
    })
  }

  /** Remembers which devices a look found, where that is news, and what else is. */
  async note(whose: Whose, { devices, policy }: Pick<WatchLine, 'devices' | 'policy'>): Promise<void> {
    const sorted = devices && [...devices].sort()
    const before = this.#devices(whose)
    const isSame = before && sorted?.join() === before.join()
    const news = { ...(policy && { policy }), ...(sorted && !isSame && { devices: sorted }) }
    if (Object.keys(news).length === 0 || this.#deps.toLook) return
    await this.journal.append({ ...whose, ...news })
    this.#add({ at: new Date(this.#deps.clock.now()).toISOString(), ...whose, ...news })
  }

  #devices(whose: Whose): readonly string[] | undefined {
    return this.#lines.get(userKey(whose))?.findLast(({ devices }) => devices)?.devices
  }

  #add(line: WatchLine): void {
    const lines = this.#lines.get(userKey(line)) ?? []
    this.#lines.set(userKey(line), [...lines, line])
  }
}

function standOf(text: string | undefined, cut: string): WatchLine['policy'] {
  if (text === undefined) return 'gone'
  return cutOf(text) === cut ? 'in-force' : 'another'
}

/** What AWS does not tell is not known, and no change. */
function told<T>(asked: Promise<T>): Promise<T | undefined> {
  return asked.catch((error: unknown) => {
    if (error instanceof AwsFailure) return undefined
    throw error
  })
}
