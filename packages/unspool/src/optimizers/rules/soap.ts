/**
 * SOAP (Vyas, Morwani, Zhao, Kwun, Shapira, Brandfonbrener, Janson & Kakade, ICLR 2025): Adam in the eigenbasis of
 * Shampoo's matrices. For a matrix G, and for a tensor of order k along each axis i, with G_(i) as in `shampoo`:
 *
 *     at first:  H_i = (1 - shampooBeta) · G_(i) G_(i)ᵀ,   Q_i its eigenvectors;   theta stays
 *     then:      m ← beta1 · m + (1 - beta1) · G;   s ← beta2 · s + (1 - beta2) · (G in the bases Q)²
 *                U = (m̂ in the bases Q) / (√ŝ + eps), turned back;   theta ← theta - learningRate · (U + weightDecay · theta)
 *                H_i ← shampooBeta · H_i + (1 - shampooBeta) · G_(i) G_(i)ᵀ;   every `every` steps Q_i anew
 *
 * New bases are those of an eigendecomposition (the paper: of one power iteration and QR), in the order of which s is
 * sorted too. Vectors, scalars and axes longer than `longestAxis` have no basis: there it is Adam. Derivatives take bases
 * for constants: hypergradients through matrices leave out how they turn.
 */
import { type Tensor, type Tree, lax, linalg, np, tree } from "../../array/index.ts";
import { requireInteger } from "../../errors.ts";
import { type ValueFor, atLeast0, atStep, belowOne, oneMinus } from "../hyperparameter.ts";
import { requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { advance, counter, isAt, mapFloats, requireGradient, root, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type LeafChoice, leafPredicate, requireLeaves } from "../wrappers/leafChoice.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";
import { type MomentOptions, momentDefaults, requireMomentOptions, unbiased } from "./adamMoments.ts";
import { withDecay } from "./distance.ts";
import { type LeafStates, initLeafStates, mapLeafStates } from "./leafStates.ts";

export interface SoapOptions extends MomentOptions {
  /** Default 0.003. */
  learningRate?: Hyperparameter;
  /** Part of the first moment that is kept. Default 0.95. */
  beta1?: Hyperparameter;
  /** Part of the second moment that is kept. Default 0.95. */
  beta2?: Hyperparameter;
  /** Part of Shampoo's matrices that is kept. Default 0.95. */
  shampooBeta?: Hyperparameter;
  /** Steps from one basis to the next. Default 10. */
  every?: number;
  /** Longest axis that has a basis. Default 128. */
  longestAxis?: number;
  /** Part of theta that is taken away per step, before the learning rate. Default 0.01. */
  weightDecay?: Hyperparameter;
  /** Leaves that decay: a predicate, or paths. Default: all. */
  decayed?: LeafChoice;
}

/** Of an axis that has a basis: H and Q, [n, n]. */
export type SoapAxis = { factor: Tensor; basis: Tensor };

export type SoapState = {
  step: Tensor;
  /** m. */
  firstMoment: Tree;
  /** For each leaf: s in the bases, and the axes that have one. */
  leaves: LeafStates<{ secondMoment: Tensor; axes: readonly SoapAxis[] }>;
  /** Sum of the weights in m: float scalar. */
  firstWeight: Tensor;
  /** Sum of the weights in s: float scalar. */
  secondWeight: Tensor;
};

export const soapDefaults: Required<SoapOptions> = {
  ...momentDefaults,
  learningRate: 0.003,
  beta1: 0.95,
  beta2: 0.95,
  shampooBeta: 0.95,
  every: 10,
  longestAxis: 128,
  weightDecay: 0.01,
  decayed: () => true,
};

/**
 * Adam in Shampoo's bases. Cost: for an axis of length n an eigendecomposition (computed at every step, since a compiled
 * step has no branch) and 2 n² numbers; five products with a basis; two copies of theta.
 */
export function soap(options: SoapOptions = {}): Optimizer<SoapState & Skipping> {
  const rule = withDefaults("soap", options, soapDefaults);
  requireMomentOptions("soap", rule);
  requireHyperparameter("soap", "shampooBeta", rule.shampooBeta, belowOne);
  requireHyperparameter("soap", "weightDecay", rule.weightDecay, atLeast0);
  requireInteger("soap", "every", rule.every, 1);
  requireInteger("soap", "longestAxis", rule.longestAxis, 1);
  const isDecayed = leafPredicate("soap", "decayed", rule.decayed);
  const axesOf = ({ shape }: Tensor): number[] =>
    shape.length < 2 ? [] : shape.flatMap((n, axis) => (n > 0 && n <= rule.longestAxis ? [axis] : []));
  return skipOverflow<SoapState>(
    {
      name: "soap",
      momentum: "firstMoment",
      init(theta) {
        requireLeaves("soap", "decayed", rule.decayed, theta);
        const scalar = tree.scalar(0, tree.floatType(theta));
        return {
          step: counter(),
          firstMoment: zeros(theta),
          leaves: initLeafStates(theta, (leaf) => ({
            secondMoment: np.zerosLike(leaf),
            axes: axesOf(leaf).map((axis) => {
              const n = leaf.shape[axis]!;
              return {
                factor: np.zeros([n, n], { dtype: leaf.dtype }),
                basis: np.eye(n, n, { dtype: leaf.dtype }),
              };
            }),
          })),
          firstWeight: scalar,
          secondWeight: scalar,
        };
      },
      update(gradient, state, theta) {
        requireGradient("soap", theta, gradient, state);
        const isFirst = isAt(state.step, 0);
        const isDue = state.step.mod(tree.scalar(rule.every, "int32")).equal(counter());
        const [kept1, kept2, keptH, eps, rate, decay] = [
          rule.beta1,
          rule.beta2,
          rule.shampooBeta,
          rule.eps,
          rule.learningRate,
          rule.weightDecay,
        ].map((h) => atStep(h, state.step)) as [ValueFor, ValueFor, ValueFor, ValueFor, ValueFor, ValueFor];
        // The first gradient only finds the bases.
        const after = (now: Tensor, before: Tensor): Tensor => np.where(isFirst, before, now);
        const weigh = (weight: Tensor, kept: ValueFor): Tensor =>
          after(weight.mul(kept(weight)).add(oneMinus(kept(weight))), weight);
        const firstWeight = weigh(state.firstWeight, kept1);
        const secondWeight = weigh(state.secondWeight, kept2);
        const orOne = (weight: Tensor): Tensor => np.where(isFirst, np.onesLike(weight), weight);
        const firstMoment = mapFloats(
          (m, g) => after(m.mul(kept1(m)).add(g!.mul(oneMinus(kept1(m)))), m),
          state.firstMoment,
          gradient,
        );
        const { result: directions, states: leaves } = mapLeafStates(
          (leaf, { secondMoment, axes }, g, m) => {
            const places = axesOf(leaf);
            const bases = axes.map(({ basis }) => basis);
            const turned = inBases(g!, bases, places);
            const spread = secondMoment.mul(kept2(leaf)).add(turned.mul(turned).mul(oneMinus(kept2(leaf))));
            const s = after(spread, secondMoment);
            const scaled = inBases(unbiased(m!, orOne(firstWeight)), bases, places).div(
              root(unbiased(s, orOne(secondWeight))).add(eps(leaf)),
            );
            const result = inBases(scaled, bases.map((q) => np.matrixTranspose(q) as Tensor), places); // prettier-ignore
            const next = axes.map(({ factor, basis }, i) =>
              nextAxis(factor, basis, unfolded(g!, places[i]!), keptH(leaf), isDue),
            );
            const sorted = next.reduce((x, { order }, i) => np.take(x, order, places[i]!) as Tensor, s);
            return {
              result,
              state: { secondMoment: sorted, axes: next.map(({ factor, basis }) => ({ factor, basis })) },
            };
          },
          theta,
          state.leaves,
          gradient,
          firstMoment,
        );
        const moved = withDecay(
          theta,
          mapFloats((u) => u.mul(rate(u)), directions),
          isDecayed,
          (x) => x.mul(decay(x)).mul(rate(x)),
        );
        return {
          theta: tree.select(isFirst, theta, moved),
          state: { step: advance(state.step), firstMoment, leaves, firstWeight, secondWeight },
        };
      },
    },
    { options: rule, isSummed: true },
  );
}

/** [length of the axis, rest]. */
function unfolded(x: Tensor, axis: number): Tensor {
  return np.moveaxis(x, axis, 0).reshape([x.shape[axis]!, -1]);
}

/** x with each of the axes turned by its basis: Qᵀ along it. */
function inBases(x: Tensor, bases: readonly Tensor[], axes: readonly number[]): Tensor {
  return axes.reduce((turned, axis, i) => {
    const moved = np.moveaxis(turned, axis, 0);
    const product = np.matmul(np.matrixTranspose(bases[i]!), unfolded(turned, axis));
    return np.moveaxis(product.reshape([...moved.shape]), 0, axis);
  }, x);
}

/**
 * H after one more gradient; where new bases are due, its eigenvectors, and the order of the old ones by how large H is
 * along them, which is that of the new ones.
 */
function nextAxis(
  factor: Tensor,
  basis: Tensor,
  gradient: Tensor,
  kept: number | Tensor,
  isDue: Tensor,
): SoapAxis & { order: Tensor } {
  const square = np.matmul(gradient, np.matrixTranspose(gradient));
  const next = factor.mul(kept).add(square.mul(oneMinus(kept)));
  const still = lax.stopGradient(next) as Tensor;
  const top = np.abs(still).max();
  // To a largest element of about 1: the decomposition stops at an absolute error.
  const [, vectors] = linalg.eigh(still.div(np.where(top.equal(0), np.onesLike(top), top))) as [
    Tensor,
    Tensor,
  ];
  const sizes = np.matmul(still, basis).mul(basis).sum(0);
  const places = np.arange(still.shape[0]!);
  return {
    factor: next,
    basis: np.where(isDue, lax.stopGradient(vectors), basis),
    order: np.where(isDue, np.argsort(sizes), places),
  };
}
