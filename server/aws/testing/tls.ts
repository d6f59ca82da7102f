import { execFileSync } from 'node:child_process'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'

export interface TestAuthority {
  /** PEM file of the private authority. */
  readonly caFile: string
  /** For a server that calls itself iam.test, sts.test, proxy.test or 127.0.0.1. */
  readonly server: { readonly cert: Buffer; readonly key: Buffer }
  remove(): Promise<void>
}

/** A private certificate authority and one certificate of it, made by openssl in a directory of its own. */
export async function makeAuthority(): Promise<TestAuthority> {
  const dir = await fs.mkdtemp(path.join(os.tmpdir(), 'keyturn-tls-'))
  const at = (name: string) => path.join(dir, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: dir, stdio: 'pipe' })
  const names = 'subjectAltName=DNS:iam.test,DNS:sts.test,DNS:proxy.test,IP:127.0.0.1'
  await fs.writeFile(at('names'), `${names}\n`)
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=Test CA',
    '-days',
    '2',
  )
  openssl('req', ...newKey, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=iam.test')
  const sign = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names']
  openssl('x509', '-req', '-in', 'server.csr', '-out', 'server.pem', ...sign)
  return {
    caFile: at('ca.pem'),
    server: { cert: await fs.readFile(at('server.pem')), key: await fs.readFile(at('server.key')) },
    remove: () => fs.rm(dir, { recursive: true, force: true }),
  }
}
