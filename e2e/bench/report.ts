/** One figure; where it has a limit it can be missed. */
export interface Figure {
  readonly what: string
  readonly value: number
  readonly unit: string
  readonly atMost?: number
  readonly atLeast?: number
}

export interface Recorded extends Figure {
  readonly group: string
  readonly met?: boolean
}

/** Takes figures as they are measured, says them at once, and knows in the end which limits were missed. */
export class Report {
  readonly figures: Recorded[] = []
  readonly #say: (line: string) => void
  #group = ''

  constructor(say: (line: string) => void) {
    this.#say = say
  }

  begin(group: string, about: string): void {
    this.#group = group
    this.#say(`\n${group}: ${about}`)
  }

  add(figure: Figure): void {
    const { atMost, atLeast, value } = figure
    const limited = atMost !== undefined || atLeast !== undefined
    const met = (atMost === undefined || value <= atMost) && (atLeast === undefined || value >= atLeast)
    this.figures.push({ group: this.#group, ...figure, ...(limited && { met }) })
    const limit = [
      ...(atMost === undefined ? [] : [`≤ ${atMost}`]),
      ...(atLeast === undefined ? [] : [`≥ ${atLeast}`]),
    ].join(', ')
    const judged = limited ? `  ${met ? 'met' : 'MISSED'} (${limit})` : ''
    this.#say(`  ${figure.what.padEnd(74)} ${shown(value).padStart(8)} ${figure.unit.padEnd(5)}${judged}`)
  }

  /** A line that explains figures, and is none. */
  note(text: string): void {
    this.#say(`  ${text}`)
  }

  get missed(): readonly Recorded[] {
    return this.figures.filter(({ met }) => met === false)
  }
}

export function shown(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toString()
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2).replace(/\.?0+$/, '')
}
