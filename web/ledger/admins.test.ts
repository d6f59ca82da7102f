import { expect, it } from 'vitest'
import { inventory, key } from '../fixtures.ts'
import { adminsFor } from './admins.ts'

const account = { id: '111122223333', derived: false }
const user = (name: string) => ({ name, arn: `arn:aws:iam::111122223333:user/${name}` })
const wanted = key(['app'], {
  id: 'AKIAAPPXXXXXXXXXXXXX',
  account,
  user: user('app'),
})
const at = { key: wanted.id, account, user: wanted.user! }

it('offers working profiles of the same account and of another user, administrators first', () => {
  const keys = [
    wanted,
    key(['app-old'], {
      id: 'AKIAAPPOLDXXXXXXXXXX',
      account,
      user: user('app'),
    }),
    key(['dev'], {
      id: 'AKIADEVXXXXXXXXXXXXX',
      account,
      user: user('dev'),
    }),
    key(['prod-admin'], {
      id: 'AKIAPRODADMINXXXXXXX',
      account,
      user: user('boss'),
    }),
    key(['elsewhere-admin'], {
      id: 'AKIAELSEWHEREADMINXX',
      account: { id: '999999999999', derived: false },
      user: user('x'),
    }),
    key(['dead'], {
      id: 'AKIADEADXXXXXXXXXXXX',
      account,
      user: user('dead'),
      problem: { name: 'invalid-key', title: 'X', detail: 'X.' },
    }),
    key(['planted'], {
      id: 'AKIAPLANTEDXXXXXXXXX',
      account,
      user: user('planted'),
      canary: true,
    }),
    key(['kept-out'], {
      id: 'AKIAKEPTOUTXXXXXXXXX',
      account,
      user: user('out'),
      excluded: true,
    }),
  ]
  expect(adminsFor(at, inventory({ keys }))).toEqual(['prod-admin', 'dev'])
})

it('offers none where the account is not known', () => {
  expect(adminsFor({ key: wanted.id }, inventory({ keys: [wanted] }))).toEqual([])
  expect(adminsFor(at, undefined)).toEqual([])
})
