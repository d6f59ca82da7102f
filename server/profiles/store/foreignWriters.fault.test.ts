import { expect, it } from 'vitest'
import { hasCli, pythonWithCli, writerCommand, writerProcess } from '../testing/awsConfigure.ts'
import { saveBesideWriter } from '../testing/saveBesideWriter.ts'

const python = pythonWithCli()

it.skipIf(!hasCli())(
  '500 saves beside `aws configure set` in a loop: nothing of either side is lost silently',
  async () => {
    const summary = await saveBesideWriter(500, writerCommand)
    console.log(summary)
    expect(summary).toContain('500 saves')
  },
)

it.skipIf(!python)("500 saves beside the AWS CLI's own writer at short random pauses", async () => {
  const summary = await saveBesideWriter(500, (config) => writerProcess(python as string, config))
  console.log(summary)
  expect(summary).toContain('500 saves')
})
