/** Folders whose content others made and can make again, or that hold nothing readable. By name. */
const prunedNames = new Set([
  ...['node_modules', 'bower_components', 'site-packages', '__pycache__', '.venv', 'venv', '.tox'],
  ...['.git', '.hg', '.svn', '.cache', 'Caches', '.npm', '.yarn', '.pnpm-store', '.cargo', '.rustup'],
  ...['.nuget', '.gem', '.rbenv', '.pyenv', '.nvm', '.bun', '.deno', '.Trash', 'Trash'],
])

/** By the end of their path, with forward slashes. */
const prunedPaths = [
  '/.m2/repository',
  '/.gradle/caches',
  '/.ivy2/cache',
  '/go/pkg',
  '/.local/share/Trash',
  '/Library/Caches',
  '/Library/Logs',
  '/Library/Developer',
]
const prunedPattern = /\/Library\/Containers\/[^/]+\/Data\/Library\/Caches$/

/** In a pruned folder, what is read all the same. */
export function exceptionsIn(name: string): readonly string[] {
  return name === '.git' ? ['config', 'hooks'] : []
}

/** @param folder its path, with forward slashes @returns why a folder is passed over; undefined: it is looked through */
export function whyPruned(folder: string): string | undefined {
  const name = folder.slice(folder.lastIndexOf('/') + 1)
  const pruned =
    prunedNames.has(name) || prunedPaths.some((end) => folder.endsWith(end)) || prunedPattern.test(folder)
  return pruned ? 'a folder of packages, caches or version control' : undefined
}

/** Of a repository without a work tree, which has no `.git` to tell it by. */
export function isGitDirectory(names: ReadonlySet<string>): boolean {
  return names.has('HEAD') && names.has('objects') && names.has('refs')
}

const endings: Readonly<Record<string, readonly string[]>> = {
  'an image': [
    'png',
    'jpg',
    'jpeg',
    'gif',
    'webp',
    'bmp',
    'ico',
    'icns',
    'tif',
    'tiff',
    'heic',
    'psd',
    'raw',
  ],
  'audio or video': [
    ...['mp3', 'm4a', 'aac', 'ogg', 'opus', 'flac', 'wav', 'wma', 'mid'],
    ...['mp4', 'm4v', 'mov', 'avi', 'mkv', 'webm', 'wmv', 'flv', 'mpg', 'mpeg'],
  ],
  'an archive, which is not opened': [
    ...['zip', 'gz', 'tgz', 'bz2', 'xz', 'zst', 'lz4', 'lzma', '7z', 'rar', 'tar', 'br', 'cab'],
    ...['jar', 'war', 'ear', 'apk', 'ipa', 'whl', 'gem', 'nupkg', 'crate', 'vsix', 'xpi', 'crx'],
    ...['deb', 'rpm', 'msi', 'pkg', 'snap', 'appimage', 'flatpak'],
    ...['docx', 'xlsx', 'pptx', 'odt', 'ods', 'odp', 'epub', 'pages', 'numbers'],
  ],
  'a font': ['ttf', 'otf', 'woff', 'woff2', 'eot'],
  'a program or a library': [
    ...['so', 'dylib', 'dll', 'exe', 'a', 'lib', 'o', 'obj', 'class', 'pyc', 'pyo', 'wasm', 'node', 'rlib'],
  ],
  'a disk image': ['iso', 'img', 'dmg', 'vmdk', 'vdi', 'vhd', 'vhdx', 'qcow2', 'sparseimage'],
}
const kindByEnding = new Map(
  Object.entries(endings).flatMap(([kind, list]) => list.map((ending) => [ending, kind] as const)),
)

/** @returns why a file is passed over for its name's ending; undefined: it is read */
export function whySkipped(name: string): string | undefined {
  const at = name.lastIndexOf('.')
  // `.so` alone is a name, and no ending.
  return at > 0 ? kindByEnding.get(name.slice(at + 1).toLowerCase()) : undefined
}

/** Of a text so much is read, of anything else less: what stands in databases and the like stands early or not at all. In bytes. */
export const mostOfText = 64 * 1024 * 1024
export const mostOfBinary = 1024 * 1024

/** A file of this size without a block on the disk lies in a cloud, and reading it would download it. In bytes. */
export const placeholderFrom = 65_536
