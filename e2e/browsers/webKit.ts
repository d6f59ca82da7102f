import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { freePort } from './ports.ts'
import type { Browser } from './browser.ts'
import { until } from './browser.ts'

/** WebKit's driver tells nothing of the console: the page notes it itself, from the moment on when it stands. */
const listen = `(() => {
  const faults = (window.faults = [])
  const say = console.error
  console.error = (...words) => { faults.push('console: ' + words.join(' ')); say(...words) }
  addEventListener('error', ({ message }) => faults.push('page: ' + message))
  addEventListener('unhandledrejection', ({ reason }) => faults.push('page: ' + reason))
  addEventListener('securitypolicyviolation', (event) => faults.push('policy: ' + event.violatedDirective))
})()`

/** How an element is written in WebDriver's answers. */
const elementKey = 'element-6066-11e4-a52e-4f735466cecf'

/** WebKit by its WebDriver: GTK's MiniBrowser, on a screen that nobody sees. */
export async function startWebKit(programs: {
  driver: string
  browser: string
  screen: string
}): Promise<Browser> {
  const children: ChildProcess[] = []
  const stop = async (): Promise<void> => {
    for (const child of children.reverse()) {
      const ended = new Promise((done) => child.once('close', done))
      if (child.exitCode !== null || !child.kill()) continue
      await ended
    }
  }
  try {
    const screen = spawn(
      programs.screen,
      ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'],
      {
        stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      },
    )
    children.push(screen)
    const display = await firstLine(screen.stdio[3] as NodeJS.ReadableStream)
    const port = await freePort()
    const driver = spawn(programs.driver, [`--port=${port}`], {
      env: { ...process.env, DISPLAY: `:${display}`, GDK_BACKEND: 'x11', LIBGL_ALWAYS_SOFTWARE: '1' },
      stdio: 'ignore',
    })
    children.push(driver)
    return await drive(`http://127.0.0.1:${port}`, programs.browser, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stream })) return line
  throw new Error('no screen')
}

async function drive(server: string, binary: string, stop: () => Promise<void>): Promise<Browser> {
  const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(server + path, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const { value } = (await response.json()) as { value: { error?: string; message?: string } }
    if (!response.ok) throw new Error(`${path}: ${value.error}, ${value.message}`)
    return value
  }
  await until('the driver', () => fetch(`${server}/status`).then(Boolean, () => undefined))
  const { sessionId, capabilities } = (await ask('POST', '/session', {
    capabilities: {
      alwaysMatch: {
        'webkitgtk:browserOptions': {
          binary,
          args: ['--automation'],
        },
      },
    },
  })) as { sessionId: string; capabilities: { browserVersion: string } }
  const session = `/session/${sessionId}`
  const script = (body: string): Promise<unknown> =>
    ask('POST', `${session}/execute/sync`, { script: `return ${body}`, args: [] })
  const value = async (expression: string): Promise<unknown> =>
    JSON.parse(String(await script(`JSON.stringify(${expression} ?? null)`)))
  return {
    name: `WebKit ${capabilities.browserVersion}`,
    go: async (url) => {
      await ask('POST', `${session}/url`, { url })
      await script(listen)
    },
    value,
    press: async (expression) => {
      // A page that has just changed may still move or replace what is to be pressed: a person would press again.
      await until('what can be pressed', async () => {
        const found = (await script(expression)) as Record<string, string> | null
        if (!found) return undefined
        return ask('POST', `${session}/element/${found[elementKey]}/click`, {}).then(
          () => true,
          (error: Error) => {
            if (/element not interactable|stale element/.test(error.message)) return undefined
            throw error
          },
        )
      })
    },
    faults: async () => (await value('window.faults')) as string[],
    close: async () => {
      await ask('DELETE', session).catch(() => {})
      await stop()
    },
  }
}
