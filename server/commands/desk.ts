import type net from 'node:net'
import type { Engine } from '../engine/engine.ts'
import { canHaveSocket, listenOwn, talk, type Line } from '../platform/ownSocket.ts'
import { Interruption } from './interruption.ts'
import { coloured } from './colours.ts'
import type { Screen } from './terminal.ts'
import { socketOf, type Greeting, type Job, type Look } from './handOver.ts'

/** How long the last words of a job may take to go out, in milliseconds. */
const partingMs = 2_000

/**
 * Takes jobs of commands and gives links, until it is closed. Who can reach the socket can read the state directory too, and
 * with it whatever a job could do; no secret of AWS's goes over it in either direction.
 * @returns how to close it: resolves once every job has said how it ended
 * @throws the system's error where the socket cannot be made
 */
export async function openDesk(engine: Engine, freshLink: () => string): Promise<() => Promise<void>> {
  const file = socketOf(engine.stateDirectory)
  if (!canHaveSocket(file)) return () => Promise.resolve()
  const jobs = new Set<Promise<void>>()
  const close = await listenOwn(file, (socket) => {
    const job = serveOne(socket, engine, freshLink).finally(() => jobs.delete(job))
    jobs.add(job)
  })
  return async () => {
    close()
    const parting = new Promise<void>((resolve) => setTimeout(resolve, partingMs).unref())
    await Promise.race([Promise.all(jobs), parting])
  }
}

/** A conversation: greeting, answer, then a job or the wish for a link. Resolves when it is over. */
function serveOne(socket: net.Socket, engine: Engine, freshLink: () => string): Promise<void> {
  return new Promise((resolve) => {
    const distant = { answer: (_id: unknown, _text: unknown) => undefined as void }
    const interruption = new Interruption({ quit: () => undefined, listens: false })
    let stage: 'greeting' | 'wish' | 'job' = 'greeting'
    const line: Line = talk(
      socket,
      (message) => {
        if (stage === 'greeting') {
          const { version, ground } = message as Partial<Greeting>
          const takes = version === engine.version && (ground === undefined || ground === engine.ground)
          line.send({ takes })
          stage = 'wish'
          if (!takes) line.end()
        } else if (stage === 'wish') {
          stage = 'job'
          if (message['page'] === true) {
            line.send({ link: freshLink() })
            line.end()
          } else {
            void work(message as unknown as Job).finally(() => line.end())
          }
        } else if (message['interrupt'] === true) interruption.request()
        else distant.answer(message['answer'], message['text'])
      },
      () => {
        // Nobody sees it any more: as with a terminal that is closed, it ends after the steps under way.
        if (!interruption.requested) interruption.request()
        resolve()
      },
    )
    const work = async ({ options, env, look, by }: Job): Promise<void> => {
      // Loaded when needed: the page need not wait for what commands are made of.
      const { perform } = await import('./runCommand.ts')
      const screen = distantScreen(line, look, distant)
      const open = () => Promise.resolve({ ...engine, close: () => Promise.resolve() })
      const code = await perform({ options, env, terminal: screen, interruption, by, beside: true, open })
      line.send({ ended: code })
    }
  })
}

/** The other process's terminal, as a command here sees it. */
function distantScreen(
  line: Line,
  look: Look,
  distant: { answer: (id: unknown, text: unknown) => void },
): Screen {
  const waiting = new Map<number, (text?: string) => void>()
  let asked = 0
  distant.answer = (id, text) => waiting.get(Number(id))?.(typeof text === 'string' ? text : undefined)
  const tell = (say: keyof Screen) => (value: unknown) => line.send({ say, value })
  return {
    ...look,
    print: tell('print'),
    say: tell('say'),
    draw: tell('draw'),
    data: tell('data'),
    document: tell('document'),
    colour: (tone, text) => coloured(look.colours, tone, text),
    ask(question, signal) {
      const id = (asked += 1)
      return new Promise((resolve) => {
        const end = (text?: string) => {
          signal.removeEventListener('abort', abort)
          waiting.delete(id)
          resolve(text)
        }
        const abort = () => {
          line.send({ unask: id })
          end()
        }
        if (signal.aborted) return end()
        signal.addEventListener('abort', abort, { once: true })
        waiting.set(id, end)
        line.send({ ask: id, question })
      })
    },
  }
}
