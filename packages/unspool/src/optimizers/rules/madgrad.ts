/**
 * MADGRAD (Defazio & Jelassi, JMLR 2022): dual averaging of gradients, divided by the cube root of their squares; between
 * AdaGrad and momentum, with steps that generalise as those of gradient descent do. x₀ is where theta began, t from 0.
 *
 *     r = learningRate · √(t + 1);   s ← s + r · g;   v ← v + r · g²
 *     z = x₀ - s / (∛v + eps);   theta ← momentum · theta + (1 - momentum) · z
 */
import { type Tensor, type Tree, np } from "../../array/index.ts";
import { asType, atStep, belowOne, oneMinus, positive } from "../hyperparameter.ts";
import { requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { advance, counter, mapFloats, requireGradient, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";

export interface MadgradOptions {
  /** Default 0.01. */
  learningRate?: Hyperparameter;
  /** Part of theta that is kept. Default 0.9. */
  momentum?: Hyperparameter;
  /** Added to the root. Default 1e-6. */
  eps?: Hyperparameter;
}

export type MadgradState = {
  step: Tensor;
  /** x₀. */
  start: Tree;
  /** s. */
  sum: Tree;
  /** v. */
  squares: Tree;
};

export const madgradDefaults: Required<MadgradOptions> = { learningRate: 0.01, momentum: 0.9, eps: 1e-6 };

/** Momentumised, adaptive, dual averaged gradients. Cost: four passes, three copies of theta. */
export function madgrad(options: MadgradOptions = {}): Optimizer<MadgradState & Skipping> {
  const rule = withDefaults("madgrad", options, madgradDefaults);
  requireHyperparameter("madgrad", "learningRate", rule.learningRate, positive);
  requireHyperparameter("madgrad", "momentum", rule.momentum, belowOne);
  requireHyperparameter("madgrad", "eps", rule.eps, positive);
  return skipOverflow<MadgradState>(
    {
      name: "madgrad",
      init: (theta) => ({ step: counter(), start: theta as Tree, sum: zeros(theta), squares: zeros(theta) }),
      update(gradient, state, theta) {
        requireGradient("madgrad", theta, gradient, state);
        const [rate, kept] = [atStep(rule.learningRate, state.step), atStep(rule.momentum, state.step)];
        const eps = atStep(rule.eps, state.step);
        const time = np.sqrt(state.step.astype("float64").add(1)) as Tensor;
        const weighted = mapFloats((g) => g.mul(asType(time, g.dtype)).mul(rate(g)), gradient);
        const sum = mapFloats((s, g) => s.add(g!), state.sum, weighted);
        const squares = mapFloats((v, w, g) => v.add(w!.mul(g!)), state.squares, weighted, gradient);
        const moved = mapFloats(
          (x, x0, s, v) => {
            const z = x0!.sub(s!.div(cubeRoot(v!).add(eps(x))));
            return x.mul(kept(x)).add(z.mul(oneMinus(kept(x))));
          },
          theta,
          state.start,
          sum,
          squares,
        );
        return { theta: moved, state: { step: advance(state.step), start: state.start, sum, squares } };
      },
      // z comes to lie at theta: what has been summed goes on.
      moveTo: (state, theta) => {
        const eps = atStep(rule.eps, state.step);
        const start = mapFloats(
          (x, s, v) => x.add(s!.div(cubeRoot(v!).add(eps(x)))),
          theta as Tree,
          state.sum,
          state.squares,
        );
        return { ...state, start };
      },
    },
    { options: rule },
  );
}

/** ∛x of numbers that are not negative, with derivative 0 at 0. */
function cubeRoot(x: Tensor): Tensor {
  const isZero = x.lessEqual(0);
  const safe = np.where(isZero, np.onesLike(x), x);
  return np.where(isZero, np.zerosLike(x), np.exp(np.log(safe).mul(1 / 3)));
}
