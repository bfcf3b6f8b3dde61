/**
 * Muon (Jordan, Jin, Boza, You, Cesista, Newhouse & Bernstein, 2024): momentum whose matrices are made orthogonal, so
 * that all directions of a layer move equally far. Leaves that are no matrices, and those that are left out, are
 * AdamW's.
 *
 *     m ← momentum · m + (1 - momentum) · G;   M = momentum · m + (1 - momentum) · G   (m without Nesterov)
 *     O = newtonSchulz(M / (‖M‖ + 1e-7)) · scale;   width: √max(1, columns / rows);   rms: 0.2 · √max(columns, rows)
 *     W ← W - learningRate · (O + weightDecay · W)
 *
 * The scale "rms" gives steps of the size of AdamW's (Liu et al., arXiv 2502.16982, 2025), so that its learning rate and
 * weight decay can be taken over. Weights are [inputs, outputs].
 */
import type { Tensor, Tree } from "../../array/index.ts";
import { OptionError, requireInteger, requireOneOf } from "../../errors.ts";
import { atLeast0, atStep, belowOne, oneMinus, positive } from "../hyperparameter.ts";
import { requireBoolean, requireHyperparameter, withDefaults } from "../hyperparameter.ts";
import { advance, counter, descend, isFloatLeaf, mapFloats, requireGradient, zeros } from "../leaves.ts";
import type { Hyperparameter, Optimizer } from "../optimizer.ts";
import { type LeafChoice, leafPredicate, requireLeaves } from "../wrappers/leafChoice.ts";
import { innerLabel } from "../wrappers/leafLabels.ts";
import { type PartitionState, partition } from "../wrappers/partition.ts";
import { adamw } from "./adamw.ts";
import { newtonSchulz } from "./newtonSchulz.ts";

export interface MuonOptions {
  /** Of matrices. Default 0.02. */
  learningRate?: Hyperparameter;
  /** Part of the first moment that is kept. Default 0.95. */
  momentum?: Hyperparameter;
  /** Looks ahead by one step of momentum. Default true. */
  isNesterov?: boolean;
  /** Part of theta that is taken away per step, before the learning rate; of all leaves. Default 0. */
  weightDecay?: Hyperparameter;
  /** Newton-Schulz iterations. Default 5. */
  iterations?: number;
  /** Length of a step: by the shape of the layer, or of AdamW's size. Default "width". */
  scale?: "width" | "rms";
  /** Leaves that are made orthogonal, of rank 2; embeddings and the last layer are better left out. Default: all matrices. */
  orthogonal?: LeafChoice;
  /** AdamW's, of the other leaves. Default 0.0003. */
  adamLearningRate?: Hyperparameter;
  /** AdamW's. Default 0.9. */
  beta1?: Hyperparameter;
  /** AdamW's. Default 0.95. */
  beta2?: Hyperparameter;
  /** AdamW's, added to the root. Default 1e-10. */
  eps?: Hyperparameter;
}

export const muonDefaults: Required<MuonOptions> = {
  learningRate: 0.02,
  momentum: 0.95,
  isNesterov: true,
  weightDecay: 0,
  iterations: 5,
  scale: "width",
  orthogonal: (_path, leaf) => leaf.ndim === 2,
  adamLearningRate: 3e-4,
  beta1: 0.9,
  beta2: 0.95,
  eps: 1e-10,
};

/** Added to the norm of a matrix: Jordan's value. */
const leastNorm = 1e-7;

type MatrixState = { step: Tensor; firstMoment: Tree };

/**
 * Orthogonal steps for matrices, AdamW for the rest. Cost: for a matrix [n, m], n ≤ m, 3 · `iterations` products of about
 * n² m and one copy; two copies of the other leaves.
 *
 * @example
 * const optimizer = muon({ learningRate: 0.02, orthogonal: (path, leaf) => leaf.ndim === 2 && path !== "embedding" });
 */
export function muon(options: MuonOptions = {}): Optimizer<PartitionState> {
  const rule = withDefaults("muon", options, muonDefaults);
  requireHyperparameter("muon", "learningRate", rule.learningRate, positive);
  requireHyperparameter("muon", "adamLearningRate", rule.adamLearningRate, positive);
  requireHyperparameter("muon", "momentum", rule.momentum, belowOne);
  requireHyperparameter("muon", "beta1", rule.beta1, belowOne);
  requireHyperparameter("muon", "beta2", rule.beta2, belowOne);
  requireHyperparameter("muon", "eps", rule.eps, positive);
  requireHyperparameter("muon", "weightDecay", rule.weightDecay, atLeast0);
  requireBoolean("muon", "isNesterov", rule.isNesterov);
  requireInteger("muon", "iterations", rule.iterations, 1);
  requireOneOf("muon", "scale", rule.scale, ["width", "rms"]);
  const isOrthogonal = leafPredicate("muon", "orthogonal", rule.orthogonal);
  const { adamLearningRate: learningRate, beta1, beta2, eps, weightDecay } = rule;
  const parts = partition(adamw({ learningRate, beta1, beta2, eps, weightDecay }), {
    optimizers: { matrices: orthogonalMomentum(rule) },
    labels: (path, leaf) => (isOrthogonal(path, leaf) ? requireMatrix(path, leaf) : innerLabel),
  });
  return {
    name: "muon",
    init(theta) {
      requireLeaves("muon", "orthogonal", rule.orthogonal, theta);
      return parts.init(theta);
    },
    update(gradient, state, theta) {
      requireGradient("muon", theta, gradient, state);
      return parts.update(gradient, state, theta);
    },
  };
}

/** The rule of the matrices. */
function orthogonalMomentum(rule: Required<MuonOptions>): Optimizer<MatrixState> {
  return {
    name: "orthogonalMomentum",
    init: (theta) => ({ step: counter(), firstMoment: zeros(theta) }),
    update(gradient, state, theta) {
      const [kept, rate, decay] = [rule.momentum, rule.learningRate, rule.weightDecay].map((h) =>
        atStep(h, state.step),
      );
      const mix = (m: Tensor, g: Tensor): Tensor => m.mul(kept!(m)).add(g.mul(oneMinus(kept!(m))));
      const firstMoment = mapFloats((m, g) => mix(m, g!), state.firstMoment, gradient);
      const direction = mapFloats(
        (x, m, g) => {
          const ahead = rule.isNesterov ? mix(m!, g!) : m!;
          return newtonSchulz(ahead, rule.iterations, leastNorm)
            .mul(scaleOf(x, rule.scale))
            .add(x.mul(decay!(x)));
        },
        theta,
        firstMoment,
        gradient,
      );
      return {
        theta: descend(theta, direction, rate!),
        state: { step: advance(state.step), firstMoment },
      };
    },
  };
}

function scaleOf({ shape }: Tensor, scale: "width" | "rms"): number {
  const [rows, columns] = shape as [number, number];
  // 0.2 is the root mean square of AdamW's steps that Liu et al. measured.
  if (scale === "rms") return 0.2 * Math.sqrt(Math.max(rows, columns));
  return Math.sqrt(Math.max(1, columns / Math.max(1, rows)));
}

function requireMatrix(path: string, leaf: Tensor): string {
  if (!isFloatLeaf(leaf) || leaf.ndim === 2) return "matrices";
  throw new OptionError("muon", `the rank of "${path}"`, leaf.ndim, "2 for a leaf of `orthogonal`");
}
