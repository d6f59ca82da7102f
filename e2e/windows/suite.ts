import assert from 'node:assert/strict'
import fs from 'node:fs'
import path from 'node:path'
import { onDrive, Person, start, until } from './windows.ts'

type Case = (person: Person, node: string) => Promise<void>

const names = 'ключи и 鍵'

/** A new pair that works, the old key off. */
function rotated(person: Person, file = 'credentials'): void {
  const pair = person.pairIn(file)
  assert.notEqual(pair.id, person.key.id)
  assert.equal(pair.works, true)
  assert.deepEqual(person.statuses().sort(), ['Active', 'Inactive'])
}

/** As before, whatever was done meanwhile. */
function untouched(person: Person): void {
  assert.deepEqual(person.pairIn('credentials'), { id: person.key.id, works: true })
  assert.deepEqual(person.statuses(), ['Active'])
}

/** A lock that names a living process by another start: the system's PowerShell is asked about it. */
async function asksAboutALivingProcess(person: Person, node: string, cwd: string): Promise<void> {
  const lives = `console.log(process.pid + ' ' + os.hostname() + ' held'); setTimeout(() => {}, 60000)`
  const living = start([`C:\\${node}\\node.exe`, '-e', lives])
  await until('the other process', () => living.out().includes('held'))
  const [pid, host] = living.out().split(' ')
  const lock = { pid: Number(pid), host, started: '1', nonce: 'a'.repeat(24), since: 'then' }
  fs.mkdirSync(person.here('state'), { recursive: true })
  fs.writeFileSync(person.here('state/lock'), JSON.stringify(lock))
  const status = person.keyturn(['status', '--json'], { cwd })
  await status.exit
  living.kill()
  assert.match(status.out(), /"exitCode"|"files"/)
}

const cases: Readonly<Record<string, Case>> = {
  'rotate, status and undo; CRLF and names beyond ASCII': async (person) => {
    const file = `${names}\\credentials`
    const text = (section: string) => `# мои ключи\r\n\r\n${section}region = eu-west-1\r\n`
    const at = path.join(names, 'credentials')
    person.put(at, text(person.section()))
    const files = ['--credentials-file', person.there(file), '--config-file', person.there('config')]
    assert.equal(await person.rotates([], { files }), 0)
    rotated(person, at)
    const status = person.keyturn(['status', '--json'], { files })
    assert.equal(await status.exit, 0)
    assert.ok(status.out().includes(person.pairIn(at).id.slice(-4)))
    assert.equal(
      await person.keyturn(['undo', '--profile', 'default', '--yes', '--how', 'restore'], { files }).exit,
      0,
    )
    assert.equal(person.text(at), text(person.section()))
    assert.equal(person.pairIn(at).works, true)
  },

  'a byte order mark, which the AWS CLI cannot read: refused, and left as it is': async (person) => {
    const text = `\uFEFF${person.section()}`
    person.put('credentials', text)
    const command = person.keyturn(['rotate', '--all', '--yes'])
    assert.equal(await command.exit, 1)
    assert.match(command.out() + command.err(), /begins with a byte order mark/)
    assert.equal(person.text('credentials'), text)
    untouched(person)
  },

  'AWS_* in small letters, ~\\ and a variable in a path': async (person) => {
    fs.mkdirSync(onDrive('users/root'), { recursive: true })
    const user = fs.readdirSync(onDrive('users')).find((each) => each !== 'Public') ?? ''
    const home = onDrive(`users/${user}/${person.name}`)
    fs.mkdirSync(home, { recursive: true })
    fs.copyFileSync(person.here('credentials'), path.join(home, 'credentials'))
    const env = {
      aws_shared_credentials_file: `~\\${person.name}\\credentials`,
      Aws_Config_File: `%userprofile%\\${person.name}\\config`,
    }
    assert.equal(await person.rotates([], { env, files: [] }), 0)
    fs.copyFileSync(path.join(home, 'credentials'), person.here('credentials'))
    rotated(person)
  },

  'a path of more than 260 characters': async (person) => {
    const far = Array.from({ length: 8 }, () => 'a'.repeat(40))
    person.put(path.join(...far, 'credentials'), person.section())
    const files = ['--credentials-file', person.there([...far, 'credentials'].join('\\'))]
    assert.equal(await person.rotates([], { files: [...files, '--config-file', person.there('config')] }), 0)
    rotated(person, path.join(...far, 'credentials'))
  },

  'a file that another program holds for three seconds without sharing it': async (person) => {
    const holder = await person.holder('hold', person.there('credentials'), '0', '3000')
    assert.equal(await person.rotates([]), 0)
    assert.equal(await holder.exit, 0)
    rotated(person)
  },

  'a file that is held without letting it be removed: told before a key is made': async (person) => {
    const holder = await person.holder('hold', person.there('credentials'), '3', '120000')
    const command = person.keyturn(['rotate', '--all', '--yes'])
    assert.equal(await command.exit, 1)
    holder.kill()
    assert.match(command.err() + command.out(), /another program has it open/)
    assert.equal(person.made(), 0)
    untouched(person)
  },

  'the other file, which holds the key too, held without sharing: nobody is locked out': async (person) => {
    person.put('config', person.section())
    const holder = await person.holder('hold', person.there('config'), '0', '8000')
    await person.rotates([])
    await holder.exit
    for (const file of ['credentials', 'config']) assert.equal(person.pairIn(file).works, true)
  },

  'a scanner that holds each file of the state directory for 400 ms': async (person) => {
    fs.mkdirSync(person.here('state'))
    const scanner = await person.holder('scan', person.there('state'), '400', '12000')
    assert.equal(await person.rotates([]), 0)
    rotated(person)
    await scanner.exit
    assert.ok(Number(scanner.out().split('\n')[1]) > 0)
  },

  'a powershell.exe in the current folder does not run': async (person, node) => {
    const folder = person.here('downloads')
    fs.mkdirSync(folder)
    for (const name of ['powershell', 'cmd', 'git'])
      fs.copyFileSync(onDrive('planted.exe'), path.join(folder, `${name}.exe`))
    await asksAboutALivingProcess(person, node, folder)
    assert.equal(fs.existsSync(onDrive('planted-ran')), false)
  },

  'hooks: a batch file and Node’s, with a percent sign in the path': async (person) => {
    const folder = person.here('100%PATH% & more')
    fs.mkdirSync(folder)
    const told = (name: string) => path.join(folder, name)
    fs.writeFileSync(told('a.cmd'), '@echo off\r\necho %KEYTURN_NEW_KEY_ID%> batch-ran\r\n')
    fs.writeFileSync(told('b.cjs'), `require('fs').writeFileSync('node-ran', process.env.KEYTURN_NEW_KEY_ID)`)
    const hooks = ['a.cmd', 'b.cjs'].flatMap((name) => ['--hook', person.there(`100%PATH% & more\\${name}`)])
    assert.equal(await person.rotates(hooks), 0)
    rotated(person)
    for (const name of ['batch-ran', 'node-ran'])
      assert.equal(fs.readFileSync(told(name), 'utf8').trim(), person.pairIn('credentials').id)
  },

  'hooks: one that Windows has nothing to run with is refused before a key is made': async (person) => {
    person.put('state/hooks/deploy', '#!/bin/sh\n')
    assert.equal(await person.rotates([]), 1)
    assert.equal(person.made(), 0)
    untouched(person)
  },

  'killed at any moment, then recovered': async (person) => {
    for (const at of ['GetCallerIdentity', 'CreateAccessKey', 'UpdateAccessKey']) {
      const before = person.iam.calls.filter(({ action }) => action === at).length
      const command = person.keyturn(['rotate', '--all', '--yes', '--old-key', 'delete'])
      let ended = false
      void command.exit.then(() => (ended = true))
      const came = () => person.iam.calls.filter(({ action }) => action === at).length > before
      await until(at, () => came() || ended)
      command.kill()
      await command.exit
      assert.equal(person.pairIn('credentials').works, true)
      assert.ok([0, 1, 3].includes((await person.rotates(['--recover', '--old-key', 'delete'])) ?? -1))
      assert.equal(person.pairIn('credentials').works, true)
    }
    const pair = person.pairIn('credentials')
    const active = person.iam.control.keys('ann').filter(({ status }) => status === 'Active')
    assert.deepEqual(
      active.map(({ id }) => id),
      [pair.id],
    )
  },

  'a demo: its page from outside; what a killed one left goes at the next': async (_, node) => {
    const demo = () =>
      start([`C:\\${node}\\node.exe`, 'C:\\keyturn\\dist\\server\\main.js', '--demo', '--no-open'])
    const first = demo()
    await until('the link of the demo', () => first.out().includes('#'))
    const link = /ready: (http:\S+)\n/.exec(first.out().replaceAll('\r', ''))?.[1] ?? ''
    const page = await fetch(link)
    assert.equal(page.status, 200)
    assert.match(await page.text(), /<title>Keyturn/)
    const { origin, hash } = new URL(link)
    const session = await fetch(`${origin}/api/session`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json' },
      body: JSON.stringify({ secret: hash.slice(1) }),
    })
    assert.equal(session.status, 200)
    const user = fs.readdirSync(onDrive('users')).find((each) => each !== 'Public') ?? ''
    const temporary = onDrive(`users/${user}/Temp`)
    const left = () => fs.readdirSync(temporary).filter((name) => /^keyturn-demo-\w{6}$/.test(name))
    const [folder = ''] = left()
    assert.equal(left().length, 1)
    first.kill()
    await first.exit
    const then = Date.now() / 1000 - 3600
    fs.utimesSync(path.join(temporary, folder), then, then)
    const second = demo()
    await until('the link of the second demo', () => second.out().includes('#'))
    assert.equal(left().includes(folder), false)
    second.kill()
    await second.exit
    for (const name of left()) fs.rmSync(path.join(temporary, name), { recursive: true })
  },
}

let faults = 0

async function tryOne(node: string, name: string, what: string): Promise<void> {
  const began = Date.now()
  const person = await Person.come(node, name)
  const outcome = await cases[what]?.(person, node).then(
    () => 'ok',
    (error: unknown) => `FAULT: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  )
  if (outcome !== 'ok') faults++
  console.log(`${node}, ${what}: ${outcome} (${((Date.now() - began) / 1000).toFixed(1)} s)`)
  await person.iam.close()
}

const nodes = process.argv.slice(2)
const whats = Object.keys(cases)
const alone = whats.filter((what) => what.startsWith('a demo'))
// Each Node's own cases beside the other's; what looks at the folder that all share, one after the other.
await Promise.all(
  nodes.map(async (node, at) => {
    for (const [index, what] of whats.entries())
      if (!alone.includes(what)) await tryOne(node, `p${at}n${index}`, what)
  }),
)
for (const [at, node] of nodes.entries()) for (const what of alone) await tryOne(node, `q${at}`, what)
if (faults > 0) process.exitCode = 1
