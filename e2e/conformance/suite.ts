import { embeddedIam } from './embedded.ts'
import { Harness } from './harness.ts'
import { moto } from './moto.ts'
import { conform } from './scenario.ts'

/** Started by run.mjs, which makes the virtual environment and builds the command. */
const { CONFORMANCE_PYTHON: python, CONFORMANCE_AWS: aws } = process.env
if (!python || !aws) throw new Error('start this with `npm run test:conformance`')

const harness = new Harness()
for (const start of [() => moto(python), embeddedIam]) {
  const cloud = await harness.check(`starts ${start === embeddedIam ? 'the embedded IAM' : 'moto'}`, start)
  if (!cloud) continue
  try {
    await harness.check(`ran to the end against ${cloud.name}`, () => conform(harness, cloud, aws))
  } finally {
    await cloud.close()
  }
}
process.exitCode = harness.finish()
