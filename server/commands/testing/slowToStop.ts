import { systemClock } from '../../platform/clock.ts'
import { LaunchSecrets } from '../../http/launchSecrets.ts'
import { startTestApp } from '../../http/testing/testApp.ts'
import { parseOptions } from '../options.ts'
import { serve, StopRequest } from '../serve.ts'

// A server with a step under way that never ends, to press Ctrl-C at.
const { app, page } = await startTestApp({ listen: false })
const pagePath = page.replaceAll('/', '')
const parsed = parseOptions(['--no-open', '--port', '0'])
if (parsed.kind === 'run') {
  const served = {
    app,
    clock: systemClock,
    launchSecrets: new LaunchSecrets(systemClock),
    pagePath,
    stateDirectory: '',
    openDesk: () => Promise.resolve(() => Promise.resolve()),
    running: () => true,
    drain: () => new Promise<{ left: boolean }>(() => undefined),
  }
  await serve(served, parsed.options, { ...process, env: {} }, new StopRequest())
}
