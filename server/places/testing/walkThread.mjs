// Run from its sources, as tests do, a thread must first learn to read TypeScript.
import { register } from 'tsx/esm/api'

register()
await import('../walkThread.ts')
