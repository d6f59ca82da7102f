import path from 'node:path'
import type { Environment } from '../platform/environment.ts'

/** A file that a system's timer is made of. */
export interface Unit {
  readonly path: string
  readonly text: string
}

/** What starts a command every Monday at 10, in the form of one system. */
export interface Timer {
  readonly units: readonly Unit[]
  /** Ends with 0 where the system takes timers of this person. */
  readonly check?: readonly string[]
  /** The system's program, and what it is told; each in its turn. */
  readonly start: readonly (readonly string[])[]
  readonly stop: readonly (readonly string[])[]
  /** After the units are gone. */
  readonly after: readonly (readonly string[])[]
}

export interface TimerPlace {
  readonly platform: NodeJS.Platform
  readonly home: string
  readonly env: Environment
  readonly uid: number
}

/** Every unit has it: what does not is somebody else's. */
export const ownMark = 'Written by keyturn remind'

/** Pure: the timer of a system. @param words the program, by its whole path, and its arguments; undefined: no such timer is known */
export function timerOf(words: readonly string[], place: TimerPlace): Timer | undefined {
  switch (place.platform) {
    case 'linux':
      return systemd(words, place)
    case 'darwin':
      return launchd(words, place)
    case 'win32':
      return taskScheduler(words, place)
    default:
      return undefined
  }
}

function systemd(words: readonly string[], { home, env }: TimerPlace): Timer {
  const given = env['XDG_CONFIG_HOME']
  const folder = path.posix.join(
    given?.startsWith('/') ? given : path.posix.join(home, '.config'),
    'systemd',
    'user',
  )
  const service = `# ${ownMark}
[Unit]
Description=Rotate AWS access keys that are overdue
[Service]
Type=oneshot
ExecStart=${words.map(forSystemd).join(' ')}
# 3: nothing was due
SuccessExitStatus=3
# One Ctrl-C: it ends after the steps under way
KillSignal=SIGINT
TimeoutStopSec=120
`
  const timer = `# ${ownMark}
[Unit]
Description=Look every week for AWS access keys that are overdue
[Timer]
OnCalendar=Mon 10:00
Persistent=true
RandomizedDelaySec=1h
[Install]
WantedBy=timers.target
`
  const systemctl = (...rest: string[]) => ['systemctl', '--user', ...rest]
  return {
    units: [
      { path: path.posix.join(folder, 'keyturn.service'), text: service },
      { path: path.posix.join(folder, 'keyturn.timer'), text: timer },
    ],
    check: systemctl('show-environment'),
    start: [systemctl('daemon-reload'), systemctl('enable', '--now', 'keyturn.timer')],
    stop: [systemctl('disable', '--now', 'keyturn.timer')],
    after: [systemctl('daemon-reload')],
  }
}

/** As systemd.service(5) has it: quotes as in C, and its own two signs doubled. */
function forSystemd(word: string): string {
  const escaped = word
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('%', '%%')
    .replaceAll('$', '$$$$')
  return /^[\w@+=:,./-]+$/.test(word) ? word : `"${escaped}"`
}

function launchd(words: readonly string[], { home, uid }: TimerPlace): Timer {
  const label = 'keyturn.rotate'
  const file = path.posix.join(home, 'Library', 'LaunchAgents', `${label}.plist`)
  const text = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- ${ownMark} -->
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${label}</string>
  <key>ProgramArguments</key>
  <array>
${words.map((word) => `    <string>${forXml(word)}</string>`).join('\n')}
  </array>
  <key>StartCalendarInterval</key>
  <dict>
    <key>Weekday</key>
    <integer>1</integer>
    <key>Hour</key>
    <integer>10</integer>
    <key>Minute</key>
    <integer>0</integer>
  </dict>
  <key>ExitTimeOut</key>
  <integer>120</integer>
</dict>
</plist>
`
  return {
    units: [{ path: file, text }],
    check: ['launchctl', 'print', `gui/${uid}`],
    start: [['launchctl', 'bootstrap', `gui/${uid}`, file]],
    stop: [['launchctl', 'bootout', `gui/${uid}/${label}`]],
    after: [],
  }
}

function taskScheduler([program = '', ...rest]: readonly string[], { home, env }: TimerPlace): Timer {
  const local = env['LOCALAPPDATA'] ?? path.win32.join(home, 'AppData', 'Local')
  const file = path.win32.join(local, 'keyturn-timer', 'keyturn.xml')
  const text = `<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo>
    <Description>Rotate AWS access keys that are overdue. ${ownMark}.</Description>
  </RegistrationInfo>
  <Triggers>
    <CalendarTrigger>
      <StartBoundary>2024-01-01T10:00:00</StartBoundary>
      <ScheduleByWeek>
        <DaysOfWeek>
          <Monday />
        </DaysOfWeek>
        <WeeksInterval>1</WeeksInterval>
      </ScheduleByWeek>
    </CalendarTrigger>
  </Triggers>
  <Principals>
    <Principal id="Author">
      <LogonType>InteractiveToken</LogonType>
      <RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <StartWhenAvailable>true</StartWhenAvailable>
    <ExecutionTimeLimit>PT1H</ExecutionTimeLimit>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>${forXml(program)}</Command>
      <Arguments>${forXml(rest.map(forWindows).join(' '))}</Arguments>
    </Exec>
  </Actions>
</Task>
`
  return {
    units: [{ path: file, text }],
    start: [['schtasks', '/Create', '/TN', 'Keyturn', '/XML', file, '/F']],
    stop: [['schtasks', '/Delete', '/TN', 'Keyturn', '/F']],
    after: [],
  }
}

function forXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** As a program of Windows takes its arguments apart: a backslash counts only before quotes. */
function forWindows(word: string): string {
  if (/^[\w@+=:,.\\/-]+$/.test(word)) return word
  return `"${word.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`
}
