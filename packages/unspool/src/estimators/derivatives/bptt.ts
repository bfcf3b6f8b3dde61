/**
 * Backpropagation through time over the whole horizon: the exact gradient, a new trajectory for every estimate; of the
 * losses of all steps, or of the problem's `finalLoss`.
 */
import { OptionError, requireKnownOptions } from "../../errors.ts";
import { type CheckpointPolicy, type Problem, eraseProblem, requireProblem } from "../../unroll/index.ts";
import type { GradientEstimator } from "../estimator.ts";
import { type TbpttState, windowGradient } from "./tbptt.ts";
import { finalGradient } from "./finalGradient.ts";
import { type FinalDerivativeOptions, derivativeSettings, withFinal } from "./trajectory.ts";

export interface BpttOptions extends Omit<FinalDerivativeOptions, "truncation" | "resets"> {
  /** What the forward pass keeps for the backward pass. Default "all". */
  checkpoints?: CheckpointPolicy;
}

/**
 * BPTT. Cost: tasks · horizon inner steps forward and backward (forward twice for the final loss); horizon states per task,
 * or fewer as the checkpoint policy says.
 */
export function bptt<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  options: BpttOptions = {},
): GradientEstimator<Theta, TbpttState> {
  requireKnownOptions("bptt", options, ["checkpoints", "tasks", "objective", "executor"]);
  requireProblem("bptt", problem);
  const { horizon } = problem;
  if (horizon === Infinity) {
    throw new OptionError(
      "bptt",
      "problem.horizon",
      horizon,
      "finite",
      "Use tbptt, pes or nres for a loop without an end.",
    );
  }
  const { checkpoints = "all", ...rest } = options;
  const whole = { ...rest, truncation: horizon, resets: "lockstep" } as const;
  const settings = derivativeSettings("bptt", eraseProblem(problem), whole, withFinal);
  return settings.isFinal
    ? finalGradient(settings, checkpoints)
    : windowGradient(settings, checkpoints, true);
}
