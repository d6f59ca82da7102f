import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Browser } from './browser.ts'

interface Answer {
  id?: number
  method?: string
  params?: { level?: string; type?: string; text?: string }
  result?: unknown
  error?: string
  message?: string
}

/** Firefox by WebDriver BiDi, which it speaks itself. */
export async function startFirefox(program: string): Promise<Browser> {
  const profile = mkdtempSync(path.join(tmpdir(), 'keyturn-firefox-'))
  const child = spawn(
    program,
    ['--headless', '--no-remote', '--remote-debugging-port=0', '--profile', profile],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const ended = new Promise((done) => child.once('close', done))
  const stop = async (): Promise<void> => {
    child.kill()
    await ended
    rmSync(profile, { recursive: true, force: true })
  }
  try {
    return await drive(await listening(child.stderr), stop)
  } catch (error) {
    await stop()
    throw error
  }
}

async function listening(stderr: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stderr })) {
    const address = /WebDriver BiDi listening on (ws:\S+)/.exec(line)?.[1]
    if (address === undefined) continue
    stderr.resume()
    return `${address}/session`
  }
  throw new Error('Firefox ended before it listened')
}

async function drive(address: string, stop: () => Promise<void>): Promise<Browser> {
  const socket = new WebSocket(address)
  const faults: string[] = []
  const waiting = new Map<number, (answer: Answer) => void>()
  socket.addEventListener('message', ({ data }) => {
    const answer = JSON.parse(String(data)) as Answer
    if (answer.id !== undefined) waiting.get(answer.id)?.(answer)
    else if (answer.method === 'log.entryAdded' && answer.params?.level === 'error')
      faults.push(`${answer.params.type}: ${answer.params.text}`)
  })
  await new Promise((done, fail) => {
    socket.addEventListener('open', done)
    socket.addEventListener('error', () => fail(new Error('Firefox does not take the connection')))
  })
  let last = 0
  const ask = async (method: string, params: object): Promise<unknown> => {
    const id = ++last
    const answer = await new Promise<Answer>((done) => {
      waiting.set(id, done)
      socket.send(JSON.stringify({ id, method, params }))
    })
    waiting.delete(id)
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error}, ${answer.message}`)
    return answer.result
  }
  const { capabilities } = (await ask('session.new', { capabilities: {} })) as {
    capabilities: { browserVersion: string }
  }
  await ask('session.subscribe', { events: ['log.entryAdded'] })
  const { contexts } = (await ask('browsingContext.getTree', {})) as { contexts: { context: string }[] }
  const context = contexts[0]?.context ?? ''
  const evaluate = async (expression: string): Promise<{ value?: unknown; sharedId?: string }> => {
    const answer = (await ask('script.evaluate', {
      expression,
      target: { context },
      awaitPromise: true,
    })) as {
      type: string
      result: { value?: unknown; sharedId?: string }
      exceptionDetails?: { text: string }
    }
    if (answer.type === 'exception') throw new Error(answer.exceptionDetails?.text)
    return answer.result
  }
  return {
    name: `Firefox ${capabilities.browserVersion}`,
    go: async (url) => void (await ask('browsingContext.navigate', { context, url, wait: 'complete' })),
    value: async (expression) =>
      JSON.parse(String((await evaluate(`JSON.stringify(${expression} ?? null)`)).value)),
    press: async (expression) => {
      const { sharedId } = await evaluate(
        `(() => { const found = ${expression}; found.scrollIntoView({ block: 'center' }); return found })()`,
      )
      const origin = { type: 'element', element: { sharedId } }
      await ask('input.performActions', {
        context,
        actions: [
          {
            type: 'pointer',
            id: 'mouse',
            actions: [
              { type: 'pointerMove', x: 0, y: 0, origin },
              { type: 'pointerDown', button: 0 },
              { type: 'pointerUp', button: 0 },
            ],
          },
        ],
      })
    },
    faults: () => Promise.resolve(faults),
    close: async () => {
      await ask('browser.close', {}).catch(() => {})
      socket.close()
      await stop()
    },
  }
}
