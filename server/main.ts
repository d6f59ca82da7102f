#!/usr/bin/env node
import { parseOptions } from './commands/options.ts'
import { describeError } from './platform/redact.ts'
import { takeEnvironment } from './platform/environment.ts'
import { Failure } from './platform/failure.ts'
import { findInstallation } from './platform/installation.ts'
import { printable, printableJson } from '../shared/printable.ts'

/** @returns the exit code, or undefined where the process stays */
async function main(): Promise<number | undefined> {
  const parsed = parseOptions(process.argv.slice(2))
  if (parsed.kind === 'usage') {
    process.stderr.write(`keyturn: ${printable(parsed.message)}\nSee keyturn --help.\n`)
    // Who asked for JSON reads standard output, and that cannot be parsed where it is empty.
    if (process.argv.slice(2).includes('--json')) {
      const problem = {
        name: 'usage',
        title: 'Wrong use',
        detail: parsed.message,
        remedy: 'See keyturn --help.',
      }
      process.stdout.write(`${printableJson({ exitCode: 2, problem })}\n`)
    }
    return 2
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
  if (error instanceof Failure) {
    const { title, detail, remedy } = error.trouble
    process.stderr.write(
      printable(`keyturn: ${title}. ${detail}${remedy === undefined ? '' : ` ${remedy}`}\n`),
    )
  } else {
    process.stderr.write(`keyturn: an error that nobody foresaw: ${JSON.stringify(describeError(error))}\n`)
  }
  process.exitCode = 1
}
