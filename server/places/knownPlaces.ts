import path from 'node:path'
import type { Environment } from '../platform/environment.ts'

/** Below the home, where the tools that read such keys keep them. */
const inHome = [
  ...['.boto', '.s3cfg', '.config/rclone/rclone.conf', '.rclone.conf', '.mc/config.json', 'mc/config.json'],
  ...['.passwd-s3fs', '.s3backer_passwd', '.s3ql/authinfo2', '.s3b_config', '.ecs/credentials', '.fog'],
  ...['.chef/knife.rb', '.chef/config.rb', '.env', '.envrc', '.pam_environment', '.kube/config'],
  ...['.bashrc', '.bash_profile', '.profile', '.zshrc', '.zshenv', '.zprofile', '.config/fish/config.fish'],
  ...['.config/fish/fish_variables', '.local/share/fish/fish_history', '.bash_history', '.zsh_history'],
  ...['.python_history', '.node_repl_history', '.psql_history', '.lesshst'],
  ...['.local/share/powershell/PSReadLine/ConsoleHost_history.txt'],
  ...['.claude.json', '.claude/settings.json', '.mcp.json', '.cursor/mcp.json', '.codex/.env'],
  ...[
    'Library/Application Support/Claude/claude_desktop_config.json',
    '.config/Claude/claude_desktop_config.json',
  ],
  ...['.docker/config.json', '.ansible.cfg', '.npmrc', '.m2/settings.xml', '.gradle/gradle.properties'],
  ...['.ivy2/.credentials', '.serverlessrc', '.config/pip/pip.conf', '.aws/credentials', '.aws/config'],
]
const inAppData = [
  ...['s3cmd.ini', 'rclone/rclone.conf', 'Claude/claude_desktop_config.json'],
  ...['Microsoft/Windows/PowerShell/PSReadLine/ConsoleHost_history.txt'],
]
const ofTheMachine = ['/etc/boto.cfg', '/etc/passwd-s3fs', '/etc/s3proxy.conf', '/etc/environment']
/** Variables that name a file, or several with colons between them. */
const named = ['BOTO_CONFIG', 'BOTO_PATH', 'AWS_CREDENTIAL_FILE', 'RCLONE_CONFIG', 'KUBECONFIG']

/** Files that are looked at first: a second is enough for them, and most copies of a key are there. */
export function knownPlaces(home: string, env: Environment, platform: NodeJS.Platform): string[] {
  const { APPDATA } = env
  const separator = platform === 'win32' ? ';' : ':'
  return [
    ...inHome.map((each) => path.join(home, each)),
    ...(platform === 'win32' && APPDATA ? inAppData.map((each) => path.join(APPDATA, each)) : []),
    ...(platform === 'win32' ? [] : ofTheMachine),
    ...named.flatMap((name) => env[name]?.split(separator) ?? []).map((each) => path.resolve(home, each)),
  ].filter((each, at, all) => all.indexOf(each) === at)
}
