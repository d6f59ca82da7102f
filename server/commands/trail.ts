import type { Trail, TrailKey, TrailRequest } from '../api/trail.ts'
import { openToLook, type Looking } from '../engine/engine.ts'
import { Failure } from '../platform/failure.ts'
import { trailCsv } from '../trail/csv.ts'
import { exit } from './exitCodes.ts'
import type { Command, Ended } from './command.ts'
import { TrailProgress, trailText } from './trailText.ts'
import { withFiles } from './withFiles.ts'

/** `keyturn trail`: what AWS's CloudTrail knows of keys. It changes nothing, and works beside a page that runs. */
export async function trail(command: Command): Promise<Ended> {
  const looking = await openToLook(command.options, command.env)
  try {
    return await withFiles(looking, command, () => trailWith(looking, command))
  } finally {
    await looking.close()
  }
}

async function trailWith(looking: Looking, { options, terminal, interruption }: Command): Promise<Ended> {
  const { trails, bus, clock } = looking
  const { signer } = options
  const { keys = [], since, regions = 'usual', csv = false } = options.trail ?? {}
  const request: TrailRequest = {
    keys: keys.length > 0 ? [...keys] : oldKeysOfNewestRun(looking),
    regions: typeof regions === 'string' ? regions : [...regions],
    ...(since !== undefined && { since }),
    ...(signer !== undefined && { signer }),
  }
  const progress = new TrailProgress(terminal, clock)
  const unsubscribe = bus.subscribe((event) => {
    if (event.type === 'trail') progress.show(event.trail)
  })
  const { id } = await trails.begin(request)
  const stop = () => void trails.stop(id)
  if (interruption.requested) stop()
  else interruption.signal.addEventListener('abort', stop, { once: true })
  const found = await trails.ended(id)
  unsubscribe()
  progress.end()
  for (const key of found.keys) terminal.print(trailText(key))
  if (csv)
    terminal.data(
      trailCsv(found.keys.map(({ key }) => ({ key, rows: trails.rows(id, key, 0, Infinity).rows }))),
    )
  return {
    code: interruption.requested ? exit.interrupted : codeOf(found),
    document: { keys: found.keys.map(documentOf) },
  }
}

/** Their keys are what a person means who has just rotated. @throws Failure `no-old-keys` */
function oldKeysOfNewestRun({ runs }: Looking): string[] {
  const replaced = new Set(runs.replaced().map(({ id }) => id))
  const newest = runs
    .all()
    .filter(({ kind }) => kind === 'rotate')
    .sort((a, b) => b.id.localeCompare(a.id))
    .map(({ rotations }) => rotations.map(({ key }) => key).filter((key) => replaced.has(key)))
    .find((keys) => keys.length > 0)
  if (newest) return [...new Set(newest)]
  throw new Failure({
    name: 'no-old-keys',
    title: 'No old key to ask for',
    detail: 'No run on this machine has replaced a key that is not put back. AWS was not asked.',
    remedy: 'Name the keys by their whole ids: keyturn trail AKIA…',
  })
}

/**
 * 0 says that all that could be known is from here: what was not read to its end is no reason to say so. A region that
 * the account has not enabled has nothing to be read.
 */
function codeOf({ keys }: Trail): number {
  const regions = keys.flatMap((key) => key.regions)
  if (!regions.some(({ state, pages }) => state === 'done' || pages > 0)) return exit.nothing
  const isClean = keys.every(
    ({ strangers, doors, trouble, regions: asked }) =>
      strangers === 0 &&
      doors.length === 0 &&
      !trouble &&
      asked.every(({ state }) => state === 'done' || state === 'disabled'),
  )
  return isClean ? exit.ok : exit.failed
}

function documentOf({ key, account, from, to, events, sources, doors, sessions, regions }: TrailKey) {
  return {
    key,
    ...(account !== undefined && { account }),
    from,
    to,
    events,
    sources: sources.map(({ address, agent, mine, events: number, first, last }) => ({
      ...{ address, agent, mine, events: number, first, last },
    })),
    doors: doors.map(({ at, act, target, address }) => ({ at, act, target, address })),
    sessions: sessions.map(({ id }) => id),
    regions: regions.map(({ region, events: number, done, denied }) => ({
      ...{ region, events: number, done },
      ...(denied !== undefined && { denied }),
    })),
  }
}
