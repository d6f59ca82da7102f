export interface Point {
  readonly keys: number
  readonly accounts: number
  readonly seconds: number
  readonly floor: number
  readonly memory: number
}

const [width, height] = [720, 400]
const [left, right, top, bottom] = [60, 60, 40, 50]

/** Pure: time, floor and memory over the number of keys, both axes of time logarithmic, as an SVG document. */
export function scalingPlot(points: readonly Point[]): string {
  const x = scale([10, 1_000], [left, width - right])
  const y = scale([5, 200], [height - bottom, top])
  const memory = scale([50, 500], [height - bottom, top])
  const one = points.filter(({ accounts }) => accounts === 1)
  const many = points.filter(({ accounts }) => accounts > 1)
  const line = (at: (point: Point) => number, style: string) =>
    `<polyline fill="none" ${style} points="${one.map((point) => `${r(x(point.keys))},${r(at(point))}`).join(' ')}"/>`
  const dots = (
    at: (point: Point) => number,
    from: readonly Point[],
    shape: (cx: number, cy: number) => string,
  ) => from.map((point) => shape(x(point.keys), at(point))).join('')
  const time = (point: Point) => y(point.seconds)
  const floor = (point: Point) => y(point.floor)
  const held = (point: Point) => memory(point.memory)
  const round = (fill: string) => (cx: number, cy: number) =>
    `<circle cx="${r(cx)}" cy="${r(cy)}" r="4" fill="${fill}"/>`
  const square = (fill: string) => (cx: number, cy: number) =>
    `<rect x="${r(cx - 4)}" y="${r(cy - 4)}" width="8" height="8" fill="${fill}"/>`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">
<rect width="${width}" height="${height}" fill="#fff"/>
<text x="${left}" y="22" font-size="14" fill="#222">Time until the last retire, its floor, and memory, by the number of keys</text>
${[10, 50, 200, 1_000].map((keys) => `<path d="M${r(x(keys))} ${top}V${height - bottom}" stroke="#e5e5e5"/><text x="${r(x(keys))}" y="${height - bottom + 18}" text-anchor="middle" fill="#444">${keys.toLocaleString('en')}</text>`).join('\n')}
${[5, 10, 20, 50, 100, 200].map((s) => `<path d="M${left} ${r(y(s))}H${width - right}" stroke="#e5e5e5"/><text x="${left - 8}" y="${r(y(s) + 4)}" text-anchor="end" fill="#0b57a4">${s} s</text>`).join('\n')}
${[50, 100, 250, 500].map((m) => `<text x="${width - right + 8}" y="${r(memory(m) + 4)}" fill="#8a4b00">${m} MiB</text>`).join('\n')}
${line(held, 'stroke="#c77700" stroke-width="1.5"')}${dots(held, one, round('#c77700'))}${dots(held, many, square('#c77700'))}
${line(floor, 'stroke="#0b57a4" stroke-width="1.5" stroke-dasharray="4 4"')}${dots(floor, many, (cx, cy) => `<rect x="${r(cx - 4)}" y="${r(cy - 4)}" width="8" height="8" fill="none" stroke="#0b57a4"/>`)}
${line(time, 'stroke="#0b57a4" stroke-width="2"')}${dots(time, one, round('#0b57a4'))}${dots(time, many, square('#0b57a4'))}
<text x="${left}" y="${height - 12}" fill="#444">Blue: time; dashed: its floor; orange: memory. Lines: one account; squares: 20 accounts.</text>
</svg>
`
}

/** A logarithmic axis. */
function scale([from, to]: readonly [number, number], [start, end]: readonly [number, number]) {
  return (value: number) => start + (Math.log(value / from) / Math.log(to / from)) * (end - start)
}

const r = (value: number) => Math.round(value * 10) / 10
