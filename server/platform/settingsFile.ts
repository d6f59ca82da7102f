import path from 'node:path'
import { Value } from 'typebox/value'
import type { Trouble } from '../api/problem.ts'
import { defaultSettings, Settings } from '../api/settings.ts'
import { writeAtomic } from './atomicFile.ts'
import { Failure } from './failure.ts'
import { ownFiles, whyNot } from './ownFiles.ts'

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

async function readSettings(file: string): Promise<Settings> {
  let bytes: Buffer | undefined
  try {
    bytes = await ownFiles.read(file)
  } catch (error) {
    throw invalid(file, whyNot(error), error)
  }
  return bytes === undefined ? defaultSettings : parsed(file, bytes.toString('utf8'))
}

/** settings.json in the state directory: read once at start, then this process is its only writer. */
export class SettingsFile {
  /** Why the file could not be read, where only a look was wanted. */
  readonly notice: Trouble | undefined
  readonly #file: string
  #settings: Settings
  #writing: Promise<unknown> = Promise.resolve()

  private constructor(file: string, settings: Settings, notice?: Trouble) {
    this.#file = file
    this.#settings = settings
    this.notice = notice
  }

  /**
   * @throws Failure `invalid-settings` where the file is there and not valid: never silently replaced by defaults,
   * since it says which keys are never to be touched
   * @param toLook only to look: then that is a notice, beside the defaults
   */
  static async open(stateDirectory: string, toLook = false): Promise<SettingsFile> {
    const file = path.join(stateDirectory, 'settings.json')
    try {
      return new SettingsFile(file, await readSettings(file))
    } catch (error) {
      if (!toLook || !(error instanceof Failure)) throw error
      return new SettingsFile(file, defaultSettings, error.trouble)
    }
  }

  get(): Settings {
    return this.#settings
  }

  /**
   * Resolves when they are durable, and only then are they in force. Calls are written in their order.
   * @throws Failure `settings-unwritable`, `foreign-hook`, with the old settings still in force
   */
  async put(settings: Settings): Promise<void> {
    const written = this.#writing.then(async () => {
      this.#refuseForeignHooks(settings)
      await writeAtomic(this.#file, `${JSON.stringify(settings, undefined, 2)}\n`)
      this.#settings = settings
    })
    this.#writing = written.catch(() => undefined)
    await written.catch((error: NodeJS.ErrnoException) => {
      if (error instanceof Failure) throw error
      throw new Failure(
        {
          name: 'settings-unwritable',
          title: 'The settings were not saved',
          detail: `${this.#file} could not be written: ${whyNot(error)}. The settings are as before.`,
          remedy: 'Free some space or make the state directory writable, then save again.',
        },
        { cause: error },
      )
    })
  }

  /**
   * Whoever holds a session of the page must not have a program of theirs run with the new pair: over it only what the
   * person has put into `hooks/` is chosen. Other paths come from the command line, or stand in the file by the person's
   * own hand, and stay as they are.
   */
  #refuseForeignHooks({ hooks }: Settings): void {
    const directory = path.join(path.dirname(this.#file), 'hooks')
    const foreign = hooks.find(
      (hook) =>
        hook.path !== path.join(directory, path.basename(hook.path)) &&
        !this.#settings.hooks.some((had) => had.path === hook.path && had.pairOnStdin === hook.pairOnStdin),
    )
    if (!foreign) return
    throw new Failure({
      name: 'foreign-hook',
      title: 'The settings were not saved',
      detail: `${foreign.path} is not in ${directory}: the page chooses among the programs there alone.`,
      remedy: 'Put the program there, or name it on the command line with --hook.',
    })
  }
}
