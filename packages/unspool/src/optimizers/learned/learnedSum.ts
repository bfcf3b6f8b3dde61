/**
 * The sum of several learned optimizers, each of which sees the same gradient and has a state of its own (the
 * SumLearnedOptimizer of Metz et al., CoLLAs 2022): a learned step on top of a rule of known good behaviour, say.
 *
 *     p ← p + Σ_i (step_i of p and g)
 *
 * `star` is such a sum with one state for both of its parts.
 */
import { type Tensor, type Tree, random } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { withDefaults } from "../hyperparameter.ts";
import { advance, counter, mapFloats, requireGradient } from "../leaves.ts";
import { learnableAdam } from "./learnable.ts";
import type { LearnedOptimizer } from "./learnedOptimizer.ts";
import { smallFc } from "./smallFc.ts";

export interface LearnedSumOptions {
  /** What is added up; from data by name. Default ["smallFc","learnableAdam"]. */
  parts?: readonly LearnedOptimizer[];
}

/** Parameters of all parts, in their order. */
export type LearnedSumMeta = unknown[];

export type LearnedSumState = {
  /** Updates so far: int32 scalar. */
  step: Tensor;
  /** States of all parts, in their order. */
  parts: Tree[];
};

export const learnedSumDefaults: Required<LearnedSumOptions> = { parts: [smallFc(), learnableAdam()] };

/**
 * All parts are meta-trained together. Cost: that of all of them. A sum can be a part of another.
 *
 * @throws OptionError where there is no part, or one is no learned optimizer.
 *
 * @example
 * const learned = learnedSum({ parts: [mlpLopt(), learnableMomentum({ learningRate: 0.1 })] });
 */
export function learnedSum(
  options: LearnedSumOptions = {},
): LearnedOptimizer<LearnedSumMeta, LearnedSumState> {
  const { parts } = withDefaults("learnedSum", options, learnedSumDefaults);
  requireParts(parts);
  const name = `learnedSum(${parts.map((part) => part.name).join(", ")})`;
  return {
    name,
    multiplications: parts.reduce((sum, { multiplications = 0 }) => sum + multiplications, 0),
    init: (key) => parts.map((part, i) => part.init(random.foldIn(key, i))),
    optimizer(meta) {
      const metas = meta as LearnedSumMeta;
      const rules = parts.map((part, i) => part.optimizer(metas[i]));
      return {
        name,
        usesLoss: rules.some(({ usesLoss }) => usesLoss === true),
        init: (theta) => ({ step: counter(), parts: rules.map((rule) => rule.init(theta)) }),
        update(gradient, state, theta, observed) {
          requireGradient("learnedSum", theta, gradient, state);
          const moved = rules.map((rule, i) => rule.update(gradient, state.parts[i]!, theta, observed));
          const next = moved
            .map((one) => one.theta)
            .reduce((sum, at) => mapFloats((s, x, before) => s.add(x!.sub(before!)), sum, at, theta));
          return {
            theta: next,
            state: { step: advance(state.step), parts: moved.map((one) => one.state) },
          };
        },
      };
    },
  };
}

function requireParts(parts: unknown): void {
  if (!Array.isArray(parts) || parts.length === 0) {
    throw new OptionError("learnedSum", "parts", parts, "an array of one learned optimizer or more");
  }
  parts.forEach((part: Partial<LearnedOptimizer> | undefined, i) => {
    if (typeof part?.init === "function" && typeof part.optimizer === "function") return;
    const hint = "Write smallFc(), or another that is made by its function.";
    throw new OptionError("learnedSum", `parts[${i}]`, part, "a learned optimizer", hint);
  });
}
