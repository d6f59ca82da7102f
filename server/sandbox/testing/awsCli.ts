import { execFile, execFileSync } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import type { Sandbox } from '../sandbox.ts'
import type { TestPair } from './clients.ts'

/** What `aws --version` says; undefined where there is none. Said aloud: a run that skips has not shown that the real CLI is served. */
export function awsCliVersion(): string | undefined {
  try {
    return execFileSync('aws', ['--version'], { encoding: 'utf8' }).trim()
  } catch {
    console.warn('No `aws` on PATH: the embedded AWS is not tried with the AWS CLI here.')
    return undefined
  }
}

export interface AwsCli {
  (...words: string[]): Promise<{ out: string; error: string }>
  remove(): Promise<void>
}

/** The AWS CLI with files of its own, signing with a pair, one attempt a call. */
export async function awsCli(sandbox: Sandbox, pair: TestPair, region = 'us-east-1'): Promise<AwsCli> {
  const directory = await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-cli-'))
  await fs.writeFile(
    path.join(directory, 'credentials'),
    `[alice]\naws_access_key_id = ${pair.id}\naws_secret_access_key = ${pair.secret}\n`,
  )
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'))
  const env = {
    ...Object.fromEntries(environment),
    AWS_SHARED_CREDENTIALS_FILE: path.join(directory, 'credentials'),
    AWS_CONFIG_FILE: path.join(directory, 'config'),
    AWS_MAX_ATTEMPTS: '1',
    AWS_PAGER: '',
  }
  const options = [
    '--profile',
    'alice',
    '--endpoint-url',
    sandbox.url,
    '--region',
    region,
    '--output',
    'json',
  ]
  const run = (...words: string[]) =>
    new Promise<{ out: string; error: string }>((resolve) => {
      execFile('aws', [...options, ...words], { env, maxBuffer: 1 << 26 }, (_error, out, error) =>
        resolve({ out, error }),
      )
    })
  return Object.assign(run, { remove: () => fs.rm(directory, { recursive: true }) })
}
