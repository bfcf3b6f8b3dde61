/** Steps of an optimizer of objectives as compiled programs: one for each phase, used when its turn comes. */
import { type Key, type Tensor, type Tree, tree } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";
import type { Objective, ObjectiveOptimizer, Phase, StepOutcome } from "./objective.ts";

export interface CompiledStep<Theta, State, Batch> {
  (theta: Theta, state: State, batch: Batch, key: Key, fisherBatch?: Batch): StepOutcome<Theta, State>;
}

/**
 * A function that does one step on one batch (a tree of tensors).
 *
 * @example
 * const step = compiledStep(foof(), ({ inputs, targets }: Batch) =>
 *   networkObjective({ network, likelihood: categoricalLogits, inputs, targets }),
 * );
 * let state = optimizer.init(theta, objectiveOf(first), key);
 * for (const batch of batches) ({ theta, state } = step(theta, state, batch, random.foldIn(key, i++)));
 */
export function compiledStep<Theta, State extends Tree, Batch>(
  optimizer: ObjectiveOptimizer<State>,
  objectiveOf: (batch: Batch) => Objective<Theta>,
): CompiledStep<Theta, State, Batch> {
  type Program = (
    theta: Theta,
    state: State,
    batch: Batch,
    key: Key,
    fisher?: Batch,
  ) => StepOutcome<Theta, State>;
  const programs = new Map<string, Program>();
  const programFor = (phase: Phase | undefined, hasFisher: boolean): Program => {
    const signature = `${JSON.stringify(phase)}|${hasFisher}`;
    let program = programs.get(signature);
    if (program === undefined) {
      const step: Program = (theta, state, batch, key, fisher) =>
        optimizer.step(theta, state, objectiveOf(batch), {
          key,
          ...(phase && { phase }),
          ...(fisher !== undefined && { fisher: objectiveOf(fisher) }),
        });
      program = compiled(`${optimizer.name}.step`, step);
      programs.set(signature, program);
    }
    return program;
  };
  return (theta, state, batch, key, fisher) => {
    const { step } = state as { step: Tensor };
    const program = programFor(optimizer.phaseAt?.(step.item()), fisher !== undefined);
    const batches = [batch, key, fisher].slice(0, fisher === undefined ? 2 : 3);
    return (program as (...args: unknown[]) => StepOutcome<Theta, State>)(
      tree.tensors(theta),
      state,
      ...batches,
    );
  };
}
