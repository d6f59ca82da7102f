import fs from 'node:fs/promises'
import { expect, it } from 'vitest'
import { findInstallation } from './installation.ts'

it('knows its version and where the page is', () => {
  const { version, webRoot } = findInstallation()
  expect(version).toMatch(/^\d+\.\d+\.\d+/)
  expect(webRoot.endsWith('/dist/web') || webRoot.endsWith('\\dist\\web')).toBe(true)
})

it('runs nothing when it is installed, and neither do the packages that it needs to run', async () => {
  const packageFile = JSON.parse(await fs.readFile('package.json', 'utf8')) as {
    scripts: Record<string, string>
  }
  const hooks = ['preinstall', 'install', 'postinstall']
  expect(hooks.filter((hook) => hook in packageFile.scripts)).toEqual([])
  const lock = JSON.parse(await fs.readFile('package-lock.json', 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; hasInstallScript?: boolean }>
  }
  const running = Object.entries(lock.packages).filter(([name, { dev }]) => name !== '' && !dev)
  expect(running.length).toBeGreaterThan(10)
  expect(running.filter(([, { hasInstallScript }]) => hasInstallScript).map(([name]) => name)).toEqual([])
})
