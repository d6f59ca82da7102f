/** What an engine has to be told; the command line says more than this. */
export interface EngineOptions {
  readonly demo: boolean
  readonly credentialsFile?: string
  readonly configFile?: string
  readonly stateDir?: string
  readonly endpointUrl?: string
  /** Programs, by absolute path, to run after each save. */
  readonly hooks: readonly string[]
  /** A page shows what is waited for, and has a button that stops it; without one a wait ends by itself. */
  readonly page?: boolean
}
