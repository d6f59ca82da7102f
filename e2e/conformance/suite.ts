import { runDifferential } from './differential.ts'
import { embeddedIam } from './embedded.ts'
import { conformHoldings } from './holdings.ts'
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
    await conformHoldings(harness, cloud)
    await harness.check(`ran to the end against ${cloud.name}`, () => conform(harness, cloud, aws))
  } finally {
    await cloud.close()
  }
}
await harness.check('botocore reads what Keyturn wrote, and all else as before', async () => {
  const { files, writable, disagreements, misreadings } = await runDifferential(python)
  console.log(
    `  ${files} files, ${writable} writable, ${disagreements.length} disagreements, ${misreadings.length} misreadings`,
  )
  if (disagreements.length + misreadings.length > 0)
    throw new Error([...disagreements, ...misreadings].slice(0, 5).join('\n'))
  if (files < 2_000 || writable < 500) throw new Error('too few files were compared')
})
process.exitCode = harness.finish()
