import { execFile } from 'node:child_process'
import { cleanEnvironment } from '../command.ts'

export interface CliFiles {
  readonly credentials: string
  readonly config: string
}

/** The AWS CLI, reading the files as any program would. */
export class AwsCli {
  readonly #aws: string
  readonly #url: string
  readonly #files: CliFiles

  constructor(aws: string, url: string, files: CliFiles) {
    this.#aws = aws
    this.#url = url
    this.#files = files
  }

  /** @returns the reply. @throws Error with what the CLI said */
  async as<T>(profile: string, ...words: string[]): Promise<T> {
    const { out, error, failed } = await this.#run(['--profile', profile, ...words], {})
    if (failed) throw new Error(`aws ${words.join(' ')} --profile ${profile}: ${error.trim()}`)
    return (out.trim() === '' ? undefined : JSON.parse(out)) as T
  }

  /** What GetCallerIdentity says of a bare pair: its ARN, or the CLI's complaint. */
  async whoIs(pair: { id: string; secret: string }): Promise<string> {
    const { out, error, failed } = await this.#run(['sts', 'get-caller-identity'], {
      AWS_ACCESS_KEY_ID: pair.id,
      AWS_SECRET_ACCESS_KEY: pair.secret,
      AWS_DEFAULT_REGION: 'us-east-1',
    })
    return failed ? error.trim() : (JSON.parse(out) as { Arn: string }).Arn
  }

  #run(
    words: string[],
    env: Record<string, string>,
  ): Promise<{ out: string; error: string; failed: boolean }> {
    return new Promise((resolve) => {
      execFile(
        this.#aws,
        ['--endpoint-url', this.#url, '--output', 'json', ...words],
        {
          env: cleanEnvironment({
            AWS_SHARED_CREDENTIALS_FILE: this.#files.credentials,
            AWS_CONFIG_FILE: this.#files.config,
            AWS_MAX_ATTEMPTS: '1',
            AWS_PAGER: '',
            ...env,
          }),
        },
        (failure, out, error) => resolve({ out, error, failed: failure !== null }),
      )
    })
  }
}
