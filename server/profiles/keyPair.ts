import { inspect } from 'node:util'

const hidden = '[secret]'

/**
 * A secret access key or session token that cannot be printed by accident: JSON, string conversion, template
 * literals, `console.log` and `util.inspect` all give a placeholder. Only `reveal()` gives the value; search
 * for it to see each place that handles one.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  equals(other: Secret): boolean {
    return this.#value === other.#value
  }

  toJSON(): string {
    return hidden
  }

  toString(): string {
    return hidden
  }

  [inspect.custom](): string {
    return hidden
  }
}

export interface KeyPair {
  /** Access key id, such as AKIA…; not a secret. */
  readonly id: string
  readonly secret: Secret
}

export function samePair(a: KeyPair, b: KeyPair): boolean {
  return a.id === b.id && a.secret.equals(b.secret)
}
