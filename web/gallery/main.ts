/** Every screen and state from web/fixtures.ts, for `npm run dev:web` at /gallery.html. No server is asked. */
import { mount, tick } from 'svelte'
import { Api } from '../api.ts'
import { Attention } from '../attention/attention.svelte.ts'
import App from '../App.svelte'
import '../base.css'
import { Clock } from '../clock.svelte.ts'
import { Context } from '../context.svelte.ts'
import type { Scene } from '../fixtures.ts'
import { history, now, placeChanges, removal, scenes, tidying } from '../fixtures.ts'
import { Live } from '../live.svelte.ts'
import { placeOf, Route } from '../route.svelte.ts'
import { Session } from '../session/session.svelte.ts'
import '../tokens.css'

const query = new URLSearchParams(location.search)
const name = query.get('scene')
const scene = name === null ? undefined : scenes[name]

async function answer(input: RequestInfo | URL): Promise<Response> {
  const path = String(input)
  if (path.startsWith('/api/history')) return Response.json({ rows: history })
  if (path === '/api/places/changes') return Response.json(placeChanges)
  if (path.endsWith('/removal')) return Response.json(removal)
  if (path === '/api/files/credentials/tidy') return Response.json(tidying)
  return Response.json({})
}

/** Presses buttons and boxes by their accessible names, as a person would. */
async function press(names: readonly string[]): Promise<void> {
  for (const wanted of names) {
    const deadline = performance.now() + 5_000
    let found: HTMLElement | undefined
    // A part of a page that is fetched when it is opened comes a moment later.
    do {
      await new Promise((done) => setTimeout(done, 60))
      found = [...document.querySelectorAll<HTMLElement>('button, input')].find(
        (node) =>
          (node.getAttribute('aria-label') ?? node.textContent).trim().replace(/\s+/g, ' ') === wanted,
      )
    } while (!found && performance.now() < deadline)
    if (!found) throw new Error(`The gallery finds nothing called “${wanted}”`)
    found.click()
    await tick()
  }
}

async function show({ hash = '#/keys', ...scene }: Scene, target: Element): Promise<void> {
  const memory = new Map<string, string>()
  const api = new Api({
    fetch: answer,
    storage: {
      getItem: (k) => memory.get(k) ?? null,
      setItem: (k, v) => void memory.set(k, v),
      removeItem: (k) => void memory.delete(k),
    },
  })
  const live = new Live(api)
  live.world = scene.world
  live.connection = scene.connection ?? 'live'
  live.ended = scene.ended
  const route = new Route()
  route.place = placeOf(hash)
  const context = new Context(
    api,
    live,
    route,
    new Clock(() => now),
    new Attention({ getItem: () => scene.unopened ?? null, setItem: () => {} }),
  )
  context.trouble = scene.trouble
  const session = new Session(context)
  session.trouble = scene.signInTrouble
  if (scene.idleInSeconds !== undefined) session.idleAt = now + scene.idleInSeconds * 1_000
  addEventListener('hashchange', () => route.read())
  mount(App, { target, props: { context, session } })
  const theme = query.get('theme')
  await tick()
  if (theme) document.documentElement.dataset.theme = theme
  while (!document.querySelector('main h1')) await new Promise((done) => setTimeout(done, 20))
  await press(scene.press ?? [])
  Object.assign(window, { live })
}

function contents(target: Element): void {
  const list = document.createElement('ul')
  for (const each of Object.keys(scenes)) {
    const link = document.createElement('a')
    link.href = `?scene=${each}`
    link.textContent = each
    const item = document.createElement('li')
    item.append(link)
    list.append(item)
  }
  target.append(list)
}

const target = document.getElementById('app')
if (!target) throw new Error('The page has no #app')
if (scene) await show(scene, target)
else contents(target)
Object.assign(window, { sceneNames: Object.keys(scenes), shown: true })
