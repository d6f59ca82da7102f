import type { Form } from './forms.ts'
import type { Sighting } from './look.ts'

/** A line of a file on which a key stands, and how much of it. */
export interface Standing {
  readonly key: string
  readonly line: number
  readonly holds: 'id' | 'pair' | 'secret'
  /** Where the secret stands on another line. */
  readonly secretLine?: number
  /** The least plain of the forms that it is written in. */
  readonly form: Form
}

/** Farther from its id, a secret that is not one of as many as there are ids is shown by itself. In lines. */
const near = 8

/** Pure: what was seen in one file, a line each. */
export function standingsOf(sightings: readonly Sighting[]): Standing[] {
  const keys = [...new Set(sightings.map(({ key }) => key))]
  return keys.flatMap((key) => ofKey(sightings.filter((each) => each.key === key))).sort(byLine)
}

function ofKey(sightings: readonly Sighting[]): Standing[] {
  const ids = sightings.filter(({ part }) => part === 'id')
  const secrets = new Set(sightings.filter(({ part }) => part === 'secret'))
  const inTurn = ids.length === secrets.size ? [...secrets] : undefined
  const lines = new Map<number, Standing>()
  const add = (standing: Standing) => {
    const other = lines.get(standing.line)
    if (!other || rank(standing) > rank(other)) lines.set(standing.line, standing)
  }
  for (const [at, id] of ids.entries()) {
    const secret = inTurn ? inTurn[at] : nearest(id, secrets)
    if (secret) secrets.delete(secret)
    add({
      key: id.key,
      line: id.line,
      holds: secret ? 'pair' : 'id',
      ...(secret && secret.line !== id.line && { secretLine: secret.line }),
      form: id.form === 'plain' && secret ? secret.form : id.form,
    })
  }
  for (const { key, line, form } of secrets) add({ key, line, holds: 'secret', form })
  return [...lines.values()]
}

function nearest(id: Sighting, secrets: Iterable<Sighting>): Sighting | undefined {
  const distance = ({ line }: Sighting) => Math.abs(line - id.line)
  return [...secrets].filter((each) => distance(each) <= near).sort((a, b) => distance(a) - distance(b))[0]
}

const rank = ({ holds }: Standing) => ['id', 'secret', 'pair'].indexOf(holds)
const byLine = (one: Standing, other: Standing) => one.line - other.line
