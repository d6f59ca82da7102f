/** One server-sent event, as the wire has it. A comment (the heartbeat) is none. */
export interface StreamEvent {
  id?: string
  name: string
  data: string
}

/**
 * A parser of text/event-stream (WHATWG HTML, section 9.2.6) for a fetched body: EventSource cannot send the session
 * header, so the page reads the stream itself. Give it text as it comes, cut anywhere; it returns the whole events.
 */
export function eventParser(): (text: string) => StreamEvent[] {
  let rest = ''
  let first = true
  let id: string | undefined
  let name = ''
  let data: string[] = []

  function line(text: string, out: StreamEvent[]): void {
    if (text === '') {
      if (data.length > 0)
        out.push({ ...(id === undefined ? {} : { id }), name: name || 'message', data: data.join('\n') })
      name = ''
      data = []
      return
    }
    if (text.startsWith(':')) return
    const colon = text.indexOf(':')
    const field = colon < 0 ? text : text.slice(0, colon)
    const value = colon < 0 ? '' : text.slice(colon + (text[colon + 1] === ' ' ? 2 : 1))
    if (field === 'data') data.push(value)
    else if (field === 'event') name = value
    else if (field === 'id' && !value.includes('\0')) id = value
  }

  return (text) => {
    rest += text
    if (first && rest !== '') {
      if (rest.startsWith('\uFEFF')) rest = rest.slice(1)
      first = false
    }
    const out: StreamEvent[] = []
    let from = 0
    for (let at = 0; at < rest.length; at++) {
      const c = rest[at]
      if (c !== '\n' && c !== '\r') continue
      // A CR at the very end may be half of a CRLF: wait for what follows.
      if (c === '\r' && at === rest.length - 1) break
      line(rest.slice(from, at), out)
      if (c === '\r' && rest[at + 1] === '\n') at++
      from = at + 1
    }
    rest = rest.slice(from)
    return out
  }
}
