/**
 * Error feedback (Seide et al., Interspeech 2014; Stich, Cordonnier & Jaggi, NeurIPS 2018; Karimireddy et al., ICML
 * 2019): what a message left out is added to the next one.
 *
 *     p = g + e,   d = decoded(p),   e ← p - d
 *
 * Every worker has an e of its own. With `units: "update"` g is the update that an optimizer makes of the gradient
 * (learning rate · gradient for SGD), so that an error made at one learning rate is paid back at that rate.
 */
import type { Tree } from "../../../array/index.ts";
import { OptionError, requireOneOf } from "../../../errors.ts";
import { withDefaults } from "../../hyperparameter.ts";
import { mapFloats, zeros } from "../../leaves.ts";
import type { CompressedUnits, Compressor } from "./compressor.ts";
import { reduceOver } from "./reduceOver.ts";

export interface ErrorFeedbackOptions {
  /** What is compressed, and what e is a sum of. Default "update". */
  units?: CompressedUnits;
}

export type ErrorFeedbackState<Inner extends Tree = Tree> = {
  /** e: what has been left out so far. */
  error: Tree;
  inner: Inner;
};

export const errorFeedbackDefaults: Required<ErrorFeedbackOptions> = { units: "update" };

/**
 * Makes biased compressors converge: the sum of what was sent stays within one error of the sum of the gradients.
 * Cost: one copy of the gradient, and what the compressor inside costs; no bytes.
 *
 * @example
 * const compressor = errorFeedback(topK({ fraction: 0.01 }), { units: "update" });
 */
export function errorFeedback<Inner extends Tree>(
  inner: Compressor<Inner>,
  options: ErrorFeedbackOptions = {},
): Compressor<ErrorFeedbackState<Inner>> {
  requireCompressor("errorFeedback", inner);
  const { units } = withDefaults("errorFeedback", options, errorFeedbackDefaults);
  requireOneOf("errorFeedback", "units", units, ["gradient", "update"]);
  const add = <T>(gradient: T, error: Tree): T => mapFloats((g, e) => g.add(e), gradient, error);
  const left = (wanted: unknown, decoded: unknown): Tree =>
    mapFloats((p, d) => p.sub(d), wanted, decoded) as Tree;
  return {
    name: `errorFeedback(${inner.name})`,
    isUnbiased: false,
    units,
    init: (like) => ({ error: zeros(like), inner: inner.init(like) }),
    compress(gradient, state, key) {
      const wanted = add(gradient, state.error);
      const sent = inner.compress(wanted, state.inner, key);
      return { ...sent, state: { error: left(wanted, sent.decoded), inner: sent.state } };
    },
    reduce(gradients, states, key) {
      const wanted = add(gradients, states.error);
      const { states: after, ...sent } = reduceOver(inner, wanted, states.inner, key);
      return { ...sent, states: { error: left(wanted, sent.decoded), inner: after } };
    },
  };
}

/** Throws `OptionError` unless `compressor` is one. */
export function requireCompressor(where: string, compressor: unknown): void {
  const { init, compress } = (compressor ?? {}) as { init?: unknown; compress?: unknown };
  if (typeof init === "function" && typeof compress === "function") return;
  throw new OptionError(
    where,
    "compressor",
    compressor,
    "a compressor",
    "Write topK() or createCompressor(…).",
  );
}
