import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'

/** Ways in which a file is gone for a while; each gives back what brings it home. */
export const absences = {
  'moved away': (file) => {
    renameSync(file, `${file}.away`)
    return () => renameSync(`${file}.away`, file)
  },
  'a dangling link': (file) => {
    renameSync(file, `${file}.away`)
    symlinkSync(`${file}.nowhere`, file)
    return () => {
      unlinkSync(file)
      renameSync(`${file}.away`, file)
    }
  },
  'a directory': (file) => {
    renameSync(file, `${file}.away`)
    mkdirSync(file)
    return () => {
      rmSync(file, { recursive: true })
      renameSync(`${file}.away`, file)
    }
  },
  emptied: (file) => {
    const text = readFileSync(file)
    writeFileSync(file, '')
    return () => writeFileSync(file, text)
  },
} satisfies Record<string, (file: string) => () => void>
