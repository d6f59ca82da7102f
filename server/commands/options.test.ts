import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseOptions } from './options.ts'

const run = (...argv: string[]) => {
  const parsed = parseOptions(argv)
  if (parsed.kind !== 'run') throw new Error(JSON.stringify(parsed))
  return parsed.options
}
const usage = (...argv: string[]) => {
  const parsed = parseOptions(argv)
  return parsed.kind === 'usage' ? parsed.message : parsed
}

describe('parseOptions', () => {
  it('takes the second yes for canaries where they are named, and nowhere else', () => {
    expect(run('rotate', '--profile', 'bait', '--include-canaries').includeCanaries).toBe(true)
    expect(usage('rotate', '--all', '--include-canaries')).toContain('goes with --profile')
    expect(usage('status', '--include-canaries')).toContain('--include-canaries goes with')
  })

  it('serves by default, deactivating old keys', () => {
    expect(run()).toEqual({
      command: 'serve',
      open: true,
      demo: false,
      recover: false,
      all: false,
      profiles: [],
      oldKey: 'deactivate',
      deleteSpares: [],
      merge: [],
      keepActive: [],
      includeCanaries: false,
      hooks: [],
      dryRun: false,
      yes: false,
      json: false,
      check: false,
      undo: { how: 'restore' },
    })
  })

  it('takes days of grace, with the old key kept alone', () => {
    expect(run('rotate', '--all', '--old-key', 'keep', '--for', '7d')).toMatchObject({ keepDays: 7 })
    expect(run('rotate', '--older-than', '90d', '--tidy', '--yes')).toMatchObject({ tidy: true })
    expect(run('tidy', '--yes', '--json')).toMatchObject({ command: 'tidy', yes: true, json: true })
    expect(usage('rotate', '--all', '--for', '7d')).toContain('--for goes with --old-key keep')
    expect(usage('rotate', '--all', '--old-key', 'keep', '--for', '9999')).toContain("not '9999'")
    expect(usage('tidy', '--tidy')).toContain("goes with 'keyturn rotate'")
  })

  it('takes the profiles that a person took out, by themselves', () => {
    expect(run('mend', '--taken-out', 'one', '--taken-out', 'two').takenOut).toEqual(['one', 'two'])
    expect(usage('mend', '--taken-out', 'one', '--yes')).toContain('nothing is put back')
    expect(usage('undo', '--taken-out', 'one')).toContain("goes with 'keyturn mend'")
  })

  it('takes the options of the page', () => {
    expect(
      run('--port', '0', '--no-open', '--credentials-file', 'c', '--config-file=f', '--state-dir', 's'),
    ).toMatchObject({ port: 0, open: false, credentialsFile: 'c', configFile: 'f', stateDir: 's' })
    expect(run('--endpoint-url', 'http://127.0.0.1:5000', '--recover')).toMatchObject({
      endpointUrl: 'http://127.0.0.1:5000',
      command: 'recover',
      recover: true,
    })
    expect(run('--demo').demo).toBe(true)
    expect(run('--host', '127.0.0.1').command).toBe('serve')
  })

  it('takes the options of the other commands, with the shared ones', () => {
    expect(
      run('rotate', '--profile', 'a', '--profile', 'b', '--older-than', '90d', '--old-key', 'delete', '-y'),
    ).toMatchObject({
      command: 'rotate',
      profiles: ['a', 'b'],
      olderThanDays: 90,
      oldKey: 'delete',
      yes: true,
    })
    expect(run('rotate', '--all', '--hook', './h', '--dry-run', '--json', '--state-dir', 's')).toMatchObject({
      all: true,
      hooks: [path.resolve('h')],
      dryRun: true,
      json: true,
      stateDir: 's',
    })
    const [one, two] = ['AKIAAAAAAAAAAAAAAAA1', 'AKIAAAAAAAAAAAAAAAA2']
    expect(
      run(
        'rotate',
        '--all',
        '--delete-spare',
        one,
        '--delete-spare',
        two,
        '--delete-spare',
        one,
        '--merge',
        two,
      ),
    ).toMatchObject({ deleteSpares: [one, two], merge: [two] })
    expect(run('status', '--json').command).toBe('status')
    expect(run('status', '--check').check).toBe(true)
    expect(run('undo', 'run-1', '--yes')).toMatchObject({ target: 'run-1', undo: { how: 'restore' } })
    expect(run('undo', '--profile', 'a', '--how', 'reactivate').undo).toEqual({ how: 'reactivate' })
    expect(run('undo', 'r', '--new-key', 'delete').undo).toEqual({ how: 'restore', newKey: 'delete' })
    expect(run('--recover', '--json', '--no-open')).toMatchObject({ command: 'recover', json: true })
    expect(run('rotate', '--older-than', '0', '--recover')).toMatchObject({ olderThanDays: 0, recover: true })
  })

  it('tells help and version, whatever else is given', () => {
    expect(parseOptions(['--help', '--all'])).toEqual({ kind: 'help' })
    expect(parseOptions(['rotate', '-h'])).toEqual({ kind: 'help', command: 'rotate' })
    expect(parseOptions(['help', 'undo'])).toEqual({ kind: 'help', command: 'undo' })
    expect(parseOptions(['help'])).toEqual({ kind: 'help' })
    expect(parseOptions(['--version'])).toEqual({ kind: 'version' })
  })

  it('takes recover as a command and as an option', () => {
    expect(run('recover', '--json')).toEqual(run('--recover', '--json'))
  })

  it('prints what tells of itself without any file', () => {
    expect(parseOptions(['man'])).toEqual({ kind: 'man' })
    expect(parseOptions(['completions', 'fish'])).toEqual({ kind: 'completions', shell: 'fish' })
    expect(usage('completions')).toContain('bash, zsh, fish, powershell')
    expect(usage('completions', 'bash', 'zsh')).toContain("'zsh'")
    expect(run('ls', '--csv').ls).toEqual({ csv: true })
  })

  it('takes keys, regions and a day for trail', () => {
    const key = 'AKIAQQQQQQQQQQQQQQQQ'
    expect(run('trail').trail).toEqual({ keys: [], regions: 'usual', csv: false })
    expect(run('trail', key, key, '--regions', 'all', '--since', '2026-01-31', '--csv').trail).toEqual({
      keys: [key],
      regions: 'all',
      since: '2026-01-31T00:00:00.000Z',
      csv: true,
    })
    expect(
      run(
        'trail',
        key,
        '--regions',
        'us-east-1,eu-west-1',
        'us-gov-west-1',
        '--since',
        '2026-01-31T10:00+02:00',
      ).trail,
    ).toMatchObject({
      keys: [key],
      regions: ['us-east-1', 'eu-west-1', 'us-gov-west-1'],
      since: '2026-01-31T08:00:00.000Z',
    })
  })

  it('repeats nothing of what stands in a key id’s place: it may be the secret', () => {
    expect(usage('trail', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY')).not.toContain('wJalr')
  })

  it.each(['0.0.0.0', '::', '::1', 'localhost', '192.168.1.2', ''])(
    'refuses --host %s with the way to do it by ssh, same port on both ends',
    (host) => {
      expect(usage('--host', host)).toContain('ssh -L 7420:127.0.0.1:7420')
      expect(usage('--host', host, '--port', '9000')).toContain('ssh -L 9000:127.0.0.1:9000')
    },
  )

  it.each([
    [['--nope'], '--nope'],
    [['--port'], '--port'],
    [['--port', '65536'], '65535'],
    [['--port', '-1'], '--port'],
    [['--port', '80x'], '65535'],
    [['--port', '1e3'], '65535'],
    [['--no-open=false'], '--no-open'],
    [['bake'], "'bake'"],
    [['status', 'x'], "'x'"],
    [['undo', 'a', 'b'], "'b'"],
    [['rotate', '--older-than', 'soon'], 'days'],
    [['rotate', '--all', '--old-key', 'burn'], 'deactivate, delete or keep'],
    [['rotate', '--all', '--profile', 'a'], 'not both'],
    [['rotate'], '--all'],
    [['rotate', '--yes'], '--older-than'],
    [['rotate', '--all', '--hook', ''], '--hook'],
    [['rotate', '--all', '--delete-spare', '****ABCD'], 'whole id'],
    [['rotate', '--all', '--merge', ''], 'whole id'],
    [['rotate', '--all', '--merge', 'all'], 'whole id'],
    [['undo', 'x', '--delete-spare', 'AKIAAAAAAAAAAAAAAAA1'], "'keyturn rotate'"],
    [['rotate', '--all', '--port', '0'], "'keyturn' alone"],
    [['rotate', '--all', '--how', 'restore'], "'keyturn undo'"],
    [['undo'], 'the id'],
    [['undo', 'x', '--profile', 'a'], 'the id'],
    [['undo', 'x', '--how', 'magic'], 'reactivate'],
    [['undo', 'x', '--new-key', 'keep'], 'deactivate or delete'],
    [['undo', 'x', '--how', 'reactivate', '--new-key', 'delete'], '--how restore'],
    [['undo', '--all'], "'keyturn rotate'"],
    [['status', '--recover'], "'keyturn recover'"],
    [['--recover', '--port', '0'], "'keyturn' alone"],
    [['--all'], "'keyturn rotate'"],
    [['--json'], "'keyturn status'"],
    [['status', '--hook', 'x'], "'keyturn rotate'"],
    [['trail', '--since', 'yesterday'], 'a day such as'],
    [['trail', '--since', '2026-02-31'], 'a day such as'],
    [['trail', '--since', '2026-13-01'], 'a day such as'],
    [['trail', '--regions', 'everywhere'], 'eu-west-1'],
    [['trail', '--regions', ''], 'eu-west-1'],
    [['trail', 'eu-west-1'], 'whole access key ids'],
    [['trail', '****ABCD'], 'whole access key ids'],
    [['trail', '--json', '--csv'], 'not both'],
    [['ls', '--json', '--csv'], 'not both'],
    [['status', '--csv'], "'keyturn trail'"],
    [['trail', '--all'], "'keyturn rotate'"],
    [['--endpoint-url', 'ftp://x'], 'http'],
    [['--endpoint-url', 'nonsense'], 'http'],
    [['--endpoint-url', 'http://me:pw@host'], 'password'],
    [['--state-dir', ''], 'empty'],
    [['--demo', '--state-dir', 'x'], '--state-dir'],
    [['--demo', '--credentials-file', 'x'], '--credentials-file'],
    [['--demo', '--config-file', 'x'], '--config-file'],
    [['--demo', '--endpoint-url', 'http://x'], '--endpoint-url'],
  ])('refuses %j', (argv, words) => {
    expect(usage(...argv)).toContain(words)
  })
})
