import type { Rotation, RunKind, StepName } from '../../server/api/run.ts'
import { stepNames } from '../../shared/steps.ts'

/** One step of a run, over all its rotations: how many are through it, and how many are in it now. */
export interface Stage {
  name: StepName
  through: number
  now: number
}

/** Where the keys of a run are. A rotation without a step is through it when it is past the steps before. */
export function stagesOf(rotations: readonly Rotation[]): Stage[] {
  const names = new Set(rotations.flatMap(({ steps }) => steps.map(({ name }) => name)))
  const stages = stepNames.filter((name) => names.has(name)).map((name) => ({ name, through: 0, now: 0 }))
  for (const { steps } of rotations) {
    let past = true
    for (const stage of stages) {
      const state = steps.find(({ name }) => name === stage.name)?.state
      if (state !== undefined && state !== 'skipped') past = state === 'done'
      if (past) stage.through++
      else if (state === 'running') stage.now++
    }
  }
  return stages
}

/** The step that most keys are in now: the one to explain. The later one of equals, since it is new to the person. */
export const busiest = (stages: readonly Stage[]): Stage | undefined =>
  stages.reduce<Stage | undefined>(
    (best, stage) => (stage.now > 0 && stage.now >= (best?.now ?? 1) ? stage : best),
    undefined,
  )

/** A step in a word, as the README calls it. */
export const stageWord = (name: StepName, kind: RunKind): string =>
  ({
    check: 'Check',
    unify: 'Unify',
    makeRoom: 'Make room',
    create: 'Create',
    activate: 'Activate',
    verify: 'Verify',
    save: 'Save',
    prove: 'Prove',
    hook: 'Hooks',
    retire: kind === 'delete' ? 'Delete' : 'Retire',
    confirm: 'Confirm',
  })[name]
