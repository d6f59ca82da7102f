import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { timerOf } from './timerUnits.ts'
import { unitDiff } from './unitDiff.ts'

const words = [
  '/opt/a b/node',
  '/k/main.js',
  'rotate',
  '--state-dir',
  '/x/50%/$HOME/"q"\\',
  '--endpoint-url',
  'https://e/?a&b<c>',
]
const place = { home: '/home/ada', env: {}, uid: 501 }
const python = spawnSync('python3', ['--version']).status === 0
/** What a reader of the format itself finds, as JSON. */
const read = (program: string, text: string) =>
  JSON.parse(
    spawnSync(
      'python3',
      [
        '-c',
        `import sys, json, plistlib, xml.etree.ElementTree as xml\ntext = sys.stdin.buffer.read()\n${program}`,
      ],
      { input: text, encoding: 'utf8' },
    ).stdout,
  ) as unknown

describe('timerOf', () => {
  it('quotes for systemd what it would read otherwise', () => {
    const timer = timerOf(words, { ...place, platform: 'linux' })
    expect(timer?.units.map(({ path }) => path)).toEqual([
      '/home/ada/.config/systemd/user/keyturn.service',
      '/home/ada/.config/systemd/user/keyturn.timer',
    ])
    expect(timer?.units[0]?.text).toContain(
      'ExecStart="/opt/a b/node" /k/main.js rotate --state-dir "/x/50%%/$$HOME/\\"q\\"\\\\" --endpoint-url "https://e/?a&b<c>"\n',
    )
    const elsewhere = timerOf(words, { ...place, platform: 'linux', env: { XDG_CONFIG_HOME: '/cfg' } })
    expect(elsewhere?.units[0]?.path).toBe('/cfg/systemd/user/keyturn.service')
  })

  it('makes a property list of launchd', () => {
    const timer = timerOf(words, { ...place, platform: 'darwin' })
    const file = '/home/ada/Library/LaunchAgents/keyturn.rotate.plist'
    expect(timer).toMatchObject({
      units: [{ path: file }],
      start: [['launchctl', 'bootstrap', 'gui/501', file]],
      stop: [['launchctl', 'bootout', 'gui/501/keyturn.rotate']],
    })
    if (!python) return
    const list = read('print(json.dumps(plistlib.loads(text)))', timer?.units[0]?.text ?? '')
    expect(list).toMatchObject({
      ProgramArguments: words,
      StartCalendarInterval: { Weekday: 1, Hour: 10, Minute: 0 },
    })
  })

  it('makes a task of Windows', () => {
    const windows = [
      'C:\\Program Files\\nodejs\\node.exe',
      'C:\\k\\main.js',
      'rotate',
      '--state-dir',
      'D:\\my state\\',
    ]
    const timer = timerOf(windows, { ...place, platform: 'win32', env: { LOCALAPPDATA: 'C:\\L' } })
    const file = 'C:\\L\\keyturn-timer\\keyturn.xml'
    expect(timer?.start).toEqual([['schtasks', '/Create', '/TN', 'Keyturn', '/XML', file, '/F']])
    if (!python) return
    const text = (timer?.units[0]?.text ?? '').replace('encoding="UTF-16"', '')
    const space = '{http://schemas.microsoft.com/windows/2004/02/mit/task}'
    expect(
      read(
        `print(json.dumps([e.text for e in xml.fromstring(text).iter() if e.tag in ("${space}Command", "${space}Arguments")]))`,
        text,
      ),
    ).toEqual([windows[0], 'C:\\k\\main.js rotate --state-dir "D:\\my state\\\\"'])
  })

  it('is none where no timer is known', () => {
    expect(timerOf(words, { ...place, platform: 'freebsd' })).toBeUndefined()
  })
})

it.each([
  [undefined, 'a\nb\n', ['+ a', '+ b']],
  ['a\nb\n', undefined, ['- a', '- b']],
  ['a\nb\nc\n', 'a\nx\ny\nc\n', ['- b', '+ x', '+ y']],
  ['a\na\n', 'a\n', ['- a']],
  ['a\r\n', 'a\r\n', []],
])('the diff of %j and %j is %j', (before, after, diff) => {
  expect(unitDiff(before, after)).toEqual(diff)
})
