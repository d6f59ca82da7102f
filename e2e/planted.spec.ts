import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from './fixtures.ts'

// What whoever held our port before can have left in the person's browser: a copy of `/` that need not be asked for
// again, and a service worker for the whole address.

const planted = `<!doctype html><title>planted</title><script>
  navigator.serviceWorker?.register('/worker.js').then(() => (document.title = 'worker registered'))
</script>`
const worker = `addEventListener('install', () => skipWaiting())
addEventListener('activate', (event) => event.waitUntil(clients.claim()))`

/** A program that had a port, and filled the browser's cache there. @returns its port, free again after `leave` */
async function formerHolder(
  worker: string | undefined,
): Promise<{ port: number; leave: () => Promise<void> }> {
  const server = http.createServer((request, response) => {
    const script = request.url === '/worker.js'
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html')
    response.setHeader('cache-control', 'public, max-age=31536000, immutable')
    response.statusCode = script && worker === undefined ? 404 : 200
    response.end(script ? worker : planted)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    leave: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

test('a copy of / in the cache is not what the link opens', async ({ stage, page, watch }) => {
  watch.allow(/./)
  stage.users('default')
  const former = await formerHolder(undefined)
  await page.goto(`http://127.0.0.1:${former.port}/`)
  await expect(page).toHaveTitle('planted')
  await former.leave()
  const link = await stage.start({ args: [...stage.args, '--port', String(former.port)] })
  await page.goto(link)
  await expect(page.getByRole('heading', { level: 1, name: '1 key' })).toBeVisible()
})

test('a service worker at our address is told, and gets nothing until it is removed', async ({
  stage,
  page,
  watch,
}) => {
  watch.allow(/./)
  stage.users('default')
  const former = await formerHolder(worker)
  await page.goto(`http://127.0.0.1:${former.port}/`)
  await expect(page).toHaveTitle('worker registered')
  await former.leave()
  const link = await stage.start({ args: [...stage.args, '--port', String(former.port)] })
  await page.goto(link)
  await expect(page.getByRole('alert')).toContainText('Another program stands between this page and Keyturn')
  await expect(page.getByRole('alert')).toContainText(`http://127.0.0.1:${former.port}/`)
  expect(await page.evaluate('localStorage.length')).toBe(0)
  await page.getByRole('button', { name: 'Remove the service worker' }).click()
  await expect(page.getByRole('heading', { name: 'Paste the link from the terminal' })).toBeVisible()
  await page.goto('about:blank')
  await page.goto(await stage.command!.freshLink())
  await expect(page.getByRole('heading', { level: 1, name: '1 key' })).toBeVisible()
})
