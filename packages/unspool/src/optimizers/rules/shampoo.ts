/**
 * Shampoo (Gupta, Koren & Singer, ICML 2018): AdaGrad with a full matrix per axis of a tensor. For a matrix G, and
 * for a tensor of order k along each axis i, with G_(i) the gradient unfolded to [length of i, rest]:
 *
 *     L ← L + G Gᵀ,   R ← R + Gᵀ G,   from eps · I;     U = L^(-1/4) G R^(-1/4)
 *     order k:  H_i ← H_i + G_(i) G_(i)ᵀ;               U = G ×_1 H_1^(-1/2k) ⋯ ×_k H_k^(-1/2k)
 *     grafting (Agarwal, Anil, Hazan, Koren & Zhang, arXiv 2002.11803, 2020):  U ← U · ‖U'‖ / ‖U‖
 *     v ← momentum · v + U;   theta ← theta - learningRate · v
 *
 * The variant "torch" is that of torch_optimizer (Shampoo of moskomule): roots are -1/k instead of -1/2k, each matrix but
 * the first is of what the ones before have made of G, and G itself is mixed with the last step:
 *
 *     G ← (1 - momentum) · g + momentum · v;   for each axis i:  H_i ← H_i + G_(i) G_(i)ᵀ,  G ← G ×_i H_i^(-1/k);   v ← G
 *     theta ← theta - learningRate · v
 *
 * U' is the step of another rule: sgd's g, or adagrad's g / √(Σ g²). Axes longer than `blockSize` are cut into blocks
 * that are tensors of their own. Roots are taken at every update: a compiled step has no branch, so that taking them
 * every so many updates would save nothing. They are computed in the dtype of the leaf; eigenvalues below eps, and
 * those that rounding makes of 0 beside the largest, count as that. In float32 an eps of a millionth of the largest
 * sum of squares or more keeps the step from depending on rounding.
 */
import { type Tensor, type Tree, np } from "../../array/index.ts";
import { OptionError, requireInteger, requireOneOf, requirePositive } from "../../errors.ts";
import {
  atStep,
  belowOne,
  oneMinus,
  positive,
  requireHyperparameter,
  withDefaults,
} from "../hyperparameter.ts";
import { inverseRoot } from "./inverseRoot.ts";
import { type LeafStates, initLeafStates, mapLeafStates } from "./leafStates.ts";
import { advance, counter, descend, globalNorm, mapFloats, requireGradient, root, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type Skipping, skipOverflow } from "../wrappers/skipOverflow.ts";
import { cut, join } from "./tensorBlocks.ts";
import { trustRatio } from "./trustRatio.ts";

export interface ShampooOptions {
  /** Default 0.1. */
  learningRate?: Hyperparameter;
  /** Part of the velocity that is kept. Default 0: none, and no memory for it. */
  momentum?: Hyperparameter;
  /** Where the diagonals start. Default 0.0001. */
  eps?: number;
  /** Longest axis that has one matrix; longer ones are cut. Default 128. */
  blockSize?: number;
  /** Rule from which a leaf takes the length of its step. Default "none". */
  grafting?: "none" | "sgd" | "adagrad";
  /** The paper's equations, or those of torch_optimizer, which knows no grafting. Default "paper". */
  variant?: "paper" | "torch";
}

export type ShampooState = {
  step: Tensor;
  /** For each leaf and each of its blocks: H of each axis, [length of the axis]²; of a scalar: [1, 1]. */
  factors: LeafStates<readonly (readonly Tensor[])[]>;
  /** Σ g². If grafted on AdaGrad. */
  sum?: Tree;
  /** Decayed sum of U. If there is momentum. */
  velocity?: Tree;
};

export const shampooDefaults: Required<ShampooOptions> = {
  learningRate: 0.1,
  momentum: 0,
  eps: 1e-4,
  blockSize: 128,
  grafting: "none",
  variant: "paper",
};

/**
 * Kronecker-factored second moments. Cost: for an axis of length n an eigendecomposition, about n³ times the number of
 * its sweeps, and n² numbers; up to two copies of theta with momentum and AdaGrad's grafting.
 */
export function shampoo(options: ShampooOptions = {}): Optimizer<ShampooState & Skipping> {
  const rule = withDefaults("shampoo", options, shampooDefaults);
  const { learningRate, momentum, eps, blockSize, grafting, variant } = rule;
  requireHyperparameter("shampoo", "learningRate", learningRate, positive);
  requireHyperparameter("shampoo", "momentum", momentum, belowOne);
  requirePositive("shampoo", "eps", eps);
  requireInteger("shampoo", "blockSize", blockSize, 1);
  requireOneOf("shampoo", "grafting", grafting, ["none", "sgd", "adagrad"]);
  requireOneOf("shampoo", "variant", variant, ["paper", "torch"]);
  const isTorch = variant === "torch";
  if (isTorch && grafting !== "none")
    throw new OptionError("shampoo", "grafting", grafting, '"none" with the variant "torch"');
  const hasMomentum = momentum !== 0;
  const hasSum = grafting === "adagrad";
  return skipOverflow<ShampooState>(
    {
      name: "shampoo",
      ...(hasMomentum && { momentum: "velocity" }),
      init: (theta) => ({
        step: counter(),
        factors: initLeafStates(theta, (leaf) =>
          cut(leaf, blockSize).map((block) => initFactors(block, eps)),
        ),
        ...(hasSum && { sum: zeros(theta) }),
        ...(hasMomentum && { velocity: zeros(theta) }),
      }),
      update(gradient, state, theta) {
        requireGradient("shampoo", theta, gradient, state);
        const kept = atStep(momentum, state.step);
        const isFirst = state.step.equal(counter());
        // The velocity starts as the first gradient.
        const given =
          isTorch && hasMomentum
            ? mapFloats(
                (g, v) => np.where(isFirst, g, g.mul(oneMinus(kept(g))).add(v!.mul(kept(g)))),
                gradient,
                state.velocity,
              )
            : gradient;
        const { result: directions, states: factors } = mapLeafStates(
          (leaf, before, g) => {
            const blocks = cut(g, blockSize).map((block, i) => precondition(block, before[i]!, eps, isTorch));
            return {
              result: join(
                blocks.map(({ direction }) => direction),
                leaf.shape,
                blockSize,
              ),
              state: blocks.map(({ next }) => next),
            };
          },
          theta,
          state.factors,
          given,
        );
        const sum = hasSum ? mapFloats((s, g) => s.add(g.mul(g)), state.sum!, gradient) : undefined;
        const steps =
          grafting === "none"
            ? directions
            : mapFloats(
                (u, g, s) => u.mul(trustRatio(globalNorm(sum ? adagradStep(g, s) : g), globalNorm(u))),
                directions,
                gradient,
                sum ?? gradient,
              );
        const velocity = hasMomentum
          ? mapFloats((v, u) => (isTorch ? u! : v.mul(kept(v)).add(u!)), state.velocity!, steps)
          : undefined;
        return {
          theta: descend(theta, velocity ?? steps, atStep(learningRate, state.step)),
          state: {
            step: advance(state.step),
            factors,
            ...(sum && { sum }),
            ...(velocity && { velocity }),
          },
        };
      },
    },
    { options: rule, isSummed: true },
  );
}

/** eps · I for every axis. */
function initFactors({ shape, dtype }: Tensor, eps: number): Tensor[] {
  const lengths = shape.length === 0 ? [1] : shape;
  return lengths.map((n) => np.eye(n, n, { dtype }).mul(eps));
}

/** U of a block, and its next factors. */
function precondition(
  block: Tensor,
  factors: readonly Tensor[],
  eps: number,
  isTorch: boolean,
): { direction: Tensor; next: Tensor[] } {
  if (block.size === 0) return { direction: block, next: [...factors] };
  const g = block.ndim === 0 ? block.reshape([1]) : block;
  const next: Tensor[] = [];
  const direction = factors.reduce((u, before, axis) => {
    const moved = np.moveaxis(u, axis, 0);
    const unfolded = moved.reshape([g.shape[axis]!, -1]);
    const measured = isTorch ? unfolded : np.moveaxis(g, axis, 0).reshape([g.shape[axis]!, -1]);
    const h = before.add(np.matmul(measured, np.matrixTranspose(measured)));
    next.push(h);
    const turned = np.matmul(inverseRoot(h, 1 / ((isTorch ? 1 : 2) * g.ndim), eps), unfolded);
    return np.moveaxis(turned.reshape([...moved.shape]), 0, axis);
  }, g);
  return { direction: direction.reshape([...block.shape]), next };
}

/** g / √s, 0 where that is 0 / 0. */
function adagradStep(g: Tensor, s: Tensor): Tensor {
  const isZero = s.equal(0);
  const step = g.div(root(np.where(isZero, np.onesLike(s), s)));
  return np.where(isZero, np.zerosLike(step), step);
}
