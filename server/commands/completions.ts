import { commands, rowOf, type Command, type Shell } from './commandTable.ts'
import {
  optionNames,
  optionOf,
  ownOptions,
  saysOf,
  sharedOptions,
  type OptionName,
  type OptionRow,
} from './optionTable.ts'

/** Pure: what a shell reads to complete `keyturn`. */
export function completions(shell: Shell): string {
  return { bash, zsh, fish, powershell }[shell]()
}

const named = commands.filter((command) => command !== 'serve')
const optionsOf = (command: Command): readonly OptionName[] => [...ownOptions(command), ...sharedOptions]
const dashed = (name: OptionName) => `--${name}`
const takingValue = optionNames.filter((name) => optionOf(name).value !== undefined)

/** Names with other characters would need quotes of their own in each shell. */
const profiles = `sed -n 's/^\\[\\([A-Za-z0-9_.@+-]*\\)].*/\\1/p' "\${AWS_SHARED_CREDENTIALS_FILE:-$HOME/.aws/credentials}" 2>/dev/null`

function bash(): string {
  const values = takingValue.flatMap((name) => {
    const row = optionOf(name)
    const words = row.completes === 'profile' ? '$(_keyturn_profiles)' : row.values?.join(' ')
    if (words !== undefined) return [`    ${dashed(name)}) _keyturn_words "${words}"; return ;;`]
    const kind = row.completes === 'folder' ? '-d' : row.completes === 'file' ? '-f' : undefined
    return [`    ${dashed(name)}) ${kind === undefined ? '' : `_keyturn_files ${kind}; `}return ;;`]
  })
  const cases = commands.map((command) => {
    const words = [...(rowOf(command).choices ?? []), ...optionsOf(command).map(dashed)]
    const first = command === 'serve' ? [...named, ...words] : words
    return `    ${command}) _keyturn_words "${first.join(' ')}" ;;`
  })
  return `# keyturn completions bash
_keyturn_profiles() {
  ${profiles}
}
_keyturn_words() {
  COMPREPLY=($(compgen -W "$1" -- "$cur"))
}
_keyturn_files() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen "$1" -- "$cur"))
  compopt -o filenames 2>/dev/null
}
_keyturn() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" command=serve i
  [[ $cur == = ]] && cur=
  [[ $prev == = ]] && prev="\${COMP_WORDS[COMP_CWORD-2]}"
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "\${COMP_WORDS[i]}" in
      ${takingValue.map(dashed).join('|')}) ((i++)) ;;
      ${named.join('|')}) command="\${COMP_WORDS[i]}"; break ;;
    esac
  done
  COMPREPLY=()
  case "$prev" in
${values.join('\n')}
  esac
  case "$command" in
${cases.join('\n')}
  esac
}
complete -F _keyturn keyturn
`
}

function zsh(): string {
  const inBrackets = (text: string) => text.replace(/[\\[\]:]/g, '\\$&')
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
  const argument = ({ value, values, completes }: OptionRow) => {
    if (value === undefined) return ''
    const how =
      completes === 'profile' ? '_keyturn_profiles' : completes === 'folder' ? '_files -/' : '_files'
    return `:${inBrackets(value)}:${completes === undefined ? (values ? `(${values.join(' ')})` : ' ') : how}`
  }
  const spec = (command: Command, name: OptionName) => {
    const row = optionOf(name)
    const rest = `[${inBrackets(saysOf(command, name) ?? '')}]${argument(row)}`
    return quoted(`${row.many ? '*' : ''}${dashed(name)}${rest}`)
  }
  const cases = commands.map((command) => {
    const { choices } = rowOf(command)
    const specs = [
      ...optionsOf(command).map((name) => spec(command, name)),
      "'1:command:_keyturn_commands'",
      choices ? `'2: :(${choices.join(' ')})'` : "'*: : '",
    ]
    return `    ${command})\n      _arguments ${specs.join(' \\\n        ')} ;;`
  })
  return `#compdef keyturn
# keyturn completions zsh
_keyturn_profiles() {
  local -a names
  names=(\${(f)"$(${profiles})"})
  compadd -a names
}
_keyturn_commands() {
  local -a known
  known=(
${named.map((command) => `    ${quoted(`${command}:${rowOf(command).does}`)}`).join('\n')}
  )
  _describe command known
}
_keyturn() {
  local command=serve i
  for ((i = 2; i < CURRENT; i++)); do
    case $words[i] in
      ${takingValue.map(dashed).join('|')}) ((i++)) ;;
      ${named.join('|')}) command=$words[i]; break ;;
    esac
  done
  case $command in
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _keyturn ]]; then _keyturn "$@"; else compdef _keyturn keyturn; fi
`
}

function fish(): string {
  const quoted = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`
  const seen = (command: Command) =>
    command === 'serve' ? '__fish_use_subcommand' : `__fish_seen_subcommand_from ${command}`
  const line = (command: Command, name: OptionName, when: string) => {
    const { value, values, completes, short } = optionOf(name)
    const words = completes === 'profile' ? '(__keyturn_profiles)' : values?.join(' ')
    const kind =
      completes === 'folder'
        ? ' -x -a "(__fish_complete_directories)"'
        : completes === 'file'
          ? ' -r -F'
          : words === undefined
            ? ' -x'
            : ` -x -a ${quoted(words)}`
    const given = value === undefined ? '' : kind
    const letter = short === undefined ? '' : ` -s ${short}`
    return `complete -c keyturn${when}${letter} -l ${name}${given} -d ${quoted(saysOf(command, name) ?? '')}`
  }
  return `# keyturn completions fish
function __keyturn_profiles
  set -l file ~/.aws/credentials
  set -q AWS_SHARED_CREDENTIALS_FILE; and set file $AWS_SHARED_CREDENTIALS_FILE
  sed -n 's/^\\[\\([A-Za-z0-9_.@+-]*\\)].*/\\1/p' $file 2>/dev/null
end
complete -c keyturn -f
${named.map((command) => `complete -c keyturn -n ${quoted(seen('serve'))} -a ${command} -d ${quoted(rowOf(command).does)}`).join('\n')}
${commands.flatMap((command) => ownOptions(command).map((name) => line(command, name, ` -n ${quoted(seen(command))}`))).join('\n')}
${sharedOptions.map((name) => line('serve', name, '')).join('\n')}
${named.flatMap((command) => (rowOf(command).choices ?? []).map((word) => `complete -c keyturn -n ${quoted(seen(command))} -a ${word}`)).join('\n')}
`
}

function powershell(): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`
  const list = (words: readonly string[]) => `@(${words.map(quoted).join(', ')})`
  const words = (command: Command) => [
    ...(command === 'serve' ? named : (rowOf(command).choices ?? [])),
    ...optionsOf(command).map(dashed),
  ]
  const values = takingValue.flatMap((name) => {
    const known = optionOf(name).values
    return known ? [`    ${quoted(dashed(name))} = ${list(known)}`] : []
  })
  const files = takingValue.filter((name) => ['file', 'folder'].includes(optionOf(name).completes ?? ''))
  const ofProfiles = takingValue.filter((name) => optionOf(name).completes === 'profile')
  return `# keyturn completions powershell
Register-ArgumentCompleter -Native -CommandName keyturn -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @{
${commands.map((command) => `    ${quoted(command)} = ${list(words(command))}`).join('\n')}
  }
  $values = @{
${values.join('\n')}
  }
  $files = ${list(files.map(dashed))}
  $profiles = ${list(ofProfiles.map(dashed))}
  $taking = ${list(takingValue.map(dashed))}
  $given = @($commandAst.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.ToString() })
  $command = 'serve'
  for ($i = 0; $i -lt $given.Count; $i++) {
    if ($taking -contains $given[$i]) { $i++ }
    elseif ($words.ContainsKey($given[$i])) { $command = $given[$i]; break }
  }
  $last = if ($given.Count -gt 0) { $given[-1] } else { '' }
  if ($files -contains $last) { return }
  $found = if ($profiles -contains $last) {
    $file = if ($env:AWS_SHARED_CREDENTIALS_FILE) { $env:AWS_SHARED_CREDENTIALS_FILE } else { Join-Path $HOME '.aws/credentials' }
    Select-String -Path $file -Pattern '^\\[([A-Za-z0-9_.@+-]+)\\]' -ErrorAction SilentlyContinue |
      ForEach-Object { $_.Matches[0].Groups[1].Value }
  } elseif ($values.ContainsKey($last)) { $values[$last] }
  elseif ($taking -contains $last) { @() }
  else { $words[$command] }
  $found | Where-Object { $_ -like "$wordToComplete*" } |
    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
}
`
}
