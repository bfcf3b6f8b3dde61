/** Candidates of a hybrid space evaluated by a plain function, one after the other. */
import { type RandomStream, random, randomStream } from "../../array/index.ts";
import { OptionError, requireKnownOptions } from "../../errors.ts";
import type { Evaluate } from "../evaluate.ts";
import { integersOf } from "./hostTensors.ts";
import type { HybridPoint } from "./hybridSpace.ts";

/** Loss of a choice [k] and theta [d], plain numbers that are not to be kept; `random` is the candidate's own. */
export type HybridLoss = (choice: Int32Array, theta: Float64Array, random: RandomStream) => number;

export interface HybridLossesOptions {
  /** Whether all candidates of an evaluation draw the same random numbers, so that they differ by themselves alone. Default true. */
  isCommon?: boolean;
  /** Inner steps of one evaluation, for budgets and axes. Default 1. */
  innerSteps?: number;
}

/**
 * Losses of candidates by `loss`. One that throws ends the step; one that has no number returns NaN. Throws `OptionError`
 * for a loss that is no number.
 *
 * @example
 * const evaluate = hybridLosses((choice, theta) => (theta[0]! - choice[0]!) ** 2);
 */
export function hybridLosses(loss: HybridLoss, options: HybridLossesOptions = {}): Evaluate<HybridPoint> {
  if (typeof loss !== "function")
    throw new OptionError("hybridLosses", "loss", loss, "a function of a choice and theta");
  requireKnownOptions("hybridLosses", options, ["isCommon", "innerSteps"]);
  const { isCommon = true, innerSteps = 1 } = options;
  return ({ choice, theta }, key) => {
    const [count, size] = choice.shape as [number, number];
    const d = theta.shape[1]!;
    const [choices, thetas] = [integersOf(choice), theta.data];
    const losses = Float64Array.from({ length: count }, (_, i) => {
      const stream = randomStream((isCommon ? key : random.foldIn(key, i)).data);
      const own = Float64Array.from(thetas.subarray(i * d, (i + 1) * d));
      return requireNumber(loss(choices.slice(i * size, (i + 1) * size), own, stream));
    });
    return { losses, innerSteps: count * innerSteps };
  };
}

function requireNumber(given: unknown): number {
  if (typeof given === "number") return given;
  const isPromise = typeof (given as { then?: unknown } | null | undefined)?.then === "function";
  const hint = isPromise
    ? "Evaluations that wait are asked for and told by hand: ask and tell."
    : "A candidate that has failed has the loss NaN.";
  throw new OptionError(
    "hybridLosses",
    "what loss returned",
    isPromise ? "a promise" : given,
    "a number",
    hint,
  );
}
