/** What kind of file a place is, by its name and the folder that it is in. */
export interface Kind {
  readonly name: string
  /** The tool reads it at each start, so that it should go along with a rotation: marked beforehand. */
  readonly usual?: true
  /** Why it is only listed, never written: what is true, and what to do. */
  readonly listed?: string
}

interface Rule extends Kind {
  /** Of the whole path, with forward slashes; a leading `~/` is the home. */
  readonly path: RegExp
}

const history =
  'It is a history: the programs that write it keep it in memory and would write the old line again. Delete that line where the program lets you.'
const state = 'Terraform keeps it. Run terraform init -reconfigure or terraform apply with the new pair.'
const record =
  'It is a record of what was, and no tool reads the pair from it. Delete it where it is not needed.'
const own = 'The program keeps it in a form of its own: set the new pair in that program.'
const session =
  'It holds a sign-in that was made with the key, not the key that is read. It ends by itself, or with the session.'

/** The first that fits counts. */
const rules: readonly Rule[] = [
  { path: /\/\.aws\/(cli|sso|login|boto)\/cache\//, name: 'AWS sign-in cache', listed: session },
  { path: /\/\.(awsvault|aws-vault)\//, name: 'aws-vault', listed: own },
  {
    path: /\/\.[^/]+\.(sw[a-p]|kate-swp)$/,
    name: 'editor swap file',
    listed: 'An editor has the file open, or died with it open. Close the editor; delete the swap file.',
  },
  { path: /\/\.git\/config$/, name: 'git settings' },
  { path: /\/\.git\/hooks\/[^/]+$/, name: 'git hook' },
  // Settings that a tool reads when it starts.
  { path: /\/\.?boto(\.cfg)?$/, name: 'boto', usual: true },
  { path: /\/\.s3cfg$|\/s3cmd\.ini$/i, name: 's3cmd', usual: true },
  { path: /\/\.?rclone\.conf$/, name: 'rclone', usual: true },
  { path: /\/\.?mc\/config\.json$/, name: 'MinIO client', usual: true },
  { path: /\/\.?passwd-s3fs$/, name: 's3fs', usual: true },
  { path: /\/\.ecs\/credentials$/, name: 'ECS CLI', usual: true },
  { path: /\/\.s3backer_passwd$/, name: 's3backer' },
  { path: /\/\.s3ql\/authinfo2$/, name: 's3ql' },
  { path: /\/s3proxy\.conf$/, name: 's3proxy' },
  { path: /\/\.s3b_config$|\/S3Browser\//, name: 'S3 Browser' },
  { path: /\/\.fog$/, name: 'fog' },
  { path: /\/\.chef\/|\/(knife|chef\/config)\.rb$/, name: 'Chef' },
  // AI tools, their settings first.
  { path: /\/\.claude\/projects\/|\/\.aider[^/]*$|\.(jsonl|ndjson)$/i, name: 'transcript', listed: record },
  {
    path: /\/\.claude\.json$|\/\.claude\/settings[^/]*\.json$|\/\.?mcp\.json$|\/claude_desktop_config\.json$|\/\.(cursor|codeium|continue|codex)\//,
    name: 'AI tool',
    usual: true,
  },
  // Shells.
  {
    path: /history(\.txt|\.sqlite|\.db)?$|\/\.(histfile|lesshst|viminfo)$|\/\.zsh_sessions\/|\/PSReadLine\//i,
    name: 'history',
    listed: history,
  },
  {
    path: /\/fish\/fish_variables$/,
    name: 'fish variables',
    listed: 'fish writes it at every change. Set the variables anew: set -Ux AWS_ACCESS_KEY_ID …',
  },
  {
    path: /\/\.(bash|zsh)(rc|env|_?profile|_login|_logout|_aliases)$|\/\.(z?profile|zlogin|kshrc|mkshrc|cshrc|tcshrc|login|pam_environment|xprofile|xsessionrc)$|\/fish\/(config|conf\.d\/[^/]+)(\.fish)?$|\/environment\.d\/[^/]+\.conf$|profile\.ps1$/i,
    name: 'shell start-up',
  },
  { path: /\/\.env(rc)?([.-][^/]*)?$|\.env$|\/Procfile$/i, name: '.env' },
  { path: /\/(docker-)?compose[^/]*\.ya?ml$/i, name: 'Compose' },
  // Terraform and its kin.
  { path: /\.tfstate(\.[^/]*)?$|\/\.terraform\//, name: 'Terraform state', listed: state },
  { path: /\.tfvars(\.json)?$/, name: 'Terraform variables' },
  { path: /\.(tf|tofu)$/, name: 'Terraform' },
  { path: /\.pkr\.hcl$|\/packer[^/]*\.json$/i, name: 'Packer' },
  { path: /\/Vagrantfile$/, name: 'Vagrant' },
  { path: /\/\.?ansible(\.cfg|\/)|\/(group|host)_vars\//, name: 'Ansible' },
  { path: /\/serverless\.ya?ml$/, name: 'Serverless' },
  { path: /\/\.kube\/config$|\/kubeconfig[^/]*$/i, name: 'kubeconfig' },
  // Editors.
  { path: /\/\.vscode\/|\/Code( - Insiders)?\/User\/|\.code-workspace$/, name: 'VS Code' },
  { path: /\/\.idea\/|\/JetBrains\//, name: 'JetBrains' },
  // Programs with a store of their own.
  { path: /\.duck$/, name: 'Cyberduck bookmark', listed: own },
  { path: /\/(DBeaver|\.dbeaver)[^/]*\/|\/credentials-config\.json$/i, name: 'DBeaver', listed: own },
  { path: /\/WinSCP\.ini$|\/Transmit\/|\/FileZilla\//i, name: 'file transfer program', listed: own },
  { path: /\/(credentials|jenkins[^/]*)\.xml$/i, name: 'Jenkins', listed: own },
  {
    path: /\/\.docker\/config\.json$/,
    name: 'Docker',
    listed: 'Docker keeps sign-ins to registries there. Sign in again: docker login.',
  },
  {
    path: /\/cron(tabs)?\/|\/crontab$/,
    name: 'crontab',
    listed: 'cron’s own command writes it: crontab -e.',
  },
  { path: /\/systemd\/.*\.(service|timer|socket|conf)$/, name: 'systemd unit' },
  { path: /\/Launch(Agents|Daemons)\/[^/]+\.plist$/, name: 'launchd agent' },
  // Big data, builds, apps.
  {
    path: /\/(core|hdfs|hive|yarn|mapred)-site\.xml$|\/(spark|hadoop)[^/]*\.(conf|properties|sh)$/,
    name: 'Hadoop',
  },
  {
    path: /\/pip\.(conf|ini)$|\/\.(npmrc|yarnrc(\.yml)?|pypirc|netrc|curlrc|wgetrc)$|\/\.m2\/settings[^/]*\.xml$|\/\.?gradle(\.properties|\/[^/]*\.gradle)$|\/\.sbt\/|\/\.ivy2\//,
    name: 'build tool',
  },
  { path: /\/\.?(litestream|restic|borgmatic|duplicity|velero)[^/]*(\/[^/]+)*$/i, name: 'backup tool' },
  { path: /\/wp-config\.php$|\/settings\.py$|\/celeryconfig\.py$|\/storage\.ya?ml$/, name: 'app settings' },
  { path: /\.(log|out|trace|har)(\.\d+)?$/i, name: 'log', listed: record },
  { path: /\.(mbox|eml|msg)$/i, name: 'mail', listed: record },
  { path: /\.(ipynb)$/, name: 'notebook' },
  { path: /\.(sqlite3?|db|mdb|ldb|sst|parquet|pcapng?|dmp|core)$/i, name: 'database', listed: own },
]

const byEnding: Readonly<Record<string, string>> = {
  json: 'JSON',
  yml: 'YAML',
  yaml: 'YAML',
  toml: 'TOML',
  ini: 'INI',
  cfg: 'settings',
  conf: 'settings',
  config: 'settings',
  properties: 'settings',
  xml: 'XML',
  sh: 'script',
  bash: 'script',
  zsh: 'script',
  ps1: 'script',
  bat: 'script',
  cmd: 'script',
  py: 'script',
  rb: 'script',
  pl: 'script',
  js: 'script',
  ts: 'script',
  php: 'script',
  go: 'source code',
  java: 'source code',
  cs: 'source code',
  sql: 'SQL',
  csv: 'CSV',
  md: 'notes',
  txt: 'notes',
  org: 'notes',
  rst: 'notes',
}

/**
 * @param file absolute
 * @param awsFiles the two files of the profiles: what lies beside them under the same name is a copy of them
 */
export function kindOf(file: string, awsFiles: readonly string[] = []): Kind {
  if (awsFiles.some((each) => isCopyOf(file, each))) return { name: 'copy of the AWS file' }
  const path = file.replaceAll('\\', '/')
  const rule = rules.find((each) => each.path.test(path))
  if (rule) {
    const { path: _, ...kind } = rule
    return kind
  }
  const ending = /\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase()
  return { name: (ending && byEnding[ending]) || 'file' }
}

/** `credentials.bak`, `credentials~`, `.credentials.swp`, `credentials.2023-01-01`, `#credentials#` beside `credentials`. */
function isCopyOf(file: string, original: string): boolean {
  const [folder, name] = split(file)
  const [home, named] = split(original)
  if (folder !== home || name === named) return false
  const rest = name.replace(/^[.#]+/, '')
  return rest.startsWith(named) && /^[^A-Za-z0-9]/.test(rest.slice(named.length)) && !/\.sw[a-p]$/.test(name)
}

function split(file: string): [string, string] {
  const at = Math.max(file.lastIndexOf('/'), file.lastIndexOf('\\'))
  return [file.slice(0, at), file.slice(at + 1)]
}
