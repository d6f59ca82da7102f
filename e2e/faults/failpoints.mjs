/**
 * Preload for the command under test (`node --import`); no code of the product knows of it. Each write, fsync,
 * rename and removal on the disk, and each request to AWS, is a boundary: numbered from the moment that an order
 * arms it, and noted in a trace. At the ordered one the process kills itself with SIGKILL, or the disk refuses.
 *
 * KEYTURN_FAILPOINTS names a directory. `order.json` there: {"id": n, "killAt"?: boundary, "refuse"?: {"what":
 * "journal", "nth": n, "code": "ENOSPC"}}; a new id begins a new count. `trace` there: one line per boundary.
 */
import fs from 'node:fs'
import fsp from 'node:fs/promises'
import http from 'node:http'
import https from 'node:https'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'

const directory = process.env.KEYTURN_FAILPOINTS
delete process.env.KEYTURN_FAILPOINTS
const orderFile = path.join(directory, 'order.json')
const traceFile = path.join(directory, 'trace')

let order = { id: 0 }
let count = 0
let refused = 0
let orderText = ''

function boundary(label) {
  readOrder()
  if (order.id === 0) return
  count += 1
  fs.appendFileSync(traceFile, `${order.id} ${count} ${label}\n`)
  if (count === order.killAt) process.kill(process.pid, 'SIGKILL')
}

function readOrder() {
  const text = fs.readFileSync(orderFile, 'utf8')
  if (text === orderText) return
  orderText = text
  const next = JSON.parse(text)
  if (next.id !== order.id) count = refused = 0
  order = next
}

/** Whether the disk refuses this act: the n-th and all later ones until the order changes, as a full disk does. */
function refusal(what) {
  readOrder()
  const { refuse } = order
  if (!refuse || !what.startsWith(refuse.what)) return undefined
  // Such a disk takes nothing more, and lets go of everything.
  if (/(unlink|rm|truncate)$/.test(what)) return undefined
  refused += 1
  if (refused < refuse.nth || (refuse.times && refused >= refuse.nth + refuse.times)) return undefined
  fs.appendFileSync(traceFile, `${order.id} refused ${what}\n`)
  return Object.assign(new Error(`${refuse.code}: a refusal on order, ${what}`), { code: refuse.code })
}

/** What a path is for, so that a trace can be read and a kind of file be chosen. */
function kindOf(file) {
  const name = path.basename(String(file))
  const parent = path.basename(path.dirname(String(file)))
  if (name.includes('lock')) return 'lock'
  if (name.endsWith('.jsonl') || name === 'runs') return 'journal'
  if (parent === 'undo' || name === 'undo') return 'undo'
  if (name.includes('credentials')) return 'credentials'
  if (name.includes('config')) return 'config'
  if (name.includes('probe') || name.includes('settings') || name.includes('keys.json')) return 'state'
  return 'directory'
}

const paths = new WeakMap()
const open = fsp.open
fsp.open = async function (file, ...rest) {
  const handle = await open.call(this, file, ...rest)
  paths.set(handle, kindOf(file))
  return handle
}

for (const name of ['rename', 'unlink', 'rm']) {
  const original = fsp[name]
  fsp[name] = async function (...args) {
    const what = `${kindOf(name === 'rename' ? args[1] : args[0])} ${name}`
    boundary(`before ${what}`)
    const error = refusal(what)
    if (error) throw error
    return original.apply(this, args)
  }
}

const probe = await open(traceFile, 'a')
const handles = Object.getPrototypeOf(probe)
await probe.close()

for (const name of ['write', 'writeFile', 'sync', 'truncate']) {
  const original = handles[name]
  handles[name] = async function (...args) {
    const what = `${paths.get(this) ?? 'other'} ${name === 'sync' ? 'fsync' : name}`
    boundary(`before ${what}`)
    if (name.startsWith('write')) {
      readOrder()
      // A write may be cut in the middle too: half of it is on the disk when the process dies.
      if (order.id !== 0 && order.killAt === count + 1) tear(this, args)
      boundary(`within ${what}`)
    }
    const error = refusal(what)
    if (error) throw error
    return original.apply(this, args)
  }
}

function tear(handle, [data, offset = 0, length, position]) {
  const bytes = Buffer.from(data).subarray(offset, length === undefined ? undefined : offset + length)
  fs.writeSync(handle.fd, bytes, 0, bytes.length >> 1, position ?? null)
}

for (const module of [http, https]) {
  const original = module.request
  module.request = function (...args) {
    boundary('before request')
    const request = original.apply(this, args)
    request.prependListener('response', (response) => {
      // Before the product hears of it: AWS has acted, and nobody here knows.
      response.prependListener('end', () => boundary('after response'))
    })
    return request
  }
}

syncBuiltinESMExports()
