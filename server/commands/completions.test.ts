import { execFileSync, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { commands, rowOf, shells } from './commandTable.ts'
import { completions } from './completions.ts'
import { ownOptions } from './optionTable.ts'

const has = (shell: string) => spawnSync(shell, ['--version']).error === undefined
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'keyturn-completions-'))
beforeAll(() => () => fs.rmSync(folder, { recursive: true, force: true }))

function scriptOf(shell: (typeof shells)[number]): string {
  const file = path.join(folder, `keyturn.${shell}`)
  fs.writeFileSync(file, completions(shell))
  return file
}

function home(): NodeJS.ProcessEnv {
  const base = fs.mkdtempSync(path.join(folder, 'home-'))
  onTestFinished(() => fs.rmSync(base, { recursive: true, force: true }))
  fs.mkdirSync(path.join(base, '.aws'))
  fs.writeFileSync(path.join(base, '.aws', 'credentials'), '[default]\n[prod-eu]\n[a b]\n')
  return { PATH: process.env['PATH'], HOME: base, TERM: 'dumb' }
}

describe('completions', () => {
  it.each(shells)('for %s know every command and option', (shell) => {
    const text = completions(shell)
    for (const command of commands) {
      if (command !== 'serve') expect(text).toContain(command)
      for (const name of ownOptions(command))
        expect(text).toContain(shell === 'fish' ? `-l ${name}` : `--${name}`)
      for (const word of rowOf(command).choices ?? []) expect(text).toContain(word)
    }
  })

  const bash = (...words: string[]) =>
    execFileSync(
      'bash',
      [
        '--norc',
        '-c',
        'source "$1"; shift; COMP_WORDS=(keyturn "$@"); COMP_CWORD=$#; _keyturn; printf "%s\\n" "${COMPREPLY[@]}"',
        'bash',
        scriptOf('bash'),
        ...words,
      ],
      { encoding: 'utf8', env: home() },
    )
      .trim()
      .split('\n')

  it.skipIf(!has('bash')).each([
    [['ro'], ['rotate']],
    [
      ['rotate', '--old'],
      ['--older-than', '--old-key'],
    ],
    [
      ['rotate', '--old-key', 'de'],
      ['deactivate', 'delete'],
    ],
    [['rotate', '--old-key', '=', 'k'], ['keep']],
    [['rotate', '--profile', 'p'], ['prod-eu']],
    [['--state-dir', 'old', 'rotate', '--al'], ['--all']],
    [['completions', 'z'], ['zsh']],
    [['status', '--al'], ['']],
  ])('bash completes %j', (words, found) => {
    expect(bash(...words)).toEqual(found)
  })

  it.skipIf(!has('fish')).each([
    ['ro', 'rotate'],
    ['rotate --old-key de', 'delete'],
    ['rotate --profile p', 'prod-eu'],
    ['undo --ho', '--how'],
    ['completions z', 'zsh'],
  ])('fish completes %s', (line, found) => {
    const text = execFileSync(
      'fish',
      ['--no-config', '-c', `source ${scriptOf('fish')}; complete -C 'keyturn ${line}'`],
      {
        encoding: 'utf8',
        env: home(),
      },
    )
    expect(text.split('\n').map((each) => each.split('\t')[0])).toContain(found)
  })

  it.skipIf(!has('zsh'))('zsh takes the script', () => {
    const ended = spawnSync(
      'zsh',
      ['-f', '-c', `autoload -U compinit; compinit -D; source ${scriptOf('zsh')}; print $_comps[keyturn]`],
      {
        encoding: 'utf8',
        env: home(),
      },
    )
    expect([ended.stdout.trim(), ended.stderr]).toEqual(['_keyturn', ''])
  })
})
