import fastify from 'fastify'
import fs from 'node:fs/promises'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { fileRoutes } from './routes.ts'
import { section, StoreFixture } from './testing/storeFixture.ts'

let files: StoreFixture
beforeEach(() => {
  files = new StoreFixture()
})
afterEach(() => files.remove())

it('makes a loose file private, and knows no other files', async () => {
  await files.put('credentials', section('a', 1), 0o644)
  const app = fastify()
  await app.register(fileRoutes(files.open()))
  expect((await app.inject({ method: 'POST', url: '/api/files/credentials/mode' })).statusCode).toBe(204)
  expect((await fs.stat(files.credentials)).mode & 0o777).toBe(0o600)
  expect((await app.inject({ method: 'POST', url: '/api/files/other/mode' })).statusCode).toBe(400)
  expect((await app.inject({ method: 'POST', url: '/api/files/config/mode' })).statusCode).toBe(500)
  await app.close()
})
