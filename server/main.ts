#!/usr/bin/env node
import type { Trouble } from './api/problem.ts'
import { defect } from './commands/defect.ts'
import { parseOptions } from './commands/options.ts'
import { describeError } from './platform/redact.ts'
import { takeEnvironment } from './platform/environment.ts'
import { Failure } from './platform/failure.ts'
import { findInstallation } from './platform/installation.ts'
import { printableJson } from '../shared/printable.ts'

const argv = process.argv.slice(2)
const parsed = parseOptions(argv)

/** @returns the exit code, or undefined where the process stays */
async function main(): Promise<number | undefined> {
  if (parsed.kind === 'usage') {
    const { command, message } = parsed
    const remedy = `See keyturn ${command === undefined ? '--help' : `${command} --help`}`
    return refuse({ name: 'usage', title: 'Wrong use', detail: message, remedy }, 2)
  }
  if (parsed.kind === 'help') {
    const { help } = await import('./commands/help.ts')
    process.stdout.write(help(parsed.command))
    return 0
  }
  if (parsed.kind === 'version') {
    process.stdout.write(`${findInstallation().version}\n`)
    return 0
  }
  if (parsed.kind === 'man') {
    const { manPage } = await import('./commands/manPage.ts')
    process.stdout.write(manPage(findInstallation().version))
    return 0
  }
  if (parsed.kind === 'completions') {
    const { completions } = await import('./commands/completions.ts')
    process.stdout.write(completions(parsed.shell))
    return 0
  }
  const { stdin, stdout, stderr } = process
  const io = { stdin, stdout, stderr, env: takeEnvironment() }
  // Loaded when needed: a status need not wait for an HTTP server.
  if (parsed.options.command !== 'serve') {
    const { runCommand } = await import('./commands/runCommand.ts')
    const code = await runCommand(parsed.options, io)
    // A look that was left alone at Ctrl-C may still wait for a reply; what was printed is out first.
    return new Promise<never>(() => stdout.write('', () => stderr.write('', () => process.exit(code))))
  }
  const [{ serve, StopRequest }, { compose }] = await Promise.all([
    import('./commands/serve.ts'),
    import('./commands/compose.ts'),
  ])
  const { findPage } = await import('./commands/handOver.ts')
  const found = await findPage(parsed.options, io)
  if (found !== undefined) return new Promise<never>(() => stdout.write('', () => process.exit(found)))
  const stop = new StopRequest()
  const served = await compose(parsed.options, io, stop)
  return serve(served, parsed.options, io, stop)
}

// A terminal or a pipe that went away must not end a rotation half way: what is written there is for reading only.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

try {
  const code = await main()
  if (code !== undefined) process.exitCode = code
} catch (error) {
  if (!(error instanceof Failure))
    process.stderr.write(`keyturn: an error that nobody foresaw: ${JSON.stringify(describeError(error))}\n`)
  process.exitCode = await refuse(error instanceof Failure ? error.trouble : defect, 1)
}

/** Who asked for JSON reads standard output, and that cannot be parsed where it is empty. @returns the exit code */
async function refuse(trouble: Trouble, code: number): Promise<number> {
  const [{ sayer }, { sentence }, { documentHere }, { thisInvocation }] = await Promise.all([
    import('./commands/say.ts'),
    import('./commands/wording.ts'),
    import('./commands/hints.ts'),
    import('./commands/invocation.ts'),
  ])
  const { env, stderr, stdout } = process
  const options = parsed.kind === 'run' ? parsed.options : undefined
  const say = sayer({ stderr, env }, options)
  if (code === 2) say(`keyturn: ${sentence(trouble)}`)
  else if (trouble !== defect) say(`keyturn: ${trouble.title}. ${sentence(trouble)}`)
  if (!argv.includes('--json')) return code
  const document = documentHere({ exitCode: code, problem: trouble }, thisInvocation(env, options))
  stdout.write(`${printableJson(document)}\n`)
  return code
}
