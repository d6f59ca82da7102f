// `npm run package`: makes of the built command what is published, in dist/package. It is a package of its own, since what
// a clone needs (tools, overrides, scripts) is nothing that whoever installs it should get.
import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')
const to = join(root, 'dist', 'package')
const json = (file) => JSON.parse(readFileSync(file, 'utf8'))
const vite = (...args) =>
  execFileSync(process.execPath, [join(root, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', ...args], {
    cwd: root,
    stdio: ['ignore', 2, 2],
  })

const scratch = mkdtempSync(join(tmpdir(), 'keyturn-package-'))
try {
  // Both with maps, which say what was bundled; the maps themselves stay here.
  const built = { server: join(scratch, 'server'), web: join(scratch, 'web') }
  vite('--config', 'server/vite.config.ts', '--logLevel', 'error', '--outDir', built.server)
  vite('--logLevel', 'error', '--sourcemap', '--outDir', built.web)
  const bundled = bundledIn(Object.values(built))

  rmSync(to, { recursive: true, force: true })
  mkdirSync(to, { recursive: true })
  for (const [name, from] of Object.entries(built)) copyWithoutMaps(from, join(to, 'dist', name))
  cpSync(join(root, 'LICENSE'), join(to, 'LICENSE'))
  cpSync(join(root, 'server', 'scripts', 'package-readme.md'), join(to, 'README.md'))
  writeFileSync(join(to, 'THIRD-PARTY-LICENSES.txt'), licencesOf(bundled))
  writeFileSync(join(to, 'sbom.cdx.json'), `${JSON.stringify(sbomOf(bundled), null, 2)}\n`)
  writeFileSync(join(to, 'package.json'), `${JSON.stringify(manifest(), null, 2)}\n`)
  process.stdout.write(`${to}\n`)
} finally {
  rmSync(scratch, { recursive: true, force: true })
}

/** `open` runs a program that lies beside it: it cannot be bundled. */
function manifest() {
  const { name, version, description, license, type, engines, bin, dependencies, repository } = json(
    join(root, 'package.json'),
  )
  // Nobody but who publishes it knows where it will live.
  if (repository === undefined) process.stderr.write('package.json names no repository: set it to publish.\n')
  const keywords = ['aws', 'iam', 'access-keys', 'credentials', 'rotation', 'security', 'cli']
  return {
    ...{ name, version, description, keywords, license, repository, type, engines, bin },
    files: ['dist', 'THIRD-PARTY-LICENSES.txt', 'sbom.cdx.json'],
    dependencies: { open: dependencies.open },
  }
}

function copyWithoutMaps(from, folder) {
  cpSync(from, folder, { recursive: true, filter: (file) => !file.endsWith('.map') })
  for (const file of filesOf(folder).filter((each) => each.endsWith('.js')))
    writeFileSync(file, readFileSync(file, 'utf8').replace(/\n\/\/# sourceMappingURL=\S+\s*$/, '\n'))
}

function filesOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
}

/** The folders of the packages whose source went into a bundle. */
function bundledIn(folders) {
  const found = new Set()
  for (const map of folders.flatMap(filesOf).filter((file) => file.endsWith('.map'))) {
    for (const source of json(map).sources) {
      const inside = /(?:^|\/)(node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+)\//.exec(source)
      if (inside) found.add(join(root, inside[1]))
    }
  }
  return [...found].sort()
}

/** npm's own list in CycloneDX, without what is neither bundled nor comes with `open`. */
function sbomOf(folders) {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only']
  const isWindows = process.platform === 'win32'
  const written = execFileSync(isWindows ? 'npm.cmd' : 'npm', args, {
    cwd: root,
    encoding: 'utf8',
    shell: isWindows,
    maxBuffer: 64 * 1024 * 1024,
  })
  const whole = JSON.parse(written)
  const own = whole.metadata.component['bom-ref']
  const needs = new Map(whole.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]))
  const kept = new Set(
    folders
      .map((folder) => json(join(folder, 'package.json')))
      .map(({ name, version }) => `${name}@${version}`),
  )
  const keep = (ref) => {
    kept.add(ref)
    needs.get(ref)?.forEach(keep)
  }
  needs
    .get(own)
    .filter((ref) => ref.startsWith('open@'))
    .forEach(keep)
  const { name } = json(join(root, 'package.json'))
  return {
    ...whole,
    metadata: { ...whole.metadata, component: { ...whole.metadata.component, name, properties: [] } },
    components: whole.components.filter((each) => kept.has(each['bom-ref'])),
    dependencies: whole.dependencies
      .filter(({ ref }) => ref === own || kept.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => kept.has(each)) })),
  }
}

/**
 * Some packages of a publisher leave the text out that their siblings have: theirs is that of a sibling with the same licence.
 * @throws Error where a bundled package has no licence text: it must not be given on without one
 */
function licencesOf(folders) {
  const packages = folders.map((folder) => {
    const { name, version, license, author } = json(join(folder, 'package.json'))
    const read = (pattern) => {
      const file = readdirSync(folder).find((each) => pattern.test(each))
      return file === undefined ? undefined : readFileSync(join(folder, file), 'utf8').trim()
    }
    return { name, version, license, author, text: read(/^(licen[cs]e|copying)/i), notice: read(/^notice/i) }
  })
  if (packages.length === 0) throw new Error('Nothing was bundled.')
  const scope = (name) => (name.startsWith('@') ? name.split('/')[0] : name)
  const texts = packages.map(({ name, version, license, author, text, notice }) => {
    const sibling = packages.find(
      (each) => each.text !== undefined && each.license === license && scope(each.name) === scope(name),
    )
    const own = text ?? sibling?.text ?? standardText(license, author)
    if (own === undefined || typeof license !== 'string')
      throw new Error(`${name} ${version} is bundled and has no licence text.`)
    return [`${name} ${version} (${license})`, own, ...(notice === undefined ? [] : [notice])].join('\n\n')
  })
  const rule = `\n\n${'-'.repeat(78)}\n\n`
  return `Keyturn bundles these packages, each under its own licence.${rule}${texts.join(rule)}\n`
}

/** Of a package that names its licence and has no text of it: the wording of the licence, and who says to be its author. */
function standardText(license, author) {
  const by = typeof author === 'object' ? author?.name : author
  if (license !== 'MIT' || typeof by !== 'string') return undefined
  const wording = readFileSync(join(root, 'LICENSE'), 'utf8').replace(/^[^]*?(?=Permission is hereby)/, '')
  return `By ${by}. The package names this licence without its text, which is:\n\n${wording.trim()}`
}
