import { expect, it } from 'vitest'
import { pythonWithCli, writerProcess } from '../testing/awsConfigure.ts'
import { saveBesideWriter } from '../testing/saveBesideWriter.ts'

const python = pythonWithCli()

/** A sample of foreignWriters.fault.test.ts. */
it.skipIf(!python)(
  "loses nothing silently beside the AWS CLI's own writer",
  { timeout: 120_000 },
  async () => {
    const summary = await saveBesideWriter(60, (config) => writerProcess(python as string, config))
    console.log(summary)
    expect(summary).toContain('60 saves')
  },
)
