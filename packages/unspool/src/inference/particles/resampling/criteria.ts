/** When particles are resampled: criteria by name. */
import { type Tensor, lax, np } from "../../../array/index.ts";
import { OptionError, isThenable } from "../../../errors.ts";
import { type Registry, registry } from "../../../registry.ts";
import { logSumExp } from "../logSumExp.ts";

/** Names of the criteria. */
export type ResamplingCriterionName = "always" | "never" | "ess";

/**
 * Whether the particles are resampled after step t (int32 scalar, from 0), by their log-weights [K]: a bool scalar, or a
 * boolean where it is the same for all steps. The last step never resamples, which would change nothing.
 */
export type ResamplingCriterion = (logWeights: Tensor, t: Tensor) => Tensor | boolean;

export interface ResamplingCriterionOptions {
  /** Of "ess": resample where the effective sample size is at most this share of the particles. Default 0.5. */
  essFraction?: number;
}

/** A criterion in the registry. */
export interface ResamplingCriterionEntry {
  readonly name: ResamplingCriterionName;
  readonly summary: string;
  /** Whether it looks at the weights: score-function gradients are then biased. */
  readonly isAdaptive: boolean;
  create(options: ResamplingCriterionOptions): ResamplingCriterion;
}

/** The registry: `resamplingCriteria.create("ess", { essFraction: 0.3 })`. */
// prettier-ignore
export const resamplingCriteria: Registry<ResamplingCriterionEntry> = registry("resamplingCriteria", [
  { name: "always", summary: "after every step", isAdaptive: false, create: () => () => true },
  { name: "never", summary: "not at all: importance sampling of whole trajectories", isAdaptive: false, create: () => () => false },
  { name: "ess", summary: "where the effective sample size has fallen to a share of the particles", isAdaptive: true, create: ess },
]);

/** (sum w)^2 / sum w^2 <= share K, in logarithms: 2 lse(w) - lse(2 w) <= log(share K). */
function ess({ essFraction = 0.5 }: ResamplingCriterionOptions): ResamplingCriterion {
  if (!(typeof essFraction === "number" && essFraction > 0 && essFraction <= 1))
    throw new OptionError("resamplingCriteria", "essFraction", essFraction, "above 0 and at most 1");
  return (logWeights) =>
    logEffectiveSize(logWeights).lessEqual(Math.log(essFraction * logWeights.shape.at(-1)!));
}

/** The logarithm of the effective sample size, [...] for log-weights [..., K]; -Infinity where all weights are 0. */
export function logEffectiveSize(logWeights: Tensor): Tensor {
  const own = lax.stopGradient(logWeights) as Tensor;
  const [first, second] = [logSumExp(own), logSumExp(own.mul(2))];
  return np.where(second.equal(-Infinity), -Infinity, first.mul(2).sub(second)) as Tensor;
}

/** A criterion by name, or one of the user's own. Throws `OptionError`. */
export function criterionOf(
  where: string,
  given: ResamplingCriterionName | ResamplingCriterion,
  options: ResamplingCriterionOptions,
): { name: string; isAdaptive: boolean; decide: ResamplingCriterion } {
  if (typeof given === "string") {
    const { name, isAdaptive, create } = resamplingCriteria.entry(given);
    return { name, isAdaptive, decide: create(options) };
  }
  if (typeof given === "function") return { name: "own", isAdaptive: true, decide: checked(where, given) };
  const names = resamplingCriteria.names.map((name) => JSON.stringify(name)).join(", ");
  throw new OptionError(where, "criterion", given, `one of ${names}, or a function of log-weights and step`);
}

function checked(where: string, own: ResamplingCriterion): ResamplingCriterion {
  return (logWeights, t) => {
    const made = own(lax.stopGradient(logWeights) as Tensor, t);
    const isScalar = typeof made === "boolean" || (!isThenable(made) && made.ndim === 0);
    if (isScalar) return made;
    throw new OptionError(where, "criterion", made, "a function that returns a boolean or a bool scalar");
  };
}
