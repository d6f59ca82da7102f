import { systemClock } from '../../platform/clock.ts'
import { LaunchSecrets } from '../../http/launchSecrets.ts'
import { startTestApp } from '../../http/testing/testApp.ts'
import { parseOptions } from '../options.ts'
import { serve, StopRequest } from '../serve.ts'

// A server with a step under way that never ends, to press Ctrl-C at.
const { app } = await startTestApp({ listen: false })
const parsed = parseOptions(['--no-open', '--port', '0'])
if (parsed.kind === 'run') {
  const served = {
    app,
    clock: systemClock,
    launchSecrets: new LaunchSecrets(systemClock),
    stateDirectory: '',
    running: () => true,
    drain: () => new Promise<void>(() => undefined),
  }
  await serve(served, parsed.options, { ...process, env: {} }, new StopRequest())
}
