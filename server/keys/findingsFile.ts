import fs from 'node:fs/promises'
import path from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { Account, User } from '../api/inventory.ts'
import { Trouble } from '../api/problem.ts'
import { writeAtomic } from '../platform/atomicFile.ts'
import { sharing } from '../platform/sharing.ts'
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
        },
        closed,
      ),
    ),
  },
  closed,
)

/** Of this hour, not of the key: not worth remembering. */
const passing = /^(network-|throttled$|no-answer$|outcome-unknown$|aborted$|clock-skew$|proxy-|ca-bundle-)/

/** keys.json in the state directory, this process its only writer. Ids, dates and states; no secrets. */
export class FindingsFile implements Findings {
  /** What was wrong with the file when it was opened; it was put aside. */
  readonly notice: Trouble | undefined
  readonly #findings: Map<string, Finding>
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
    let text: string
    try {
      text = await fs.readFile(file, 'utf8')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      return new FindingsFile(
        file,
        [],
        code === 'ENOENT' ? undefined : await lost(`it cannot be read (${code})`),
      )
    }
    try {
      const stored: unknown = JSON.parse(text)
      if (Value.Check(Stored, stored)) return new FindingsFile(file, stored.findings)
    } catch {
      // Not JSON: the same as JSON of another form.
    }
    return new FindingsFile(file, [], await lost('it is not what Keyturn wrote'))
  }

  get(id: string): Finding | undefined {
    return this.#findings.get(id)
  }

  all(): readonly Finding[] {
    return [...this.#findings.values()]
  }

  /** In force at once; resolves when durable. */
  put(finding: Finding): Promise<void> {
    this.#findings.set(finding.id, finding)
    return this.#save()
  }

  forget(id: string): Promise<void> {
    this.#findings.delete(id)
    return this.#save()
  }
}

function durable(finding: Finding): Finding {
  if (!finding.problem || !passing.test(finding.problem.name)) return finding
  const { problem: _, ...rest } = finding
  return rest
}

async function setAside(file: string, why: string): Promise<Trouble> {
  const aside = `${file}.unreadable`
  const moved = await fs.rename(file, aside).then(
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
