import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Settings } from '../api/settings.ts'

/** Where the settings live (platform/settingsFile.ts). */
export interface SettingsStore {
  get(): Settings
  /** Resolves when they are durable; a `Failure` where they cannot be written. */
  put(settings: Settings): Promise<void>
}

export function settingsRoutes(
  settings: SettingsStore,
  publish: (settings: Settings) => void,
): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/api/settings',
      { schema: { summary: 'The settings in force', response: { 200: Settings } } },
      async () => settings.get(),
    )

    app.put(
      '/api/settings',
      { schema: { summary: 'Replace all settings', body: Settings, response: { 200: Settings } } },
      async (request) => {
        await settings.put(request.body)
        const now = settings.get()
        publish(now)
        return now
      },
    )
  }
}
