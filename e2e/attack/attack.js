/* global document, navigator, window, EventSource, WebSocket, HTMLLinkElement, HTMLObjectElement */

const settled = (work) =>
  Promise.race([work, new Promise((resolve) => setTimeout(resolve, 3_000))]).catch(() => undefined)

/**
 * Every way in which a page can send something to another address, from the attacker's page itself.
 * @param to the origin that is attacked
 * @returns what the page could read of the replies
 */
window.attack = async function attack(to) {
  const read = []

  const element = (name, url) =>
    settled(
      new Promise((resolve) => {
        const made = document.createElement(name)
        made.onload = () => {
          if (['img', 'script', 'link'].includes(name)) read.push(`${name} loaded ${url}`)
          resolve()
        }
        made.onerror = () => resolve()
        if (made instanceof HTMLLinkElement) {
          made.rel = 'stylesheet'
          made.href = url
        } else if (made instanceof HTMLObjectElement) made.data = url
        else made.src = url
        document.body.append(made)
      }),
    )

  const request = (url, init) =>
    settled(
      (async () => {
        const reply = await fetch(url, { credentials: 'include', ...init })
        const text = await reply.text()
        if (text !== '') read.push(`${init.method ?? 'GET'} ${init.mode} ${url}: ${text}`)
      })(),
    )

  const form = (url) =>
    settled(
      new Promise((resolve) => {
        const frame = document.createElement('iframe')
        frame.name = `frame${Math.random()}`
        document.body.append(frame)
        const made = document.createElement('form')
        Object.assign(made, { method: 'post', action: url, target: frame.name, enctype: 'text/plain' })
        const field = document.createElement('input')
        Object.assign(field, { name: '{"keys":"all","x":"', value: '"}' })
        made.append(field)
        document.body.append(made)
        frame.onload = () => resolve()
        made.submit()
      }),
    )

  const events = (url) =>
    settled(
      new Promise((resolve) => {
        const source = new EventSource(url, { withCredentials: true })
        const note = (event) => read.push(`event ${event.data}`)
        source.onmessage = note
        source.addEventListener('snapshot', note)
        source.onerror = () => {
          source.close()
          resolve()
        }
      }),
    )

  const socket = (url) =>
    settled(
      new Promise((resolve) => {
        const opened = new WebSocket(url)
        opened.onopen = () => read.push('websocket opened')
        opened.onerror = () => resolve()
      }),
    )

  const reads = ['/', '/api/inventory', '/api/settings', '/api/events', '/api/history', '/api/openapi.json']
  for (const path of reads) {
    const url = to + path
    await Promise.all([
      ...['img', 'script', 'link', 'iframe', 'object', 'video'].map((name) => element(name, url)),
      request(url, { mode: 'no-cors' }),
      request(url, { mode: 'cors' }),
      request(url, { mode: 'cors', headers: { 'x-keyturn-session': 'x' } }),
    ])
  }
  const body = '{"keys":"all"}'
  const json = { 'content-type': 'application/json' }
  for (const path of ['/api/checks', '/api/plans', '/api/server/stop', '/api/session']) {
    const url = to + path
    navigator.sendBeacon(url, body)
    await Promise.all([
      request(url, { method: 'POST', mode: 'no-cors', body }),
      request(url, { method: 'POST', mode: 'cors', headers: json, body }),
      request(url, { method: 'DELETE', mode: 'cors' }),
      form(url),
    ])
  }
  await events(`${to}/api/events`)
  await socket(`${to.replace('http', 'ws')}/api/events`)
  const opened = window.open(`${to}/`)
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  try {
    if (opened && opened.document.body.innerText !== '') read.push(`window ${opened.document.body.innerText}`)
  } catch {
    // Another origin: nothing to read.
  }
  opened?.close()
  return read
}
