// Preloaded into a command of which a test wants leaks: each reply has what the environment says in a header, and
// standard error repeats it, and the link of standard output.
import http from 'node:http'

const { emit } = http.Server.prototype
http.Server.prototype.emit = function (name, request, response) {
  if (name === 'request') {
    response.setHeader('x-note', process.env.LEAK)
    process.stderr.write(`${process.env.LEAK}\n`)
  }
  return emit.call(this, name, request, response)
}
const { write } = process.stdout
process.stdout.write = function (text, ...rest) {
  process.stderr.write(text)
  return write.call(this, text, ...rest)
}
