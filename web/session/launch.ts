/** Launch secrets are base64url of 128 bits or more; anything shorter is a stray fragment, not worth a request. */
const secretForm = /^[A-Za-z0-9_-]{20,256}$/

/** The launch secret in a fragment such as `#SECRET`. Our own addresses begin with `#/`. */
export function secretIn(hash: string): string | undefined {
  const text = hash.replace(/^#/, '')
  return secretForm.test(text) ? text : undefined
}

/** The launch secret in what a person pasted: the whole printed line, the link, or the secret alone. */
export function secretInPaste(text: string): string | undefined {
  const trimmed = text.trim()
  const hash = trimmed.lastIndexOf('#')
  return secretIn(hash < 0 ? trimmed : (trimmed.slice(hash).split(/\s/)[0] ?? ''))
}

const wholeLink = /http:\/\/127\.0\.0\.1:\d{1,5}\/[\w-]{22}\/#[\w-]{20,256}/

/**
 * The link in what a person pasted, where it leads to the page of another start: that has a port and a path of its own.
 *
 * @param here the address of this page
 */
export function otherPageInPaste(text: string, here: string): string | undefined {
  const [link] = wholeLink.exec(text) ?? []
  return link === undefined || link.split('#')[0] === here.split('#')[0] ? undefined : link
}
