import fs from 'node:fs/promises'
import path from 'node:path'
import { Value } from 'typebox/value'
import { defaultSettings, Settings } from '../api/settings.ts'
import { writeAtomic } from './atomicFile.ts'
import { Failure } from './failure.ts'

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What is missing comes from the defaults; what the schema does not know is left out. */
function filled(found: Record<string, unknown>): unknown {
  const kept = Object.keys(defaultSettings).filter((name) => Object.hasOwn(found, name))
  const settings = { ...defaultSettings, ...Object.fromEntries(kept.map((name) => [name, found[name]])) }
  if (!isObject(settings.verification)) return settings
  const { verification } = settings
  const known = Object.keys(defaultSettings.verification).filter((name) => Object.hasOwn(verification, name))
  return {
    ...settings,
    verification: {
      ...defaultSettings.verification,
      ...Object.fromEntries(known.map((name) => [name, (verification as Record<string, unknown>)[name]])),
    },
  }
}

function invalid(file: string, why: string, cause?: unknown): Failure {
  return new Failure(
    {
      name: 'invalid-settings',
      title: 'The settings file cannot be read',
      detail: `${file}: ${why}. It is left as it is.`,
      remedy: 'Correct the file, or remove it to start from the defaults.',
    },
    { cause },
  )
}

function parsed(file: string, text: string): Settings {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch (error) {
    throw invalid(file, 'it is not JSON', error)
  }
  if (!isObject(found)) throw invalid(file, 'it does not hold an object')
  const settings = filled(found)
  if (Value.Check(Settings, settings)) return settings
  const [first] = Value.Errors(Settings, settings)
  throw invalid(
    file,
    `${first?.instancePath.slice(1).replaceAll('/', '.') ?? ''} ${first?.message ?? ''}`.trim(),
  )
}

/** settings.json in the state directory: read once at start, then this process is its only writer. */
export class SettingsFile {
  readonly #file: string
  #settings: Settings
  #writing: Promise<unknown> = Promise.resolve()

  private constructor(file: string, settings: Settings) {
    this.#file = file
    this.#settings = settings
  }

  /**
   * @throws Failure `invalid-settings` where the file is there and not valid: never silently replaced by defaults,
   * since it says which keys are never to be touched
   */
  static async open(stateDirectory: string): Promise<SettingsFile> {
    const file = path.join(stateDirectory, 'settings.json')
    const text = await fs.readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw invalid(file, error.code ?? error.message, error)
    })
    return new SettingsFile(file, text === undefined ? defaultSettings : parsed(file, text))
  }

  get(): Settings {
    return this.#settings
  }

  /**
   * Resolves when they are durable, and only then are they in force. Calls are written in their order.
   * @throws Failure `settings-unwritable`, with the old settings still in force
   */
  async put(settings: Settings): Promise<void> {
    const written = this.#writing.then(async () => {
      await writeAtomic(this.#file, `${JSON.stringify(settings, undefined, 2)}\n`)
      this.#settings = settings
    })
    this.#writing = written.catch(() => undefined)
    await written.catch((error: NodeJS.ErrnoException) => {
      throw new Failure(
        {
          name: 'settings-unwritable',
          title: 'The settings were not saved',
          detail: `${this.#file} could not be written: ${error.code ?? error.message}. The settings are as before.`,
          remedy: 'Free some space or make the state directory writable, then save again.',
        },
        { cause: error },
      )
    })
  }
}
