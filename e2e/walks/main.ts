// One process of the walks: `run.mjs` starts one for each core and says what the options mean.
import { parseArgs } from 'node:util'
import { playWalks } from './play.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    walks: { type: 'string' },
    minutes: { type: 'string' },
    survey: { type: 'boolean' },
  },
})
const until = values.minutes === undefined ? Infinity : performance.now() + Number(values.minutes) * 60_000
const most = values.walks === undefined ? Infinity : Number(values.walks)
/** So many walks draw from one seed; the next ones from the next. */
const batch = values.survey ? 1 : 50

let walks = 0
let acts = 0
let failed = false
for (
  let seed = Number(values.seed);
  walks < most && performance.now() < until && (values.survey || !failed);
  seed++
) {
  const played = await playWalks(seed, Math.min(batch, most - walks), values.survey ?? false)
  walks += played.walks
  acts += played.acts
  if (played.failure === undefined) continue
  failed = true
  console.log(
    values.survey
      ? `seed ${seed}: ${played.failure.split('\n')[0]}`
      : `${played.failure}\nAgain: npm run test:walks -- --seed ${seed} --walks ${batch}`,
  )
}
process.send?.({ walks, acts })
console.log(`${walks} walks, ${acts} acts`)
process.exit(failed ? 1 : 0)
