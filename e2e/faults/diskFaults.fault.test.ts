import { expect, it } from 'vitest'
import { refuseEach } from './diskFaults.ts'
import { shapeNamed } from './shapes.ts'

it.each([
  { shape: 'single', what: 'journal', code: 'ENOSPC', step: 1 },
  { shape: 'two files', what: 'journal', code: 'EIO', step: 2 },
  { shape: 'two files', what: '', code: 'ENOSPC', step: 3 },
  { shape: 'two files', what: 'credentials', code: 'ENOSPC', step: 1 },
  { shape: 'two files', what: 'config', code: 'EIO', step: 1 },
  { shape: 'merged', what: 'undo', code: 'EIO', step: 1 },
  { shape: 'single', what: 'lock', code: 'ENOSPC', step: 1 },
  { shape: 'single', what: 'state', code: 'ENOSPC', step: 1 },
] as const)(
  'loses nothing where the disk refuses: $shape, "$what" $code',
  async ({ shape, what, code, step }) => {
    const { acts, plays, outcomes } = await refuseEach(shapeNamed(shape), what, code, step)
    expect(plays).toBeGreaterThan(0)
    for (const outcome of outcomes.keys()) expect(outcome).not.toMatch(/defect|no words/)
    console.log(
      `${code} of ${what || 'every file'}, ${shape}: ${plays} of ${acts} acts refused in turn, 0 violations; ${[...outcomes].map(([outcome, count]) => `${count} ${outcome}`).join(', ')}`,
    )
  },
)
