import { Stage } from '../stage.ts'
import type { Group } from './group.ts'
import { median, repeat, timed } from './statistics.ts'

export const start: Group = {
  name: 'start',
  about: 'the built command until its link',
  async measure(report) {
    const stage = await Stage.open()
    try {
      stage.users('default')
      const times = await repeat(5, async () => {
        const { ms } = await timed(() => stage.start())
        await stage.kill()
        return ms
      })
      report.add({ what: 'server start, until its link', value: median(times), unit: 'ms' })
    } finally {
      await stage.close()
    }
  },
}
