/** Pure: words as they are typed into a shell, each one as a word. */
export function shellWords(words: readonly string[], platform: NodeJS.Platform): string {
  return words.map((word) => (platform === 'win32' ? forWindows(word) : forPosix(word))).join(' ')
}

function forPosix(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

/** For cmd.exe and PowerShell alike; a path of Windows has no quotes in it. */
function forWindows(word: string): string {
  return /^[\w@+=:.\\/-]+$/.test(word) ? word : `"${word}"`
}
