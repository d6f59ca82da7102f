import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { onPlatform } from '../platform/testing/windows.ts'
import { expandHome, expandVariables, locateFiles } from './locations.ts'

const base = { flags: {}, env: {}, home: '/home/me', cwd: '/work' }

it('takes a flag before the environment before the default', () => {
  const env = { AWS_SHARED_CREDENTIALS_FILE: '~/c', AWS_CONFIG_FILE: '$D/x/${E}/$UNKNOWN', D: '/d', E: 'e' }
  expect(locateFiles(base)).toEqual({
    credentials: { path: '/home/me/.aws/credentials', from: 'default' },
    config: { path: '/home/me/.aws/config', from: 'default' },
  })
  expect(locateFiles({ ...base, env })).toEqual({
    credentials: { path: '/home/me/c', from: 'AWS_SHARED_CREDENTIALS_FILE' },
    config: { path: '/d/x/e/$UNKNOWN', from: 'AWS_CONFIG_FILE' },
  })
  expect(locateFiles({ ...base, env, flags: { credentials: 'here/$D' } }).credentials).toEqual({
    path: '/work/here/$D',
    from: '--credentials-file',
  })
  expect(locateFiles({ ...base, env: { AWS_CONFIG_FILE: '' } }).config.from).toBe('default')
})

const python = spawnSync('python3', ['--version']).status === 0

it.skipIf(!python)('expands as Python does', () => {
  const texts = [
    '~',
    '~/x',
    'a~/x',
    '~root/x',
    '~nobody-such/x',
    '$A/b',
    '${A}b',
    '$AB',
    '${',
    '$',
    '$A$A',
    '${A}/~',
    '$$A',
    '${no such}',
  ]
  const script =
    'import json,os,sys; print(json.dumps([os.path.expanduser(os.path.expandvars(each)) for each in sys.argv[1:]]))'
  const { stdout } = spawnSync('python3', ['-c', script, ...texts], {
    encoding: 'utf8',
    env: { HOME: '/home/me', A: 'value', PATH: process.env['PATH'] },
  })
  const theirs = JSON.parse(stdout) as string[]
  const root = theirs[3]?.replace(/\/x$/, '')
  const homeOf = (user: string) => (user === 'root' ? root : undefined)
  expect(
    texts.map((text) => expandHome(expandVariables(text, { A: 'value' }), { home: '/home/me', homeOf })),
  ).toEqual(theirs)
})

it.skipIf(!python)('expands on Windows as Python does there', async () => {
  const texts = [
    '%A%\\b',
    '%A',
    '%%A%%',
    '$A\\b',
    '${A}b',
    '$$A',
    "'%A%'$A",
    "$A'%A%",
    '%no such%$X-Y',
    '${',
    '$X-Y',
  ]
  const script =
    'import json,ntpath,sys; print(json.dumps([ntpath.expandvars(each) for each in sys.argv[1:]]))'
  const env = { A: 'value', 'X-Y': 'dashed' }
  const { stdout } = spawnSync('python3', ['-c', script, ...texts], {
    encoding: 'utf8',
    env: { ...env, PATH: process.env['PATH'] },
  })
  const ours = await onPlatform('win32', async () => texts.map((text) => expandVariables(text, env)))
  expect(ours).toEqual(JSON.parse(stdout))
  expect(
    await onPlatform('win32', async () => expandVariables('%userprofile%', { UserProfile: 'C:\\me' })),
  ).toBe('C:\\me')
})
