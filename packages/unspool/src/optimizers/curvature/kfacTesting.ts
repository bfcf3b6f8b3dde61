/** A network of 2-2-2-1 units with stated numbers, and plain matrices to compare with: for the tests of K-FAC. */
import { type Layers, type Tensor, np, random, tree } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";
import { type Objective, networkObjective } from "../objective/objective.ts";
import type { Kfac } from "./kfac.ts";
import type { KfacState } from "./kfacState.ts";
import { layerTaps } from "./layerTaps.ts";
import { gaussianLikelihood } from "./likelihoods.ts";

export const f64 = { dtype: "float64" } as const;
export const matrix = (rows: number[][]): Tensor => np.array(rows, f64);

export type LayerTheta = { weights: Tensor; bias: Tensor };
export type ChainTheta = { readonly [name: string]: LayerTheta };

/** From W of the paper's form, [outputs, inputs + 1] with the bias as last column. */
export function layerOf(w: number[][]): LayerTheta {
  return {
    weights: np.transpose(matrix(w.map((row) => row.slice(0, -1)))),
    bias: np.array(
      w.map((row) => row.at(-1)!),
      f64,
    ),
  };
}

/** Leaves of a tree like a chain's theta as W of the paper's form, one flat list per layer. */
export function paperForm(theta: ChainTheta): number[][] {
  return Object.values(theta).map(({ weights, bias }) => {
    const [inputs, outputs] = weights.shape as [number, number];
    return Array.from({ length: outputs }, (_, o) => [
      ...Array.from({ length: inputs }, (_unused, i) => weights.data[i * outputs + o]!),
      bias.data[o]!,
    ]).flat();
  });
}

export const theta: ChainTheta = {
  layer1: layerOf([[0.4, -0.2, 0.1], [-0.3, 0.5, 0.2]]), // prettier-ignore
  layer2: layerOf([[0.7, -0.6, 0.05], [0.2, 0.9, -0.1]]), // prettier-ignore
  layer3: layerOf([[1.1, -0.4, 0.3]]),
};
export const inputs: Tensor = matrix([[1, 2], [-1, 0.5], [0.3, -0.7], [2, -1]]); // prettier-ignore
export const targets: Tensor = matrix([[1], [0], [0.5], [-1]]);

/** Dense layers in order of their names, with `activation` between. */
export function chain(activation: (x: Tensor) => Tensor) {
  return (at: ChainTheta, x: Tensor, layers: Layers): Tensor =>
    Object.values(at).reduce((h, layer, i) => layers.dense(layer, i === 0 ? h : activation(h)), x);
}

export function objective(activation: (x: Tensor) => Tensor = np.tanh): Objective<ChainTheta> {
  return networkObjective({ network: chain(activation), likelihood: gaussianLikelihood, inputs, targets });
}

/** Statistics of one batch at theta, and inverses; compiled, as float64 is slow outside of programs. */
export function observedState<Theta>(optimizer: Kfac, at: Theta, of: Objective<Theta>): KfacState {
  const start = optimizer.init(at, of, random.key(0));
  const observe = compiled("observe", (now: Theta, state: KfacState) =>
    optimizer.observe(now, state, of, random.key(1)),
  );
  return observe(at, start);
}

/** Derivatives of the one output by all parameters, per example: rows in (layer, columns of W) order. */
export function jacobianRows(of: Objective<ChainTheta>, at: ChainTheta): number[][] {
  const run = compiled("taps", (now: ChainTheta) => {
    const taps = layerTaps(of.network!, now);
    return { a: [...taps.inputs], g: taps.errorsAlong(np.onesLike(taps.outputs)) };
  });
  const { a, g } = run(at);
  return Array.from({ length: a[0]!.shape[0]! }, (_, n) =>
    a.flatMap((inputsOf, layer) => {
      const [x, slopes] = [rowOf(inputsOf, n), rowOf(g[layer]!, n)];
      return x.flatMap((value) => slopes.map((slope) => value * slope));
    }),
  );
}

/** Rows of [batch, 1, n]. */
export function rowOf(x: Tensor, n: number): number[] {
  const columns = x.shape[2]!;
  return [...x.data.slice(n * columns, (n + 1) * columns)];
}

/** Second moment of rows. */
export function moment(rows: readonly number[][], others: readonly number[][] = rows): number[][] {
  return rows[0]!.map((_, i) =>
    others[0]!.map(
      (_unused, j) => rows.reduce((sum, row, n) => sum + row[i]! * others[n]![j]!, 0) / rows.length,
    ),
  );
}

export function kronecker(a: number[][], b: number[][]): number[][] {
  return a.flatMap((row) => b.map((other) => row.flatMap((x) => other.map((y) => x * y))));
}

export function frobenius(a: readonly number[][], b?: readonly number[][]): number {
  return Math.hypot(...a.flatMap((row, i) => row.map((x, j) => x - (b?.[i]![j] ?? 0))));
}

/** The inverse, by elimination with pivots. */
export function inverse(a: readonly number[][]): number[][] {
  const n = a.length;
  const work = a.map((row, i) => [...row, ...Array.from({ length: n }, (_, j) => Number(i === j))]);
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let i = column; i < n; i++)
      if (Math.abs(work[i]![column]!) > Math.abs(work[pivot]![column]!)) pivot = i;
    [work[column], work[pivot]] = [work[pivot]!, work[column]!];
    const top = work[column]!.map((x) => x / work[column]![column]!);
    work[column] = top;
    work.forEach((row, i) => {
      if (i !== column) work[i] = row.map((x, j) => x - row[column]! * top[j]!);
    });
  }
  return work.map((row) => row.slice(n));
}

/** A tree like `like` from numbers in (layer, columns of W) order, which is row by row here. */
export function fromVector(like: ChainTheta, vector: readonly number[]): ChainTheta {
  let offset = 0;
  return Object.fromEntries(
    Object.entries(like).map(([name, { weights, bias }]) => {
      const take = (of: Tensor): Tensor => {
        const values = vector.slice(offset, (offset += of.size));
        return np.array(values, { ...f64, shape: of.shape });
      };
      return [name, { weights: take(weights), bias: take(bias) }];
    }),
  );
}

/** The reverse of `fromVector`. */
export function toVector(of: ChainTheta): number[] {
  return Object.values(of).flatMap(({ weights, bias }) => [...tree.flatten([weights, bias])]);
}
