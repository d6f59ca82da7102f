import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ServerEvent } from '../api/events.ts'
import { AwsFailure } from '../keys/iam.ts'
import type { Target } from '../keys/iam.ts'
import type { HeldKey } from '../keys/ports.ts'
import { Bus } from '../platform/bus.ts'
import { systemClock } from '../platform/clock.ts'
import type { DoorLook } from './acts.ts'
import type { EventHistory, HistoryPage, HistoryQuery } from './ports.ts'
import { Trails, type NotedDoor } from './trails.ts'

const key = 'AKIAKEYTURNTEST00001'
const now = Date.now()
const target = { partition: 'aws', region: 'us-east-1' } as unknown as Target
const made = (at: number, act = 'CreateUser', id = `event-${at}`) => ({
  EventId: id,
  EventName: act,
  EventTime: Math.floor((now - at) / 1000),
  CloudTrailEvent: JSON.stringify({
    eventID: id,
    eventTime: new Date(now - at).toISOString(),
    eventSource: 'iam.amazonaws.com',
    eventName: act,
    awsRegion: 'us-east-1',
    sourceIPAddress: '203.0.113.9',
    userAgent: 'aws-cli/2.15.30',
    userIdentity: { accessKeyId: key },
    requestParameters: { userName: 'backup-svc' },
  }),
})

let queries: HistoryQuery[]
let looks: DoorLook[]
let noted: NotedDoor[]
let page: (query: HistoryQuery, signal?: AbortSignal) => Promise<HistoryPage>
let isThere: () => Promise<boolean>
let trails: Trails

beforeEach(() => {
  queries = []
  looks = []
  noted = []
  page = () => Promise.resolve({ events: [] })
  isThere = () => Promise.resolve(true)
  const history: EventHistory = {
    page: (_signer, query, options) => {
      queries.push(query)
      return page(query, options?.signal)
    },
    isThere: (_signer, look) => {
      looks.push(look)
      return isThere()
    },
  }
  const held = [{ id: key, profiles: [{ name: 'sam', settings: { values: {}, services: {} } }], target }]
  trails = new Trails({
    clock: systemClock,
    bus: new Bus<ServerEvent>(),
    history,
    isOptIn: (region) => region === 'af-south-1',
    ours: () => new Set(),
    noted: (doors) => Promise.resolve(void noted.push(...doors)),
    onDefect: (error) => expect.unreachable(String(error)),
    known: () =>
      Promise.resolve({
        now,
        held: held as unknown as HeldKey[],
        replaced: [],
        finding: () => undefined,
        adminOf: () => undefined,
        isSpared: () => false,
        regionsOf: () => ({ main: 'us-east-1', all: ['us-east-1', 'eu-west-1'], has: () => true }),
        resolve: () => target,
        isOwn: () => false,
      }),
  })
})
afterEach(() => expect(noted.every(({ key: of }) => of === key)).toBe(true))

async function asked() {
  const { id } = await trails.begin({ keys: [key] })
  return trails.ended(id)
}

it('reads page after page, counts them, and keeps an event that comes twice once', async () => {
  page = ({ token }) =>
    Promise.resolve(
      token === undefined
        ? { events: [made(1_000), made(2_000)], next: 'two' }
        : { events: [made(2_000), made(3_000), 'no event', { CloudTrailEvent: '{' }] },
    )
  const [found] = (await asked()).keys
  expect(found).toMatchObject({ events: 3, passedOver: 2, regions: [{ pages: 2, done: true }] })
  expect(queries.map(({ token }) => token)).toEqual([undefined, 'two'])
})

it('goes on from the page that it had come to once it was stopped', async () => {
  let second = 0
  page = ({ token }, signal) => {
    if (token === undefined) return Promise.resolve({ events: [made(1_000)], next: 'two' })
    second += 1
    if (second > 1) return Promise.resolve({ events: [made(2_000)] })
    trails.stop(trails.latest()?.id ?? '')
    return new Promise((_, reject) => {
      const end = () => reject(new AwsFailure('aborted', { name: 'aborted', title: '', detail: '' }))
      if (signal?.aborted) end()
      else signal?.addEventListener('abort', end)
    })
  }
  const { id } = await trails.begin({ keys: [key] })
  const stopped = await trails.ended(id)
  expect([stopped.state, stopped.keys[0]?.events]).toEqual(['stopped', 1])
  await trails.resume(id)
  const whole = await trails.ended(id)
  expect([whole.state, whole.keys[0]?.events]).toEqual(['done', 2])
  expect(queries.map(({ token }) => token)).toEqual([undefined, 'two', 'two'])
})

it('begins anew from the oldest event where a token repeats, and ends where that leads nowhere', async () => {
  page = () => Promise.resolve({ events: [made(1_000)], next: 'again' })
  const [found] = (await asked()).keys
  expect(found?.regions[0]).toMatchObject({ state: 'failed', trouble: { name: 'pages-repeat' } })
  expect(found?.events).toBe(1)
  expect(queries.length).toBeLessThan(10)
})

it('notes doors alone, and of each whether it was seen to be gone', async () => {
  page = () => Promise.resolve({ events: [made(1_000), made(2_000, 'ListUsers')] })
  const trail = await asked()
  expect(noted).toMatchObject([{ id: 'event-1000', act: 'CreateUser', target: 'backup-svc' }])
  const there = await trails.lookAt(trail.id, key, 'event-1000')
  expect(looks).toEqual([{ kind: 'user', user: 'backup-svc' }])
  expect(there.keys[0]?.doors).toMatchObject([{ still: 'there' }])
  isThere = () => Promise.resolve(false)
  await trails.lookAt(trail.id, key, 'event-1000')
  expect(noted.at(-1)).toMatchObject({ id: 'event-1000', still: 'gone' })
  await expect(trails.lookAt(trail.id, key, 'event-2000')).rejects.toMatchObject({
    trouble: { name: 'unknown-door' },
  })
})

it('says that it is not known where AWS refuses the look, and why', async () => {
  page = () => Promise.resolve({ events: [made(1_000)] })
  const trail = await asked()
  const trouble = { name: 'access-denied', title: 'Not allowed: iam:GetUser', detail: '' }
  isThere = () => Promise.reject(new AwsFailure('denied', trouble))
  const { keys } = await trails.lookAt(trail.id, key, 'event-1000')
  expect(keys[0]?.doors).toMatchObject([{ still: 'unknown', trouble }])
  expect(noted.at(-1)).not.toHaveProperty('still')
})
