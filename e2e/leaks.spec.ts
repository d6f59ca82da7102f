import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from './client.ts'
import { Command } from './command.ts'
import { enter, expect, keyRow, rotationRow, startButton, test, visit } from './fixtures.ts'
import { marker } from './leaks/guard.ts'
import { formsOf, LeakSearch } from './leaks/search.ts'
import { section, Stage } from './stage.ts'
import type { Pair } from './stage.ts'

// Secrets that say so are planted wherever there may be one; a person then does everything that the page offers, and
// whatever came out of the program is searched for them.

const preload = fileURLToPath(new URL('./leaks/crash.mjs', import.meta.url))
const hook = fileURLToPath(new URL('./leaks/hook.sh', import.meta.url))
const mfaSeed = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'

test('the search finds a secret however it is written and wherever it begins', () => {
  const search = new LeakSearch()
  const secret = `${marker}/a+b/${'x'.repeat(20)}=/+tail/`
  search.learn('it', secret)
  const forms = formsOf(secret)
  expect(forms.size).toBe(15)
  for (const [form, written] of forms) {
    const noise = randomBytes(5_000)
    expect(search.in('noise', noise)).toEqual([])
    const planted = Buffer.concat([noise, Buffer.from(written, 'latin1'), noise])
    expect(search.in('planted', planted), form).toContainEqual({ place: 'planted', form: `it, ${form}` })
  }
  for (let before = 0; before < 6; before += 1) {
    const text = Buffer.concat([randomBytes(before), Buffer.from(secret), randomBytes(7)])
    for (const encoding of ['base64', 'base64url'] as const)
      expect(search.in('encoded', Buffer.from(text.toString(encoding))).length).toBeGreaterThan(0)
  }
  expect(search.in('half', Buffer.from(`...${secret.slice(9)}`))).toEqual(
    expect.arrayContaining([{ place: 'half', form: 'the tail of it, raw' }]),
  )
})

test('no secret leaves the credentials file and the undo store', async ({ stage, page, context, watch }) => {
  const { guard } = stage
  const planted = (label: string) => {
    const secret = `${marker}/+${randomBytes(24).toString('base64').slice(0, 26)}`
    guard.learn(label, secret)
    return secret
  }

  const pairs = Object.fromEntries(
    ['default', 'denied', 'cut', 'doubted', 'hooked'].map((name) => [name, stage.user(name)[0]]),
  )
  const [one, two] = stage.user('twice', { keys: 2 })
  const [guarded] = stage.user('guarded', { mfaSeed, mfaRequired: true })
  const wrong = { id: stage.user('wrong')[0].id, secret: planted('a secret that AWS refuses') }
  stage.write(
    'credentials',
    [
      ...Object.entries(pairs).map(([name, pair]) => section(name, pair)),
      section('one', one),
      section('two', two!),
      section('guarded', guarded),
      section('wrong', wrong),
      section('session', { id: 'ASIAQQQQQQQQQQQQQQQQ', secret: planted('a temporary secret') }) +
        `aws_session_token = ${planted('a session token')}\n`,
      `[half]\naws_secret_access_key = ${planted('half a pair')}\n`,
      `[spaced]\naws_access_key_id = AKIAQQQQQQQQQQQQQQQQ\naws_secret_access_key = ${planted('an ambiguous value')} # note\n`,
    ].join('\n'),
  )
  stage.write(
    'config',
    `[profile guarded]\nmfa_serial = ${stage.sandbox.control.mfaSerial('guarded')!}\n\n[profile broken]\naws_secret_access_key ${planted('a line that is no setting')}\n`,
  )
  stage.settings({ hooks: [{ path: hook, pairOnStdin: true }] })
  const { control } = stage.sandbox
  control.deny('denied', 'iam:CreateAccessKey')
  // The reply that carries a new secret comes by half, or is lost in an error.
  control.fault({ action: 'CreateAccessKey', user: 'cut', times: 1 }, { kind: 'cut' })
  control.fault(
    { action: 'CreateAccessKey', user: 'doubted', times: 1 },
    { kind: 'error-after', status: 500 },
  )

  const dump = path.join(stage.root, 'hook-dump')
  const env = {
    AWS_ACCESS_KEY_ID: 'AKIARRRRRRRRRRRRRRRR',
    AWS_SECRET_ACCESS_KEY: planted('the environment’s secret'),
    AWS_SESSION_TOKEN: planted('the environment’s session token'),
    HOOK_DUMP: dump,
  }
  const reports = path.join(stage.root, 'reports')
  mkdirSync(reports)
  const nodeArgs = ['--import', preload, `--report-directory=${reports}`]
  watch.allow(/ERR_|status of/)
  const link = await stage.start({ env, nodeArgs })
  await enter(page, link)
  guard.keep('argv', readFileSync(`/proc/${stage.command!.process.pid}/cmdline`))

  await page.getByRole('button', { name: 'Check ages' }).click()
  await expect(keyRow(page, 'wrong')).toContainText('The secret does not belong to this key')
  for (const name of ['default', 'wrong', 'spaced'])
    await keyRow(page, name).getByRole('button', { name: 'Details of' }).click()
  await page.getByRole('button', { name: 'Rotate everything' }).click()
  await page
    .getByRole('radio', { name: /^Merge/ })
    .first()
    .check()
  await startButton(page, '7 keys').click()
  const code = page.getByRole('dialog', { name: 'AWS asks for a code' }).getByRole('textbox')
  await code.fill(control.mfaCode('guarded'))
  await code.press('Enter')
  await expect(page.getByRole('heading', { level: 1, name: /keys replaced\./ })).toBeVisible()
  await expect(rotationRow(page, 'hooked')).toContainText('A deploy hook failed')
  for (const name of ['Save as text', 'Save as JSON']) {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name }).click(),
    ])
    guard.keep(`the file of '${name}'`, readFileSync(await download.path()))
  }

  const made = stage.pair('default')
  guard.learn('a new secret', made.secret)
  await page.getByRole('button', { name: 'Undo default' }).click()
  await page.getByRole('dialog').getByRole('button', { name: /^Put/ }).click()
  await expect(page.getByRole('heading', { level: 1, name: '1 key restored' })).toBeVisible()
  await visit(page, 'Old keys')
  await visit(page, 'History')
  for (const name of ['Save as CSV', 'Save as JSON']) {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name }).click(),
    ])
    guard.keep(`the file of '${name}'`, readFileSync(await download.path()))
  }
  await visit(page, 'Settings')
  guard.keep('what the page shows', await page.content())
  guard.keep(
    'what the page keeps',
    await page.evaluate<string>('JSON.stringify({ ...localStorage, ...sessionStorage })'),
  )

  // A program that asks for everything, and for what there is not.
  const client = await Client.open(await stage.command!.freshLink())
  const { runs } = await client.runs()
  for (const [method, at, body] of [
    ...['inventory', 'settings', 'runs', 'history', 'history?format=csv', 'openapi.json', 'nowhere'].map(
      (name) => ['GET', `/api/${name}`] as const,
    ),
    ...runs.map(({ id }) => ['GET', `/api/runs/${id}`] as const),
    ['POST', `/api/rotations/${runs[1]!.rotations[0]!.id}/undo`, { how: 'restore' }],
    ['DELETE', `/api/keys/${made.id}`, { confirm: 'AAAA' }],
    ['PUT', '/api/settings', { secret: marker.slice(0, 5) }],
    ['POST', '/api/plans', { keys: [marker.slice(0, 5)], oldKey: 'deactivate' }],
  ] as const) {
    const reply = await client.fetch(method, at, body)
    guard.keep(`${method} ${at}`, JSON.stringify([...reply.headers]) + (await reply.text()))
  }

  // It dies in the middle of a run, tells why, and is started again.
  const held = control.fault({ action: 'CreateAccessKey' }, { kind: 'hold-after' })
  const { id, rotate } = await client.plan({
    keys: [stage.pair('default').id],
    oldKey: 'delete',
    deleteSpares: [made.id],
  })
  expect(rotate).toHaveLength(1)
  await client.startRun(id)
  await expect.poll(() => held.hits).toBe(1)
  const crashed = stage.command!
  crashed.process.kill('SIGUSR2')
  expect((await crashed.exited).code).toBe(1)
  expect(crashed.stderr).toContain('a crash on request')
  held.remove()
  await stage.kill()
  await enter(page, await stage.start({ env, nodeArgs }))
  await page.getByRole('button', { name: 'Finish or roll back' }).click()
  await expect(page.getByRole('region', { name: /was interrupted/ })).toHaveCount(0)
  const script = process.env['KEYTURN_COMMAND']
  const status = await Command.run({
    args: ['status', '--json', ...stage.args.slice(0, -2)],
    env,
    ...(script === undefined ? {} : { script }),
  })
  guard.keep('keyturn status', status.stdout + status.stderr)
  await context.close()
  await stage.command?.stop()
  await stage.end()

  for (const name of readdirSync(reports))
    guard.keep(`reports/${name}`, readFileSync(path.join(reports, name)))
  guard.keep('the environment of a hook', readFileSync(dump))
  guard.keep('the calls as the embedded IAM logged them', JSON.stringify(stage.sandbox.calls))
  const leaks = guard.end()

  // What was to be searched is there.
  const { places } = guard
  expect(places).toEqual(expect.arrayContaining(['state/keys.json', 'state/settings.json', 'standard error']))
  expect(places.filter((name) => /^state\/runs\/.+\.jsonl$/.test(name)).length).toBeGreaterThanOrEqual(3)
  for (const asked of ['GET /api/events', 'POST /api/plans', 'POST /api/runs', 'GET /api/history'])
    expect(places).toContain(asked)
  expect(places).toContain(`GET ${new URL(link).pathname}`)
  expect(places.filter((place) => place.startsWith('reports/'))).toHaveLength(1)
  expect(guard.size).toBeGreaterThan(200_000)
  // And the secrets are where they belong, where the same search finds them.
  const written = new LeakSearch()
  written.learn('a planted secret', marker)
  expect(written.in('the file', Buffer.from(stage.text())).length).toBeGreaterThan(0)
  const undo = [...stage.kept()].filter(([name]) => name.startsWith('undo'))
  expect(undo.some(([name, bytes]) => written.in(name, bytes).length > 0)).toBe(true)

  expect(leaks).toEqual([])
})

test('a secret that comes out in any browser test fails that test', async ({ page, watch }) => {
  const stage = await Stage.open()
  const pair: Pair = stage.users('default').get('default')!
  const env = { LEAK: Buffer.from(pair.secret.slice(9)).toString('base64') }
  const leaky = fileURLToPath(new URL('./leaks/leaky.mjs', import.meta.url))
  watch.allow(/another origin|ERR_/)
  await enter(page, await stage.start({ env, nodeArgs: ['--import', leaky] }))
  writeFileSync(path.join(stage.state, 'notes.txt'), encodeURIComponent(pair.secret))
  const failure = await stage.close().then(
    () => '',
    (error: Error) => error.message,
  )
  expect(failure).toMatch(/^GET \/api\/events: the tail of the old secret of default, base64/m)
  expect(failure).toMatch(/^standard error: the tail of the old secret of default, base64/m)
  expect(failure).toMatch(/^standard error: the secret of a link, /m)
  expect(failure).toMatch(/^state\/notes\.txt: a secret of the embedded IAM, /m)
  expect(failure).not.toContain('state/keys.json')
  expect(failure).not.toContain(pair.secret)
})
