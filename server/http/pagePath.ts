import { randomBytes } from 'node:crypto'

/**
 * The first segment of the page's address, 128 bits that are drawn anew at each start. Whoever had our port before, such
 * as another account of this machine or an old development server, may have left copies of pages in the browser's
 * cache; none of them can stand at an address that nobody could know.
 */
export function drawPagePath(): string {
  return randomBytes(16).toString('base64url')
}
