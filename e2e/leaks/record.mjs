// Preloaded into the command (`--import …/record.mjs?to=DIRECTORY`): keeps every byte that it sends on the connections
// which it accepts, a file for each, with a line before the reply to each request that says what was asked. Written at
// once, so that a kill loses nothing.
import { mkdirSync, openSync, writeSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import path from 'node:path'

const directory = new URL(import.meta.url).searchParams.get('to')
mkdirSync(directory, { recursive: true })
const files = new WeakMap()
let accepted = 0

function record(socket) {
  const file = openSync(path.join(directory, `${process.pid}-${++accepted}`), 'a', 0o600)
  files.set(socket, file)
  const { _write, _writev } = socket
  socket._write = function (chunk, encoding, done) {
    writeSync(file, typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk)
    return _write.call(this, chunk, encoding, done)
  }
  socket._writev = function (chunks, done) {
    for (const { chunk, encoding } of chunks)
      writeSync(file, typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk)
    return _writev.call(this, chunks, done)
  }
}

const { emit } = net.Server.prototype
net.Server.prototype.emit = function (name, socket, ...rest) {
  if (name === 'connection') record(socket)
  return emit.call(this, name, socket, ...rest)
}
const httpEmit = http.Server.prototype.emit
http.Server.prototype.emit = function (name, request, ...rest) {
  const file = name === 'request' ? files.get(request.socket) : undefined
  if (file !== undefined) writeSync(file, `\n<<<asked ${request.method} ${request.url.split('?')[0]}>>>\n`)
  return httpEmit.call(this, name, request, ...rest)
}
