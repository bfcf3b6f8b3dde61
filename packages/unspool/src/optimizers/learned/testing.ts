/** Problem Q and weights of the oracles of learned optimizers, float64; values were computed in NumPy. */
import { type Tensor, type Tensors, type Tree, np, tree } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";
import type { Optimizer } from "../optimizer.ts";
import type { NetworkLayer } from "./learnedOptimizer.ts";
import type { CwRnnMeta } from "./recurrent.ts";
import type { RecurrentGate } from "./recurrentCells.ts";

const f64 = { dtype: "float64" } as const;

export type ThetaQ = { p0: Tensor; p1: Tensor; p2: Tensor };

/** Σ ½ c (p - τ)² over a matrix, a vector and a scalar. */
export const problemQ: {
  start(): ThetaQ;
  targets: ThetaQ;
  curvatures: ThetaQ;
  gradient(theta: ThetaQ): ThetaQ;
  loss(theta: ThetaQ): number;
} = {
  start: (): ThetaQ => ({
    p0: np.array([[0.5, -1, 2], [0.1, 0, -0.3]], f64), // prettier-ignore
    p1: np.array([0.2, -0.4, 0.6], f64),
    p2: np.array(1.5, f64),
  }),
  targets: {
    p0: np.array([[1, 0, 1], [0, 1, 0]], f64), // prettier-ignore
    p1: np.array([0, 0.5, -0.5], f64),
    p2: np.array(-0.5, f64),
  },
  curvatures: {
    p0: np.array([[1, 2, 0.5], [4, 1, 0.25]], f64), // prettier-ignore
    p1: np.array([1, 3, 0.1], f64),
    p2: np.array(2, f64),
  },
  gradient(theta: ThetaQ): ThetaQ {
    return tree.map((p, tau, c) => p.sub(tau!).mul(c!), theta, this.targets, this.curvatures);
  },
  loss(theta: ThetaQ): number {
    const losses = tree.map(
      (p, tau, c) => p.sub(tau!).mul(p.sub(tau!)).mul(c!).sum().mul(0.5),
      theta,
      this.targets,
      this.curvatures,
    );
    return tree.flatten(losses).reduce((sum, x) => sum + x, 0);
  },
};

/** Theta after so many updates, and the losses before each of them. */
export function runQ(optimizer: Optimizer, steps: number): { theta: ThetaQ; losses: number[] } {
  let theta = problemQ.start();
  let state = optimizer.init(theta);
  const losses: number[] = [];
  const update = compiled("update", (g: ThetaQ, s: Tree, at: ThetaQ) =>
    optimizer.update(g as Tensors<ThetaQ>, s, at),
  );
  for (let i = 0; i < steps; i++) {
    losses.push(problemQ.loss(theta));
    ({ theta, state } = update(problemQ.gradient(theta), state, theta));
  }
  return { theta, losses };
}

/** W_l[i, j] = size · cos(0.7 i + 1.3 j + l), b_l[j] = 0.1 sin(j + l + 1). */
export function wavyLayers(sizes: readonly number[], size: number): NetworkLayer[] {
  return sizes.slice(1).map((outputs, l) => {
    const inputs = sizes[l]!;
    const weights = Array.from({ length: inputs * outputs }, (_, k) => {
      const [i, j] = [Math.floor(k / outputs), k % outputs];
      return size * Math.cos(0.7 * i + 1.3 * j + l);
    });
    const bias = Array.from({ length: outputs }, (_, j) => 0.1 * Math.sin(j + l + 1));
    return { weights: np.array(weights, { ...f64, shape: [inputs, outputs] }), bias: np.array(bias, f64) };
  });
}

/**
 * A GRU with n units, float64: all matrices have entries cos(1.1 i + 0.6 j + κ), i counting rows of the papers'
 * orientation, biases 0.5 sin(i + …), the readout 0.2 cos(i + 0.4) and 0.01.
 */
export function wavyGru(n: number): CwRnnMeta {
  const matrix = (kappa: number, columns: number): Tensor =>
    np.array(
      Array.from({ length: columns * n }, (_, k) => {
        const [j, i] = [Math.floor(k / n), k % n];
        return Math.cos(1.1 * i + 0.6 * j + kappa);
      }),
      { ...f64, shape: [columns, n] },
    );
  const wave = (f: (i: number) => number): Tensor =>
    np.array(
      Array.from({ length: n }, (_, i) => f(i)),
      f64,
    );
  const gate = (input: number, state: number, phase: number): RecurrentGate => ({
    input: matrix(input, 1),
    state: matrix(state, n),
    bias: wave((i) => 0.5 * Math.sin(i + phase)),
  });
  return {
    start: np.zeros([n], f64),
    gates: { update: gate(0.3, 0.9, 0.2), reset: gate(1.7, 2.3, 1.1), candidate: gate(2.9, 0.1, 2.2) },
    readWeights: wave((i) => 0.2 * Math.cos(i + 0.4)),
    readBias: np.array(0.01, f64),
  };
}
