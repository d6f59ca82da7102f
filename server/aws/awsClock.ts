/**
 * What replies tell of AWS's clock, by endpoint. The system's clock is read here and not the injected one, because the SDK
 * signs by it, and it is that clock's error that matters.
 */
export class AwsClock {
  readonly #offsets = new Map<string, number>()
  readonly #dates = new WeakMap<object, number>()

  /** Notes the Date header of a reply, and to which output it belongs. */
  heard(endpoint: string, date: number, output?: object): void {
    this.#offsets.set(endpoint, date - Date.now())
    if (output) this.#dates.set(output, date)
  }

  /** Milliseconds since the epoch by AWS's clock, when the reply was sent. */
  dateOf(output: object): number | undefined {
    return this.#dates.get(output)
  }

  /** AWS's clock minus ours, in milliseconds; 0 as long as nothing is known. */
  offset(endpoint: string): number {
    return this.#offsets.get(endpoint) ?? 0
  }
}
