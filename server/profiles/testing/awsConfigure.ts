import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'

/** The AWS CLI's own writer, called again and again in one process: many more interleavings than the command gives. */
const writerLoop = `
import random, sys, time
from awscli.customizations.configure.writer import ConfigFileWriter
writer = ConfigFileWriter()
count = 0
while True:
    line = sys.stdin.readline()
    if not line:
        break
    writer.update_config({'__section__': 'profile cli', f'k{count}': f'v{count}'}, sys.argv[1])
    count += 1
    time.sleep(random.uniform(0, 0.04))
    print(count, flush=True)
`

/** A Python that has the AWS CLI as a module; undefined where there is none. */
export function pythonWithCli(): string | undefined {
  const found = spawnSync('python3', ['-c', 'import awscli.customizations.configure.writer'])
  return found.status === 0 ? 'python3' : undefined
}

export function hasCli(): boolean {
  return spawnSync('aws', ['--version']).status === 0
}

export interface ForeignWriter {
  /** Writes one more setting, kN = vN, into [profile cli]. */
  write(): Promise<void>
  end(): Promise<void>
}

/** In one Python process, with the CLI's own code. */
export function writerProcess(python: string, config: string): ForeignWriter {
  const child = spawn(python, ['-c', writerLoop, config], { stdio: ['pipe', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  return {
    write: async () => {
      child.stdin.write('\n')
      await once(child.stdout, 'data')
    },
    end: async () => {
      child.stdin.end()
      await closed
    },
  }
}

/** The command itself: `aws configure set`. */
export function writerCommand(config: string): ForeignWriter {
  let count = 0
  return {
    write: async () => {
      const child = spawn('aws', ['configure', 'set', `k${count}`, `v${count}`, '--profile', 'cli'], {
        stdio: ['ignore', 'inherit', 'inherit'],
        env: {
          PATH: process.env['PATH'],
          HOME: '/nonexistent',
          AWS_CONFIG_FILE: config,
          AWS_SHARED_CREDENTIALS_FILE: `${config}-none`,
        },
      })
      const [code] = (await once(child, 'close')) as [number | null]
      if (code !== 0) throw new Error(`aws configure set ended with ${code}`)
      count++
    },
    end: async () => undefined,
  }
}
