/** Steps of an optimizer of objectives as compiled programs: one for each phase, used when its turn comes. */
import { type Key, type Tensor, type Tree, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { compiled } from "../../unroll/index.ts";
import type { Objective, ObjectiveOptimizer, Phase, StepOutcome } from "./objective.ts";

export interface CompiledStep<Theta, State, Batch> {
  (theta: Theta, state: State, batch: Batch, key: Key, fisherBatch?: Batch): StepOutcome<Theta, State>;
}

/**
 * A function that does one step on one batch (a tree of tensors). Throws `OptionError` for an optimizer that takes gradients,
 * or where `objectiveOf` gives no objective.
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
  requireObjectiveOptimizer(optimizer);
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
        optimizer.step(theta, state, requireObjective(objectiveOf(batch)), {
          key,
          ...(phase && { phase }),
          ...(fisher !== undefined && { fisher: requireObjective(objectiveOf(fisher)) }),
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

function requireObjectiveOptimizer(optimizer: unknown): void {
  const given = (optimizer ?? {}) as { step?: unknown; update?: unknown };
  if (typeof given.step === "function") return;
  const wanted = "an optimizer that evaluates an objective";
  const hint =
    typeof given.update === "function" ? "Write compiledStep(firstOrder(optimizer), …)." : undefined;
  throw new OptionError("compiledStep", "optimizer", optimizer, wanted, hint);
}

function requireObjective<Theta>(objective: Objective<Theta>): Objective<Theta> {
  if (typeof (objective as { loss?: unknown } | undefined)?.loss === "function") return objective;
  const hint = "Write (batch) => ({ loss: (theta) => … }).";
  const wanted = "objectives: { loss(theta) } with a scalar tensor";
  throw new OptionError("compiledStep", "what objectiveOf returns", objective, wanted, hint);
}
