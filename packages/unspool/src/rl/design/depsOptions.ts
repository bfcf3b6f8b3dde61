/** Options of the estimator and of the method, checked. */
import {
  OptionError,
  requireInteger,
  requireKnownOptions,
  requireOneOf,
  requirePositive,
} from "../../errors.ts";
import { requireTaskAndPolicy } from "./designChecks.ts";
import type { CreditRule } from "./designSurrogate.ts";
import type { DesignTask } from "./designTask.ts";
import type { DesignPolicy } from "./policies/policy.ts";
import type { TermsRule } from "./trajectories.ts";

export interface DepsEstimatorOptions<State, Theta> {
  /** The system: `designTask`, or one of those that are there. */
  task: DesignTask<State>;
  /** The controller: a policy with a density, such as `categoricalPolicy`, `gaussianPolicy` or `linearFeedback`. */
  policy: DesignPolicy<Theta>;
  /** Trajectories of an estimate, B. Default 64. */
  batch?: number;
  /** By what the score of a step is weighted: the "full" return, or the rewards "to-go" from there on. Default "full". */
  credit?: "full" | "to-go";
  /** What is taken from it: the batch's "mean" (a bias of order 1 / B), the mean of the other trajectories, or nothing. Default "mean". */
  baseline?: "mean" | "leaveOneOut" | "none";
  /**
   * How disturbances that depend on design or state are differentiated: by the "score" of their density, or as functions of
   * them at a fixed key ("reparam"). "none" does neither, which is exact where their density depends on neither. Default
   * "score".
   */
  disturbance?: "score" | "reparam" | "none";
  /** The same of actions; numbered ones have a score only. Default "score". */
  actions?: "score" | "reparam";
  /** Whether states move with the design inside log pi and log P. Without, the gradient is biased. Default true. */
  hasStateScores?: boolean;
  /** Bound of a state's cotangent at each step; see `cotangentClip`. Default null: none. */
  stateCotangentClip?: number | null;
  /** Whether s_0 moves with the design. Default false, as published. */
  initialStateGradient?: boolean;
  /** Adds weight · decay^step times the sum of entropies to what is maximised. Default weight 0, decay 1. */
  entropy?: { weight: number; decay?: number };
  /** Tells `scoreShare`, at the price of a second pass backwards. Default false. */
  measuresScoreShare?: boolean;
}

export const depsEstimatorOptions = [
  "task",
  "policy",
  "batch",
  "credit",
  "baseline",
  "disturbance",
  "actions",
  "hasStateScores",
  "stateCotangentClip",
  "initialStateGradient",
  "entropy",
  "measuresScoreShare",
] as const;

export interface DepsSettings<State, Theta> {
  task: DesignTask<State>;
  policy: DesignPolicy<Theta>;
  batch: number;
  credit: CreditRule;
  rule: TermsRule;
  entropy: { weight: number; decay: number };
  measuresScoreShare: boolean;
}

/** Throws `OptionError` for what does not fit. */
export function depsSettings<State, Theta>(
  where: string,
  options: DepsEstimatorOptions<State, Theta>,
): DepsSettings<State, Theta> {
  requireKnownOptions(where, options, depsEstimatorOptions);
  const { task, policy, batch = 64, credit = "full", baseline = "mean" } = options;
  const { disturbance = "score", actions = "score", hasStateScores = true } = options;
  const { stateCotangentClip = null, initialStateGradient = false, measuresScoreShare = false } = options;
  const { weight, decay = 1 } = options.entropy ?? { weight: 0 };
  requireTaskAndPolicy(where, task, policy);
  requireInteger(where, "batch", batch, 1);
  requireOneOf(where, "credit", credit, ["full", "to-go"]);
  requireOneOf(where, "baseline", baseline, ["mean", "leaveOneOut", "none"]);
  requireOneOf(where, "disturbance", disturbance, ["score", "reparam", "none"]);
  requireOneOf(where, "actions", actions, ["score", "reparam"]);
  if (batch < 2 && baseline !== "none") {
    const hint = 'One trajectory is its own mean, and nothing would be left: take more, or baseline "none".';
    throw new OptionError(where, "batch", batch, `at least 2 with baseline "${baseline}"`, hint);
  }
  if (actions === "reparam" && policy.isDiscrete) {
    const hint = `The actions of ${policy.name} are numbered, and have no derivative.`;
    throw new OptionError(where, "actions", actions, '"score" with a discrete policy', hint);
  }
  if (stateCotangentClip !== null) requirePositive(where, "stateCotangentClip", stateCotangentClip);
  if (!Number.isFinite(weight)) throw new OptionError(where, "entropy.weight", weight, "a finite number");
  if (!(decay > 0 && decay <= 1))
    throw new OptionError(where, "entropy.decay", decay, "above 0 and at most 1");
  if (weight !== 0 && policy.entropy === undefined) {
    throw new OptionError(where, "entropy.weight", weight, "0 for a policy without entropy");
  }
  const hasEntropy = weight !== 0;
  return {
    ...{ task, policy, batch, measuresScoreShare },
    credit: { credit, baseline },
    rule: { actions, disturbance, hasStateScores, stateCotangentClip, initialStateGradient, hasEntropy },
    entropy: { weight, decay },
  };
}
