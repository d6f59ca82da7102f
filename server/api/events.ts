import { Type, type Static } from 'typebox'
import { Inventory, Key } from './inventory.ts'
import { Places } from './places.ts'
import { Plan } from './plan.ts'
import { Rotation, Run } from './run.ts'
import { Settings } from './settings.ts'
import { Trail } from './trail.ts'

/** Everything a page needs to draw itself; first on every stream, and after each reconnect. */
export const Snapshot = Type.Object(
  {
    type: Type.Literal('snapshot'),
    inventory: Inventory,
    settings: Settings,
    runs: Type.Array(Run, { description: 'Those running or interrupted, and the newest finished one' }),
    plans: Type.Array(Plan, { description: 'Those that are not used up' }),
    trail: Type.Optional(Trail),
    places: Type.Optional(Places),
    idleAt: Type.Optional(
      Type.String({ format: 'date-time', description: 'When the session locks if nothing is asked' }),
    ),
  },
  { additionalProperties: false },
)
export type Snapshot = Static<typeof Snapshot>

/** The wire of GET /api/events: the SSE event's name is `type`, its data the whole object. */
export const ServerEvent = Type.Union([
  Snapshot,
  Type.Object({ type: Type.Literal('inventory'), inventory: Inventory }, { additionalProperties: false }),
  Type.Object({ type: Type.Literal('key'), key: Key }, { additionalProperties: false }),
  Type.Object({ type: Type.Literal('plan'), plan: Plan }, { additionalProperties: false }),
  Type.Object({ type: Type.Literal('run'), run: Run }, { additionalProperties: false }),
  Type.Object(
    { type: Type.Literal('rotation'), run: Type.String(), rotation: Rotation },
    { additionalProperties: false },
  ),
  Type.Object({ type: Type.Literal('trail'), trail: Trail }, { additionalProperties: false }),
  Type.Object({ type: Type.Literal('places'), places: Places }, { additionalProperties: false }),
  Type.Object({ type: Type.Literal('settings'), settings: Settings }, { additionalProperties: false }),
  Type.Object(
    { type: Type.Literal('replaced') },
    { additionalProperties: false, description: 'A newer tab took this stream' },
  ),
  Type.Object(
    { type: Type.Literal('locked') },
    { additionalProperties: false, description: 'The session ended: idle, or closed' },
  ),
  Type.Object(
    { type: Type.Literal('stopped') },
    { additionalProperties: false, description: 'The server is stopping' },
  ),
])
export type ServerEvent = Static<typeof ServerEvent>
