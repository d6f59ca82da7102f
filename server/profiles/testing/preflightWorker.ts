import { readSharedConfig } from '../../aws/sharedConfigReader.ts'
import { systemClock } from '../../platform/clock.ts'
import { Failure } from '../../platform/failure.ts'
import { Secret } from '../keyPair.ts'
import { createProfileStore } from '../store/store.ts'

/** node preflightWorker.ts CREDENTIALS [UID]: preflight and a swap, as another user where one is given; prints what each ends in. */
const [credentials, uid] = process.argv.slice(2) as [string, string | undefined]
if (uid !== undefined) process.setuid?.(Number(uid))
const store = createProfileStore({
  locations: {
    credentials: { path: credentials, from: 'test' },
    config: { path: `${credentials}-config`, from: 'test' },
  },
  reader: readSharedConfig,
  clock: systemClock,
})
const outcome = (doing: Promise<unknown>) =>
  doing.then(
    () => ({ name: 'done' }),
    (error: unknown) => (error instanceof Failure ? error.trouble : { name: `defect ${String(error)}` }),
  )
const pair = (id: string) => ({ id, secret: new Secret('s'.repeat(40)) })
const preflight = await outcome(store.preflight(['credentials']))
const swap = await outcome(
  store.swap([
    {
      file: 'credentials',
      profile: 'a',
      from: pair('AKIAOLD0000000000000'),
      to: pair('AKIANEW0000000000000'),
    },
  ]),
)
process.stdout.write(JSON.stringify({ preflight, swap }))
