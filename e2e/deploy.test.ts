import { execFile, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { DockerfileParser } from 'dockerfile-ast'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { startSandbox } from '../server/sandbox/sandbox.ts'
import type { Sandbox } from '../server/sandbox/sandbox.ts'
import { account, hasty, section } from './stage.ts'

const read = (name: string) => fs.readFile(path.join('deploy', name), 'utf8')

interface Container {
  readonly name: string
  readonly args: readonly string[]
  readonly securityContext: unknown
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[]
}

/** The documents of a file of Kubernetes, by their kind. */
async function kubernetes() {
  const documents = parseAllDocuments(await read('kubernetes.yaml'), { strict: true })
  if ('empty' in documents) throw new Error('it is empty')
  expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([])
  const all = documents.map((each) => each.toJS() as { kind: string; spec: unknown; data: unknown })
  const of = (kind: string) => all.find((each) => each.kind === kind)
  const job = of('CronJob')?.spec as {
    concurrencyPolicy: string
    jobTemplate: { spec: { template: { spec: PodSpec } } }
  }
  return {
    kinds: all.map(({ kind }) => kind),
    job,
    pod: job.jobTemplate.spec.template.spec,
    data: of('ConfigMap')?.data as { 'settings.json': string; publish: string },
  }
}
interface PodSpec {
  readonly securityContext: unknown
  readonly initContainers: readonly [Container]
  readonly containers: readonly [Container]
  readonly volumes: readonly { readonly name: string }[]
}

/** The command that each scheduler is given. */
async function commandsOf() {
  const { pod } = await kubernetes()
  const service = await read('keyturn.service')
  const workflow = parse(await read('github-actions.yaml')) as {
    jobs: { rotate: { steps: [{ run: string }] } }
  }
  return {
    Kubernetes: pod.containers[0].args[0] ?? '',
    'a runner of GitHub': workflow.jobs.rotate.steps[0].run,
    systemd: /^ExecStart=(.*)$/m.exec(service)?.[1]?.replace(/^\S+\//, '') ?? '',
  }
}

describe('what schedulers are given is what they take', () => {
  it('Kubernetes: one at a time, as nobody special, with nothing to write but its volumes', async () => {
    const { kinds, job, pod } = await kubernetes()
    expect(kinds).toEqual(['PersistentVolumeClaim', 'ConfigMap', 'CronJob'])
    expect(job.concurrencyPolicy).toBe('Forbid')
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 })
    const volumes = new Set(pod.volumes.map(({ name }) => name))
    for (const { securityContext, volumeMounts } of [...pod.initContainers, ...pod.containers]) {
      expect(securityContext).toMatchObject({
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      })
      for (const { name } of volumeMounts) expect(volumes).toContain(name)
    }
  })

  it('GitHub, by its own parser', () => {
    const words = ['--import', 'tsx', 'e2e/scripts/readWorkflow.mjs', 'deploy/github-actions.yaml']
    const { stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' })
    expect([stdout, stderr]).toEqual(['[]', ''])
  })

  it.skipIf(spawnSync('systemd-analyze', ['--version']).error !== undefined)('systemd', async () => {
    const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-units-'))
    for (const name of ['keyturn.service', 'keyturn.timer'])
      // It looks whether the program is there.
      await fs.writeFile(
        path.join(folder, name),
        (await read(name)).replace('/usr/local/bin/keyturn', process.execPath),
      )
    const files = ['keyturn.service', 'keyturn.timer'].map((name) => path.join(folder, name))
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], { encoding: 'utf8' })
    await fs.rm(folder, { recursive: true })
    expect(verified.stderr.split('\n').filter((line) => line.includes('keyturn.'))).toEqual([])
  })

  it('the image: its end is not root, and starts the command itself', async () => {
    const text = await fs.readFile('Containerfile', 'utf8')
    const lines = DockerfileParser.parse(text)
      .getInstructions()
      .map((each) => ({
        keyword: each.getKeyword(),
        words: each.getArguments().map((word) => word.getValue()),
      }))
    const last = (keyword: string) => lines.filter((each) => each.keyword === keyword).at(-1)?.words
    expect(lines.filter(({ keyword }) => keyword === 'FROM')).toHaveLength(2)
    expect(last('USER')).toEqual(['1000:1000'])
    expect(last('ENTRYPOINT')?.join('')).toBe('["keyturn"]')
    expect(last('FROM')?.[0]).toMatch(/-slim$/)
    expect(last('COPY')?.[0]).toBe('/opt/keyturn')
  })
})

describe.skipIf(process.platform === 'win32')('what schedulers are given, done', { timeout: 60_000 }, () => {
  let base = ''
  let iam: Sandbox
  /** Where what the image and the pod have at fixed places lies here. */
  const here = (text: string) =>
    text.replaceAll(/(?<![\w/])\/(work|seed|etc\/keyturn)(?=\/|$)/gm, (_, place: string) =>
      path.join(base, place),
    )
  const file = (name: string) => path.join(base, 'work', name)

  beforeEach(async () => {
    base = await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-deploy-'))
    iam = await startSandbox({ accounts: [{ id: account }] })
    const createdAt = Date.now() - 100 * 86_400_000
    const [key] = iam.control.addUser(account, { name: 'deploy', createdAt, keys: [{ createdAt }] })
    if (!key) throw new Error('no key was made')
    for (const folder of ['work', 'seed', 'etc/keyturn', 'bin'])
      await fs.mkdir(path.join(base, folder), { recursive: true, mode: 0o700 })
    await fs.writeFile(path.join(base, 'seed', 'credentials'), section('deploy', key), { mode: 0o440 })
    const shim = `#!/bin/sh\nexec ${process.execPath} ${path.resolve('dist/server/main.js')} "$@"\n`
    await fs.writeFile(path.join(base, 'bin', 'keyturn'), shim, { mode: 0o755 })
    const { data } = await kubernetes()
    const settings = { ...(JSON.parse(here(data['settings.json'])) as object), verification: hasty }
    await fs.writeFile(path.join(base, 'etc/keyturn', 'settings.json'), JSON.stringify(settings))
    await hook(data.publish)
  })
  afterEach(async () => {
    await iam.close()
    await fs.rm(base, { recursive: true })
  })

  async function hook(text: string): Promise<void> {
    await fs.rm(path.join(base, 'etc/keyturn/publish'), { force: true })
    await fs.writeFile(path.join(base, 'etc/keyturn/publish'), text, { mode: 0o555 })
  }

  /** As the scheduler's shell does it. */
  async function does(line: string) {
    const env = {
      PATH: `${path.join(base, 'bin')}:${process.env['PATH'] ?? ''}`,
      HOME: file(''),
      RUNNER_TEMP: base,
      AWS_SHARED_CREDENTIALS_FILE: file('aws/credentials'),
      AWS_CONFIG_FILE: file('aws/config'),
      XDG_STATE_HOME: file('state'),
      AWS_ENDPOINT_URL: iam.url,
    }
    const done = promisify(execFile)('sh', ['-ec', here(line)], { env })
    const { code, stdout, stderr } = await done.then(
      (out) => ({ code: 0, ...out }),
      (error: unknown) => error as { code: number; stdout: string; stderr: string },
    )
    const document = path.join(base, 'keyturn.json')
    return { code, stderr, stdout: existsSync(document) ? await fs.readFile(document, 'utf8') : stdout }
  }
  const seed = async () => does((await kubernetes()).pod.initContainers[0].args[0] ?? '')
  const statuses = () => iam.control.keys('deploy').map(({ status }) => status)

  it('a seed is laid once: what was rotated since is not overwritten', async () => {
    expect(await seed()).toMatchObject({ code: 0, stderr: '' })
    await fs.writeFile(file('aws/credentials'), 'rotated since')
    expect(await seed()).toMatchObject({ code: 0, stderr: '' })
    expect(await fs.readFile(file('aws/credentials'), 'utf8')).toBe('rotated since')
    expect((await fs.stat(file('aws/credentials'))).mode & 0o777).toBe(0o600)
  })

  it('the hook that nobody has filled in keeps the old key on', async () => {
    await seed()
    const ended = await does((await commandsOf()).Kubernetes)
    expect([ended.code, JSON.parse(ended.stdout)]).toMatchObject([1, { exitCode: 1 }])
    expect(statuses()).toEqual(['Active', 'Active'])
  })

  it.each(['Kubernetes', 'a runner of GitHub', 'systemd'] as const)(
    '%s: one JSON document a run, the pair on the hook’s standard input, and then nothing is due',
    async (scheduler) => {
      await seed()
      await hook(`#!/bin/sh\ncat > '${file('published')}'\n`)
      const line = (await commandsOf())[scheduler]
      const first = await does(line)
      expect([first.code, JSON.parse(first.stdout)]).toMatchObject([0, { exitCode: 0 }])
      const pair = JSON.parse(await fs.readFile(file('published'), 'utf8')) as Record<string, string>
      expect(iam.control.worksNow(pair['accessKeyId'] ?? '', pair['secretAccessKey'] ?? '')).toBe(true)
      expect(first.stdout + first.stderr).not.toContain(pair['secretAccessKey'])
      expect(statuses().sort()).toEqual(['Active', 'Inactive'])

      const second = await does(line)
      // systemd is told in its unit that 3 is well.
      expect([second.code, JSON.parse(second.stdout)]).toMatchObject([
        scheduler === 'systemd' ? 3 : 0,
        { exitCode: 3 },
      ])
    },
  )
})
