import path from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { Account, User } from '../api/inventory.ts'
import { Trouble } from '../api/problem.ts'
import { kindOf } from '../api/troubles.ts'
import { writeAtomic } from '../platform/atomicFile.ts'
import { ownFiles, whyNot } from '../platform/ownFiles.ts'
import { sharing } from '../platform/sharing.ts'
import { isHarmless } from '../profiles/keyId.ts'
import type { Finding, Findings } from './ports.ts'

const closed = { additionalProperties: false }
const Time = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z$' })
const LastUsed = Type.Object(
  { at: Type.Optional(Time), service: Type.Optional(Type.String()), region: Type.Optional(Type.String()) },
  closed,
)
const Stored = Type.Object(
  {
    version: Type.Literal(1),
    findings: Type.Array(
      Type.Object(
        {
          id: Type.String({ maxLength: 128 }),
          asOf: Time,
          account: Type.Optional(Account),
          user: Type.Optional(User),
          status: Type.Optional(Type.String()),
          createdAt: Type.Optional(Time),
          lastUsed: Type.Optional(LastUsed),
          siblings: Type.Array(
            Type.Object(
              {
                id: Type.String({ maxLength: 128 }),
                status: Type.String(),
                createdAt: Type.Optional(Time),
                lastUsed: Type.Optional(LastUsed),
              },
              closed,
            ),
          ),
          problem: Type.Optional(Trouble),
          clockOffsetMs: Type.Optional(Type.Number()),
        },
        closed,
      ),
    ),
  },
  closed,
)

/** keys.json in the state directory, this process its only writer. Ids, dates and states; no secrets. */
export class FindingsFile implements Findings {
  /** What was wrong with the file when it was opened; it was put aside. */
  readonly notice: Trouble | undefined
  readonly #findings: Map<string, Finding>
  #awsOffset: number | undefined
  /** Of a thousand checks that end together, those that wait share the next write. */
  readonly #save: () => Promise<void>

  private constructor(file: string, findings: readonly Finding[], notice?: Trouble) {
    this.#findings = new Map(findings.map((finding) => [finding.id, finding]))
    this.notice = notice
    this.#save = sharing(() =>
      writeAtomic(file, `${JSON.stringify({ version: 1, findings: this.all().map(durable) })}\n`),
    )
  }

  /**
   * Never fails: what cannot be read is put aside, since every fact in it can be asked of AWS again.
   * @param toLook only to look: nothing is put aside
   */
  static async open(stateDirectory: string, toLook = false): Promise<FindingsFile> {
    const file = path.join(stateDirectory, 'keys.json')
    const lost = (why: string) =>
      toLook ? unreadable(file, why, 'It was left as it is.') : setAside(file, why)
    let bytes: Buffer | undefined
    try {
      bytes = await ownFiles.read(file)
    } catch (error) {
      return new FindingsFile(file, [], await lost(`it cannot be read, since ${whyNot(error)}`))
    }
    if (!bytes) return new FindingsFile(file, [])
    try {
      const stored: unknown = JSON.parse(bytes.toString('utf8'))
      if (Value.Check(Stored, stored)) return await FindingsFile.#withIdsAlone(file, stored.findings, toLook)
    } catch {
      // Not JSON: the same as JSON of another form.
    }
    return new FindingsFile(file, [], await lost('it is not what Keyturn wrote'))
  }

  /** An older version kept what stood in the id's place, which may have been the secret: it leaves the file at once. */
  static async #withIdsAlone(
    file: string,
    stored: readonly Finding[],
    toLook: boolean,
  ): Promise<FindingsFile> {
    const isId = ({ id }: { readonly id: string }) => isHarmless(id)
    const kept = stored
      .filter(isId)
      .map((finding) => ({ ...finding, siblings: finding.siblings.filter(isId) }))
    const findings = new FindingsFile(file, kept)
    const isWhole = stored.every((finding) => isId(finding) && finding.siblings.every(isId))
    if (!isWhole && !toLook) await findings.#save()
    return findings
  }

  get(id: string): Finding | undefined {
    return this.#findings.get(id)
  }

  all(): readonly Finding[] {
    return [...this.#findings.values()]
  }

  /** AWS's clock minus this machine's by the last list that this process has had, in milliseconds. */
  get awsOffset(): number | undefined {
    return this.#awsOffset
  }

  /** In force at once; resolves when durable. */
  put(finding: Finding): Promise<void> {
    this.#awsOffset = finding.clockOffsetMs ?? this.#awsOffset
    this.#findings.set(finding.id, finding)
    return this.#save()
  }

  async forget(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#findings.delete(id)
    if (ids.length > 0) await this.#save()
  }
}

function durable(finding: Finding): Finding {
  if (!kindOf(finding.problem?.name).passing) return finding
  const { problem: _, ...rest } = finding
  return rest
}

async function setAside(file: string, why: string): Promise<Trouble> {
  const aside = `${file}.unreadable`
  const moved = await ownFiles.rename(file, aside).then(
    () => true,
    () => false,
  )
  const done = moved ? `It was renamed to ${path.basename(aside)}.` : 'It could not be put aside.'
  return unreadable(file, why, done)
}

function unreadable(file: string, why: string, done: string): Trouble {
  return {
    name: 'findings-unreadable',
    title: 'What earlier checks found is lost',
    detail: `${file}: ${why}. ${done} No key is affected.`,
    remedy: 'Check the keys again.',
  }
}
