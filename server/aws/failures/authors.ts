import type { Answer } from '../exchange.ts'

/** Whose a whole answer is. `unclear`: it has one of AWS's two marks and lacks the other. */
export type Author = 'AWS' | 'somebody else' | 'unclear'

/** A whole answer came, and it is not AWS's. Nothing of it is kept but its status. */
export class ForeignAnswer extends Error {
  readonly author: 'somebody else' | 'unclear'
  readonly status: number

  constructor(author: ForeignAnswer['author'], status: number) {
    super(`an answer of ${author}, status ${status}`)
    this.name = 'ForeignAnswer'
    this.author = author
    this.status = status
  }
}

/** As much of a body as is looked at for its marks, in bytes. */
const looked = 64 * 1024

const brace = '{'.charCodeAt(0)
/** A type of AWS's own, which nobody sends by chance. */
const isAmazonJson = /^application\/x-amz-json-1\.[01]\b/

/**
 * An answer of AWS is a document of the call's protocol, and it carries a request id. A filter, a captive portal, a proxy or
 * another product's storage has neither, whatever its status.
 */
export function authorOf({ status, headers, body }: Answer): Author {
  // A page of CloudTrail's events is many times that long, and JSON that is cut off is none.
  const isJson = body[0] === brace
  const text = new TextDecoder().decode(isJson ? body : body.subarray(0, looked)).trimStart()
  const isAmazons = isAmazonJson.test(headers['content-type'] ?? '')
  const document = status < 300 ? isResult(text) : isError(text, isAmazons)
  const id =
    !!headers['x-amzn-requestid'] ||
    /<RequestId>\s*[^\s<]/i.test(text) ||
    (isJson && isAmazons) ||
    Array.isArray(jsonOf(text)?.['Events'])
  // The error document of S3, which storage of other makers sends, its request id and all.
  if (rootOf(text) === 'Error') return 'somebody else'
  return document && id ? 'AWS' : document || id ? 'unclear' : 'somebody else'
}

/** XML of the Query protocol, which IAM and STS speak; JSON of the other services. */
function isResult(text: string): boolean {
  return /^[A-Z]\w+Response$/.test(rootOf(text) ?? '') || jsonOf(text) !== undefined
}

function isError(text: string, isAmazons: boolean): boolean {
  if (rootOf(text) === 'ErrorResponse') return /<Code>\s*[^\s<]/.test(text)
  const json = jsonOf(text)
  return typeof json?.__type === 'string' || (isAmazons && typeof json?.code === 'string')
}

function rootOf(text: string): string | undefined {
  return /^(?:<\?[^>]*\?>|<!--.*?-->|\s+)*<([A-Za-z]\w*)[\s/>]/s.exec(text)?.[1]
}

function jsonOf(text: string): Record<string, unknown> | undefined {
  if (!text.startsWith('{')) return undefined
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
}
