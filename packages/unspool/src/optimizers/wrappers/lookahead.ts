/**
 * Lookahead: k steps forward, 1 step back (Zhang, Lucas, Hinton & Ba, NeurIPS 2019, Algorithm 1).
 *
 *     k times:  θ ← inner.update(g(θ), θ)
 *     then:     u ← outerMomentum · u + (θ - φ);   φ ← φ + alpha · u;   θ ← φ
 *
 * θ are the fast weights, at which gradients are taken; φ the slow weights, which are evaluated and kept. φ starts
 * at the initial theta and is untouched between synchronisations: a NaN in θ reaches it at the next one only.
 */
import { type Tensor, type Tree, np, tree } from "../../array/index.ts";
import { requireInteger, requireOneOf } from "../../errors.ts";
import { type AdaptiveAlpha, adaptiveAlpha } from "./adaptiveAlpha.ts";
import { type ValueFor, atStep, withDefaults } from "../hyperparameter.ts";
import { belowOne, requireBoolean, requireHyperparameter } from "../hyperparameter.ts";
import { advance, counter, isAt, mapFloats, requireGradient, thetaEntries, zeros } from "../leaves.ts";
import {
  type InnerStateAtSync,
  innerStateAtSync,
  momentumOf,
  requireMomentum,
} from "./lookaheadInnerState.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { requireOptimizer } from "./wrapping.ts";

export interface LookaheadOptions {
  /** Inner steps per synchronisation. Default 5. */
  k?: number;
  /** Step size of the slow weights, in (0, 1]. Default 0.8. */
  alpha?: Hyperparameter;
  /** What happens to the inner state at a synchronisation. Default "keep". */
  innerState?: InnerStateAtSync;
  /** Chooses alpha at each synchronisation from curvature; `alpha` is then unused. Default null: off. */
  adaptive?: AdaptiveAlpha | null;
  /** Allows alpha above 1. Default false. */
  allowExtrapolation?: boolean;
  /** Heavy ball on the slow weights, as in SlowMo and DiLoCo. Default 0: none, and no memory for it. */
  outerMomentum?: Hyperparameter;
}

export type LookaheadState<Inner extends Tree = Tree> = {
  /** Inner steps so far. */
  step: Tensor;
  /** Inner steps since the last synchronisation: int32 scalar. */
  count: Tensor;
  inner: Inner;
  /** φ. */
  slow: Tree;
  /** Inner first moment after the last synchronisation, from 0. For "pull". */
  slowMomentum?: Tree;
  /** u. If there is outer momentum. */
  outerVelocity?: Tree;
  /** alpha at the last synchronisation, 0 before the first, and whether it lies at a bound. If it is adaptive. */
  chosen?: { alpha: Tensor; isClipped: Tensor };
};

export const lookaheadDefaults: Required<LookaheadOptions> = {
  k: 5,
  alpha: 0.8,
  innerState: "keep",
  adaptive: null,
  allowExtrapolation: false,
  outerMomentum: 0,
};

/**
 * Lookahead around any optimizer, also around another Lookahead: that goes on from its own slow weights with "keep", as
 * the reference has it, and starts anew from those of the outer one with "reset". Evaluate `evaluationTheta` (the slow weights).
 * With alpha 1 the inner optimizer is recovered bit for bit. Metrics: `alpha`, and where it is adaptive `isClipped`. Cost: one to three copies of theta more than the inner
 * optimizer, three passes per step.
 *
 * @example
 * const optimizer = lookahead(momentum({ learningRate: 0.1 }), { k: 5, alpha: 0.5 });
 */
export function lookahead<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: LookaheadOptions = {},
): Optimizer<LookaheadState<Inner>> {
  const rule = requireOptions(inner, options);
  const { k, alpha, innerState, outerMomentum } = rule;
  const hasPull = innerState === "pull";
  const hasOuter = outerMomentum !== 0;
  const chooseAlpha = rule.adaptive && adaptiveAlpha(rule.adaptive, inner, rule.allowExtrapolation);
  const { momentum, usesLoss, secondMoment } = inner;
  return {
    name: `lookahead(${inner.name})`,
    ...(momentum !== undefined && { momentum: `inner.${momentum}` }),
    ...(usesLoss !== undefined && { usesLoss }),
    ...(secondMoment !== undefined && {
      secondMoment: <Theta>(state: LookaheadState<Inner>, theta: Theta) => secondMoment(state.inner, theta),
    }),
    init(theta) {
      thetaEntries("lookahead", theta);
      const start = inner.init(theta);
      return {
        step: counter(),
        count: counter(),
        inner: start,
        slow: theta as Tree,
        ...(hasPull && { slowMomentum: zeros(momentumOf(start, momentum!)) }),
        ...(hasOuter && { outerVelocity: zeros(theta) }),
        ...(chooseAlpha && { chosen: noAlpha(theta) }),
      };
    },
    update(gradient, state, theta, observed) {
      tree.requireSame("lookahead", "theta", state.slow, theta);
      requireGradient("lookahead", theta, gradient, state);
      const moved = inner.update(gradient, state.inner, theta, observed);
      const fast = moved.theta as Tree;
      const count = advance(state.count);
      const isSync = isAt(count, k);

      const at = { slow: state.slow, before: theta as Tree, gradient: gradient as Tree, fast };
      const chosen = chooseAlpha ? chooseAlpha(at, moved.state) : undefined;
      const pull = atStep(chosen?.alpha ?? alpha, state.step);
      const kept = atStep(outerMomentum, state.step);
      const outerVelocity = hasOuter
        ? mapFloats((u, x, slow) => u.mul(kept(u)).add(x.sub(slow)), state.outerVelocity!, fast, state.slow)
        : undefined;
      const target = outerVelocity ? mapFloats((slow, u) => slow.add(u), state.slow, outerVelocity) : fast;
      const pulled = towards(state.slow, target, pull);
      const synced = innerStateAtSync(inner, innerState, moved.state, pulled, {
        slowMomentum: state.slowMomentum,
        towards: (slow, now) => towards(slow, now, pull),
      });
      return {
        theta: tree.select(isSync, pulled, fast) as typeof theta,
        state: {
          step: advance(state.step),
          count: np.where(isSync, counter(), count),
          inner: tree.select(isSync, synced.inner, moved.state),
          slow: tree.select(isSync, pulled, state.slow),
          ...(synced.slowMomentum && {
            slowMomentum: tree.select(isSync, synced.slowMomentum, state.slowMomentum!),
          }),
          ...(outerVelocity && { outerVelocity: tree.select(isSync, outerVelocity, state.outerVelocity!) }),
          ...(chosen && { chosen: tree.select(isSync, { ...chosen }, state.chosen!) }),
        },
      };
    },
    metrics: ({ chosen, step, inner: own, slow }) => {
      // A schedule is asked for the step that has been taken.
      const like = tree.scalar(0, tree.floatType(slow));
      const last = np.maximum(step.sub(advance(counter())), counter()) as Tensor;
      const now = chosen ?? { alpha: like.add(atStep(alpha, last)(like)) };
      return { ...inner.metrics?.(own), ...now };
    },
    evaluationTheta: <Theta>(state: LookaheadState<Inner>, _theta: Theta) => state.slow as Theta,
    moveTo: <Theta>(state: LookaheadState<Inner>, theta: Theta) => ({
      ...state,
      slow: theta as Tree,
      inner: inner.moveTo?.(state.inner, theta) ?? state.inner,
    }),
  };
}

function noAlpha(theta: unknown): { alpha: Tensor; isClipped: Tensor } {
  return { alpha: tree.scalar(0, tree.floatType(theta)), isClipped: tree.scalar(0, "bool") };
}

/** The slow weights in a state of `lookahead`. */
export function slowParams<Theta = Tree>(state: LookaheadState): Theta {
  return state.slow as Theta;
}

/**
 * slow + alpha · (x - slow): where x equals slow that is slow to the bit, unlike alpha · x + (1 - alpha) · slow. For
 * the number 1 it is x.
 */
function towards<T>(slow: T, x: unknown, alpha: ValueFor): T {
  return mapFloats(
    (from, to) => {
      const part = alpha(from);
      return part === 1 ? to! : from.add(to!.sub(from).mul(part));
    },
    slow,
    x,
  );
}

function requireOptions<Inner extends Tree>(
  inner: Optimizer<Inner>,
  options: LookaheadOptions,
): Required<LookaheadOptions> {
  requireOptimizer("lookahead", inner);
  const rule = withDefaults("lookahead", options, lookaheadDefaults);
  requireInteger("lookahead", "k", rule.k, 1);
  requireBoolean("lookahead", "allowExtrapolation", rule.allowExtrapolation);
  requireHyperparameter("lookahead", "alpha", rule.alpha, {
    text: rule.allowExtrapolation
      ? "above 0"
      : "above 0 and at most 1 (above 1 only with allowExtrapolation)",
    has: (x) => x > 0 && (x <= 1 || rule.allowExtrapolation),
  });
  requireHyperparameter("lookahead", "outerMomentum", rule.outerMomentum, belowOne);
  requireOneOf("lookahead", "innerState", rule.innerState, ["keep", "reset", "pull"]);
  if (rule.innerState === "pull") requireMomentum(inner);
  return rule;
}
