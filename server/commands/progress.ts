import type { Rotation, Run } from '../api/run.ts'
import stringWidth from 'string-width'
import { printable } from '../../shared/printable.ts'
import type { Screen } from './terminal.ts'
import { doing, places, sentence, short } from './wording.ts'

const barWidth = 16
const settled = new Set<Rotation['state']>([
  'done',
  'rolledBack',
  'failed',
  'stopped',
  'undone',
  'interrupted',
])

/** A run as it goes: bars that are drawn anew on a terminal, one line for each end elsewhere. */
export class Progress {
  readonly #terminal: Screen
  readonly #rotations = new Map<string, Rotation>()
  readonly #told = new Set<string>()
  /** The lines that are seen, from the top. */
  #drawn: readonly string[] = []
  #due = false
  #paused = false

  constructor(terminal: Screen, runs: readonly Run[]) {
    this.#terminal = terminal
    for (const run of runs) for (const each of run.rotations) this.#rotations.set(each.id, each)
    this.#soon()
  }

  update(rotation: Rotation): void {
    if (!this.#rotations.has(rotation.id)) return
    this.#rotations.set(rotation.id, rotation)
    if (this.#terminal.draws) this.#soon()
    else this.#tell(rotation)
  }

  /** Takes the bars away, so that something can be asked. */
  pause(): void {
    this.#paused = true
    this.#clear()
  }

  resume(): void {
    this.#paused = false
    this.#soon()
  }

  end(): void {
    this.pause()
  }

  #tell(rotation: Rotation): void {
    if (!settled.has(rotation.state) || this.#told.has(rotation.id)) return
    this.#told.add(rotation.id)
    const { problem, profiles, key, newKey } = rotation
    const name = `${this.#told.size} of ${this.#rotations.size}  ${places(profiles) || short(key)}`
    const end =
      rotation.state === 'done'
        ? `${short(key)}${newKey ? ` → ${short(newKey)}` : ''} done`
        : words[rotation.state]
    this.#terminal.say(`${name}  ${end}${problem ? `: ${problem.title}. ${sentence(problem)}` : ''}`)
  }

  /** Many rotations move at once: they share the next drawing. */
  #soon(): void {
    if (!this.#terminal.draws || this.#due || this.#paused) return
    this.#due = true
    setImmediate(() => {
      this.#due = false
      if (!this.#paused) this.#draw()
    })
  }

  #draw(): void {
    const room = Math.max(1, this.#terminal.rows - 3)
    const all = [...this.#rotations.values()]
    // Where they do not all fit, those that move are seen.
    const shown =
      all.length <= room ? all : [...all.filter(moves), ...all.filter((each) => !moves(each))].slice(0, room)
    const longest = Math.max(...shown.map((each) => stringWidth(printable(nameOf(each)))))
    const width = Math.min(longest, Math.max(8, Math.floor(this.#terminal.columns / 3)))
    const lines = shown.map((each) => this.#line(each, width))
    if (shown.length < all.length) {
      const over = all.filter((each) => settled.has(each.state)).length
      lines.push(`… ${over} of ${all.length} are over`)
    }
    if (lines.length === this.#drawn.length) this.#change(lines)
    else {
      this.#clear()
      this.#terminal.draw(`${lines.join('\n')}\n`)
    }
    this.#drawn = lines
  }

  /** Only what differs is written: a terminal at the far end of a line is slow, and a recording of it is read. */
  #change(lines: readonly string[]): void {
    const changes = lines.flatMap((line, at) => {
      const up = lines.length - at
      return line === this.#drawn[at] ? [] : [`\u001b[${up}A${line}\u001b[0K\u001b[${up}B\r`]
    })
    if (changes.length > 0) this.#terminal.draw(changes.join(''))
  }

  #clear(): void {
    if (this.#drawn.length > 0) this.#terminal.draw(`\u001b[${this.#drawn.length}A\u001b[0J`)
    this.#drawn = []
  }

  #line(rotation: Rotation, width: number): string {
    const { full, empty } = this.#terminal.bar
    const { steps, state } = rotation
    const done = steps.filter((step) => step.state === 'done').length
    const now = steps.find((step) => step.state === 'running')
    const share = state === 'done' ? 1 : (done + (now ? 0.5 : 0)) / Math.max(1, steps.length)
    const filled = Math.round(share * barWidth)
    const name = fit(nameOf(rotation), width)
    const text = now ? [doing[now.name], now.note].filter(Boolean).join(': ') : words[state]
    const rest = fit(text, Math.max(0, this.#terminal.columns - barWidth - width - 6)).trimEnd()
    const tone = state === 'done' || state === 'undone' ? 'good' : settled.has(state) ? 'bad' : 'busy'
    return `${name}  ${this.#terminal.colour(tone, full.repeat(filled) + empty.repeat(barWidth - filled))}  ${rest}`
  }
}

const words: Readonly<Record<Rotation['state'], string>> = {
  waiting: 'waiting',
  running: 'running',
  done: 'done',
  rolledBack: 'rolled back',
  failed: 'failed',
  stopped: 'stopped',
  interrupted: 'interrupted',
  undone: 'undone',
  superseded: 'closed',
}

function moves(rotation: Rotation): boolean {
  return rotation.state === 'running'
}

function nameOf({ profiles, key }: Rotation): string {
  return places(profiles) || short(key)
}

const letters = new Intl.Segmenter()

/** One line's worth, by what is seen: a longer one would wrap, and the next drawing would miss a line. */
function fit(text: string, width: number): string {
  const clean = printable(text).replaceAll('\n', ' ')
  const seen = stringWidth(clean)
  if (seen <= width) return clean + ' '.repeat(width - seen)
  let cut = ''
  for (const { segment } of letters.segment(clean)) {
    if (stringWidth(cut + segment) >= width) break
    cut += segment
  }
  return width === 0 ? '' : `${cut}${' '.repeat(width - 1 - stringWidth(cut))}…`
}
