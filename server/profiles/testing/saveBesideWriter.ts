import { expect } from 'vitest'
import { IniDocument } from '../ini/document.ts'
import type { ForeignWriter } from './awsConfigure.ts'
import { pair, section, StoreFixture, troubleOf } from './storeFixture.ts'

/**
 * Saves into the config file again and again while another program writes there, then looks whether anything of either
 * side was lost without a word.
 */
export async function saveBesideWriter(
  saves: number,
  start: (config: string) => ForeignWriter,
): Promise<string> {
  const files = new StoreFixture()
  try {
    await files.put('config', `# mine\n${section('profile ours', 0)}\n[profile cli]\nregion = x\n`)
    const store = files.open()
    const writer = start(files.config)
    let over = false
    let written = 0
    const foreign = (async () => {
      // Each write makes the file longer: past some thousand lines a program that never rests wins every race, and a
      // save rightly says so.
      while (!over && written < 2 * saves) {
        await writer.write()
        written++
      }
      await writer.end()
    })()
    const notes: string[] = []
    let retold = 0
    for (let n = 0; n < saves;) {
      const trouble = await troubleOf(
        store.swap([{ file: 'config', profile: 'ours', from: pair(n), to: pair(n + 1) }]),
      )
      if (!trouble) {
        n++
        continue
      }
      // Told, not silent: the other program put an earlier pair back, or did not stop writing.
      expect(['file-moved', 'file-write']).toContain(trouble.name)
      retold++
      notes.push(...(await store.reconcile()).notes)
    }
    over = true
    await foreign
    const last = await store.reconcile()
    notes.push(...last.notes)
    const document = IniDocument.parse(Buffer.from(await files.text('config')))
    expect(document.faults).toEqual([])
    expect(document.values('profile ours').get('aws_access_key_id')).toBe(pair(saves).id)
    expect(document.values('profile ours').get('aws_secret_access_key')).toBe(pair(saves).secret.reveal())
    expect(document.text(1)).toBe('# mine')
    const cli = document.values('profile cli')
    const lost = Array.from({ length: written }, (_, index) => index).filter(
      (index) => cli.get(`k${index}`) !== `v${index}`,
    )
    const reports = notes.filter((note) => note.includes('Make it again')).length
    // Each write of theirs that is not in the file was told of.
    expect(lost.length, `lost k${lost.join(', k')}; notes: ${notes.join(' | ')}`).toBeLessThanOrEqual(reports)
    if (lost.length > 0) expect(last.settled).toBe(false)
    await store.release()
    expect(await files.leftOver()).toEqual([])
    const merged = notes.filter((note) => note.includes('merged')).length
    const restored = notes.filter((note) => note.includes('written again')).length
    return `${saves} saves beside ${written} writes: ${merged} merged, ${restored} times our pair written again, ${retold} saves told to look again, ${lost.length} of theirs reported as not merged`
  } finally {
    files.remove()
  }
}
