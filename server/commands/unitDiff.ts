/** Pure: a text beside what it becomes, as lines that go and lines that come; what both ends have in common once. */
export function unitDiff(before: string | undefined, after: string | undefined): string[] {
  const [old, made] = [linesOf(before), linesOf(after)]
  let first = 0
  while (first < Math.min(old.length, made.length) && old[first] === made[first]) first += 1
  let last = 0
  while (
    last < Math.min(old.length, made.length) - first &&
    old[old.length - 1 - last] === made[made.length - 1 - last]
  )
    last += 1
  return [
    ...old.slice(first, old.length - last).map((line) => `- ${line}`),
    ...made.slice(first, made.length - last).map((line) => `+ ${line}`),
  ]
}

function linesOf(text: string | undefined): string[] {
  return text === undefined ? [] : text.replace(/\r?\n$/, '').split(/\r?\n/)
}
