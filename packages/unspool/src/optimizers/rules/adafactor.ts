/**
 * Adafactor (Shazeer & Stern, ICML 2018): the second moment of a matrix is kept as its row and column sums. Leaves
 * of rank 2 and more are factored over their last two axes; of others V is kept whole.
 *
 *     β = 1 - t^-decay
 *     R ← β · R + (1 - β) · Σ_columns (g² + eps1),   C ← β · C + (1 - β) · Σ_rows (g² + eps1)
 *     V = R C / Σ R;   U = g / √V;   U ← U / max(1, RMS(U) / clip)
 *     m ← beta1 · m + (1 - beta1) · U   (with momentum; else m = U)
 *     theta ← theta - learningRate · max(eps2, RMS(theta)) · m   (without max(…) where not relative)
 */
import { type Tensor, type Tree, np, tree } from "../../array/index.ts";
import { type ValueFor, atLeast0, atStep, belowOne, oneMinus, positive } from "../hyperparameter.ts";
import { requireBoolean, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { advance, counter, mapFloats, requireGradient, root, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer, Schedule } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";

export interface AdafactorOptions {
  /** Default: min(0.01, 1 / √t), the paper's. */
  learningRate?: Hyperparameter;
  /** Whether steps are in units of the leaf's root mean square. Default true. */
  isRelative?: boolean;
  /** Part of the first moment that is kept. Default 0: none, and no memory for it. */
  beta1?: Hyperparameter;
  /** Power with which the second moment's newest part falls. Default 0.8. */
  decay?: Hyperparameter;
  /** Added to squared gradients. Default 1e-30. */
  eps1?: Hyperparameter;
  /** Least root mean square of a leaf in its step. Default 0.001. */
  eps2?: Hyperparameter;
  /** Largest root mean square of U. Default 1. */
  clip?: Hyperparameter;
}

export type AdafactorState = {
  step: Tensor;
  /** R, [..., rows]; of a leaf of rank 0 or 1: V. */
  rows: Tree;
  /** C, [..., columns]; of a leaf of rank 0 or 1: one 0 that is not used. */
  columns: Tree;
  /** If there is momentum. */
  firstMoment?: Tree;
};

/** min(0.01, 1 / √t), t from 1. */
const relativeStep: Schedule = (step, dtype = "float32") =>
  np.minimum(np.divide(1, np.sqrt(advance(step).astype(dtype))), 0.01);

export const adafactorDefaults: Required<AdafactorOptions> = {
  learningRate: relativeStep,
  isRelative: true,
  beta1: 0,
  decay: 0.8,
  eps1: 1e-30,
  eps2: 1e-3,
  clip: 1,
};

/**
 * Adaptive steps with next to no memory for matrices. Cost: five passes; n + m numbers for a matrix [n, m], a copy of
 * vectors, and a copy of theta with momentum.
 */
export function adafactor(options: AdafactorOptions = {}): Optimizer<AdafactorState & Skipping> {
  const rule = withDefaults("adafactor", options, adafactorDefaults);
  requireOptions(rule);
  const hasMomentum = rule.beta1 !== 0;
  return skipOverflow<AdafactorState>(
    {
      name: "adafactor",
      ...(hasMomentum && { momentum: "firstMoment" }),
      init: (theta) => ({
        step: counter(),
        rows: tree.map((x) => np.zeros(rowShape(x), { dtype: x.dtype }), theta) as Tree,
        columns: tree.map((x) => np.zeros(columnShape(x), { dtype: x.dtype }), theta) as Tree,
        ...(hasMomentum && { firstMoment: zeros(theta) }),
      }),
      update(gradient, state, theta) {
        requireGradient("adafactor", theta, gradient, state);
        const [rate, beta1, eps1, eps2, clip] = [
          rule.learningRate,
          rule.beta1,
          rule.eps1,
          rule.eps2,
          rule.clip,
        ].map((h) => atStep(h, state.step));
        const newest = newestPart(rule.decay, state.step);
        const follow = (mean: Tensor, x: Tensor): Tensor => mean.add(x.sub(mean).mul(newest(mean)));
        const squares = mapFloats((g) => g.mul(g).add(eps1!(g)), gradient);
        const rows = mapFloats((r, s) => follow(r, isFactored(s) ? s.sum(-1) : s), state.rows, squares);
        const columns = mapFloats(
          (c, s) => (isFactored(s) ? follow(c, s.sum(-2)) : c),
          state.columns,
          squares,
        );
        const steps = mapFloats(
          (g, r, c) => {
            const unit = isFactored(g) ? overFactors(g, r, c) : g.div(root(r));
            const most = clip!(g);
            return unit.div(np.maximum(rootMeanSquare(unit).div(most), 1));
          },
          gradient,
          rows,
          columns,
        );
        const firstMoment = hasMomentum
          ? mapFloats((m, u) => m.mul(beta1!(m)).add(u.mul(oneMinus(beta1!(m)))), state.firstMoment!, steps)
          : undefined;
        const moved = mapFloats(
          (x, u) => {
            const step = u.mul(rate!(x));
            return x.sub(rule.isRelative ? step.mul(np.maximum(rootMeanSquare(x), eps2!(x))) : step);
          },
          theta,
          firstMoment ?? steps,
        );
        const next = { step: advance(state.step), rows, columns, ...(firstMoment && { firstMoment }) };
        return { theta: moved, state: next };
      },
    },
    { options: rule, isSummed: true },
  );
}

const isFactored = (leaf: Tensor): boolean => leaf.ndim >= 2;

const rowShape = (leaf: Tensor): number[] => leaf.shape.slice(0, isFactored(leaf) ? -1 : leaf.ndim);

const columnShape = (leaf: Tensor): number[] =>
  isFactored(leaf) ? [...leaf.shape.slice(0, -2), leaf.shape.at(-1)!] : [];

/** g / √(R C / Σ R), as two quotients: the product of two sums of eps1 would be 0 in float32. */
function overFactors(g: Tensor, rows: Tensor, columns: Tensor): Tensor {
  const part = rows.div(rows.sum(-1, { keepdims: true }));
  const [byRow, byColumn] = [np.expandDims(root(part), -1), np.expandDims(root(columns), -2)];
  return g.div(byRow).div(byColumn);
}

function rootMeanSquare(x: Tensor): Tensor {
  return root(x.mul(x).sum().div(x.size));
}

/** t^-decay, t from 1: the weight of the newest gradient, which is 1 for the first. */
function newestPart(decay: Hyperparameter, step: Tensor): ValueFor {
  return (leaf) => {
    const dtype = leaf.dtype === "float64" ? "float64" : "float32";
    const time = advance(step).astype(dtype);
    return np.exp(np.log(time).mul(atStep(decay, step)(time)).neg());
  };
}

function requireOptions(rule: Required<AdafactorOptions>): void {
  requireHyperparameter("adafactor", "learningRate", rule.learningRate, positive);
  requireBoolean("adafactor", "isRelative", rule.isRelative);
  requireHyperparameter("adafactor", "beta1", rule.beta1, belowOne);
  requireHyperparameter("adafactor", "decay", rule.decay, atLeast0);
  requireHyperparameter("adafactor", "eps1", rule.eps1, positive);
  requireHyperparameter("adafactor", "eps2", rule.eps2, positive);
  requireHyperparameter("adafactor", "clip", rule.clip, positive);
}
