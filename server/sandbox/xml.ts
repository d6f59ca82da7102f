/** An element's content: text, further elements by name, or a list, which AWS writes as `member` elements. */
export type Xml = string | number | boolean | undefined | readonly Xml[] | { readonly [name: string]: Xml }

// Control characters have no place in XML 1.0, even escaped: a reply that echoes one would not parse.
const unprintable =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

const escape = (text: string) =>
  text
    .replace(unprintable, '?')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/\r/g, '&#xD;')

function content(value: Exclude<Xml, undefined>): string {
  if (typeof value !== 'object') return escape(String(value))
  if (Array.isArray(value)) return value.map((member: Xml) => element('member', member)).join('')
  return Object.entries(value)
    .map(([name, inner]) => element(name, inner))
    .join('')
}

function element(name: string, value: Xml, attributes = ''): string {
  return value === undefined ? '' : `<${name}${attributes}>${content(value)}</${name}>`
}

const namespaces = {
  iam: 'https://iam.amazonaws.com/doc/2010-05-08/',
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
} as const

/** A successful reply of the Query protocol. Actions without a result (Update, Delete) have no Result element. */
export function replyXml(service: 'iam' | 'sts', action: string, result: Xml, requestId: string): string {
  const body: Xml = { [`${action}Result`]: result, ResponseMetadata: { RequestId: requestId } }
  return `${element(`${action}Response`, body, ` xmlns="${namespaces[service]}"`)}\n`
}

/** An ErrorResponse of the Query protocol. */
export function errorXml(
  service: 'iam' | 'sts',
  error: { readonly status: number; readonly code: string; readonly message: string },
  requestId: string,
): string {
  const body: Xml = {
    Error: { Type: error.status < 500 ? 'Sender' : 'Receiver', Code: error.code, Message: error.message },
    RequestId: requestId,
  }
  return `${element('ErrorResponse', body, ` xmlns="${namespaces[service]}"`)}\n`
}
