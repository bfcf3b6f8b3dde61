/**
 * SlowMo (Wang, Tantia, Ballas & Rabbat, ICLR 2020) of one worker: momentum on what k steps of any optimizer have moved. It
 * is `lookahead` with outer momentum; `localSgd` has it for several workers.
 *
 *     k times: θ ← inner.update(g(θ), θ);   u ← momentum · u + (θ - φ);   φ ← φ + alpha · u;   θ ← φ
 *
 * The paper divides θ - φ by the learning rate and multiplies the step by it again, which is the same for a constant rate.
 */
import type { Tree } from "../../array/index.ts";
import { withDefaults } from "../hyperparameter.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type LookaheadState, lookahead } from "./lookahead.ts";
import type { InnerStateAtSync } from "./lookaheadInnerState.ts";
import { requireOptimizer } from "./wrapping.ts";

export interface SlowMoOptions {
  /** Steps of the inner optimizer. Default 12. */
  k?: number;
  /** Step size of the slow weights, in (0, 1]. Default 1. */
  alpha?: Hyperparameter;
  /** Part of the slow velocity that is kept. Default 0.7. */
  momentum?: Hyperparameter;
  /** What happens to the inner state at the end of k steps; the paper keeps Adam's. Default "reset". */
  innerState?: InnerStateAtSync;
}

export const slowMoDefaults: Required<SlowMoOptions> = {
  k: 12,
  alpha: 1,
  momentum: 0.7,
  innerState: "reset",
};

/** Lookahead with a momentum of its own. Evaluate `evaluationTheta`. Cost: that of `lookahead`, and one copy of theta. */
export function slowMo<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: SlowMoOptions = {},
): Optimizer<LookaheadState<Inner>> {
  requireOptimizer("slowMo", inner);
  const { momentum, ...rule } = withDefaults("slowMo", options, slowMoDefaults);
  return { ...lookahead(inner, { ...rule, outerMomentum: momentum }), name: `slowMo(${inner.name})` };
}
