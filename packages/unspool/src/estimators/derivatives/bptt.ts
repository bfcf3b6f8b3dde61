/**
 * Backpropagation through time over the whole horizon: the exact gradient, a new trajectory for every estimate.
 */
import { OptionError, requireKnownOptions } from "../../errors.ts";
import { type CheckpointPolicy, type Problem, eraseProblem, requireProblem } from "../../unroll/index.ts";
import type { GradientEstimator } from "../estimator.ts";
import { type TbpttState, windowGradient } from "./tbptt.ts";
import { type DerivativeOptions, derivativeSettings } from "./trajectory.ts";

export interface BpttOptions extends Omit<DerivativeOptions, "truncation" | "resets"> {
  /** What the forward pass keeps for the backward pass. Default "all". */
  checkpoints?: CheckpointPolicy;
}

/**
 * BPTT. Cost: tasks · horizon inner steps forward and backward; horizon states per task, or fewer as the checkpoint
 * policy says.
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
  const settings = derivativeSettings("bptt", eraseProblem(problem), {
    ...options,
    truncation: horizon,
    resets: "lockstep",
  });
  return windowGradient(settings, options.checkpoints ?? "all", true);
}
