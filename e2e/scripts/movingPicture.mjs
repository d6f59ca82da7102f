import { crc32 } from 'node:zlib'

const signature = Buffer.from('89504e470d0a1a0a', 'hex')

/**
 * An animated PNG (as APNG is written down in PNG's third edition) that goes on without end.
 * @param frames pictures of one size and kind, each a PNG with how long it stands, in milliseconds
 */
export function movingPicture(frames) {
  const [first] = frames
  const header = chunksOf(first.png).find(({ type }) => type === 'IHDR').data
  let sequence = 0
  const shown = frames.flatMap(({ png, ms }, at) => {
    const chunks = chunksOf(png)
    if (!chunks.find(({ type }) => type === 'IHDR').data.equals(header))
      throw new Error(`picture ${at + 1} is of another size or kind than the first`)
    const control = Buffer.alloc(26)
    control.writeUInt32BE(sequence++, 0)
    header.copy(control, 4, 0, 8)
    control.writeUInt16BE(ms, 20)
    control.writeUInt16BE(1000, 22)
    const data = chunks.filter(({ type }) => type === 'IDAT').map((chunk) => chunk.data)
    return [
      chunk('fcTL', control),
      // A reader that knows nothing of this shows the first alone.
      ...data.map((each) => (at === 0 ? chunk('IDAT', each) : chunk('fdAT', number(sequence++), each))),
    ]
  })
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('acTL', number(frames.length), number(0)),
    ...shown,
    chunk('IEND'),
  ])
}

function chunksOf(png) {
  const chunks = []
  for (let at = signature.length; at < png.length;) {
    const length = png.readUInt32BE(at)
    const type = png.toString('latin1', at + 4, at + 8)
    chunks.push({ type, data: png.subarray(at + 8, at + 8 + length) })
    at += length + 12
  }
  return chunks
}

function chunk(type, ...parts) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), ...parts])
  return Buffer.concat([number(body.length - 4), body, number(crc32(body))])
}

function number(value) {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
