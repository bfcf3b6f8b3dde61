/** What the tests of this room share: running an optimizer on a gradient, and comparing with stated tolerance. */
import { expect } from "vitest";
import { type Tensor, type Tensors, type Tree, jit, np, tree } from "../array/index.ts";
import type { Optimizer } from "./optimizer.ts";

/** Gradient of a loss at theta after `t` updates. */
export type Gradient<Theta> = (theta: Theta, t: number) => Theta;

export interface Point<Theta> {
  theta: Theta;
  state: Tree;
}

export const f64 = (values: number | number[]): Tensor => np.array(values, { dtype: "float64" });
export const f32 = (values: number | number[]): Tensor => np.array(values, { dtype: "float32" });

/** The start and every point after it. `isCompiled` runs the update through `jit`. */
export function trajectory<Theta>(
  optimizer: Optimizer,
  theta: Theta,
  gradient: Gradient<Theta>,
  steps: number,
  isCompiled = false,
  start: Tree = optimizer.init(theta),
): Point<Theta>[] {
  const points: Point<Theta>[] = [{ theta, state: start }];
  const eager = (g: Theta, state: Tree, at: Theta) => optimizer.update(g as Tensors<Theta>, state, at);
  const update = isCompiled ? jit(eager) : eager;
  for (let t = 0; t < steps; t++) {
    const { theta: at, state } = points.at(-1)!;
    points.push(update(gradient(at, t), state, at));
  }
  return points;
}

/** The optimizer, handed the loss g · theta / 2 where it looks at one. */
export function withLoss(optimizer: Optimizer): Optimizer {
  if (!optimizer.usesLoss) return optimizer;
  return {
    ...optimizer,
    update: (gradient, state, theta) =>
      optimizer.update(gradient, state, theta, { loss: tree.dot(gradient, theta).mul(0.5) }),
  };
}

export const numbers = (of: unknown): number[] => Array.from(tree.flatten(of));

/** Relative to the larger of 1 and the value: 1e-12 is for float64, 1e-5 for float32. */
export function expectClose(
  actual: unknown,
  expected: readonly number[],
  tolerance = 1e-12,
  note = "",
): void {
  const values =
    Array.isArray(actual) && typeof actual[0] === "number" ? (actual as number[]) : numbers(actual);
  expect(values.length).toBe(expected.length);
  values.forEach((value, i) => {
    const error = Math.abs(value - expected[i]!) / Math.max(1, Math.abs(expected[i]!));
    expect(error, `element ${i}: ${value} against ${expected[i]}${note}`).toBeLessThanOrEqual(tolerance);
  });
}

/** The same structure, dtypes and bits. */
export function expectSameBits(actual: unknown, expected: unknown): void {
  const shown = (of: unknown) =>
    tree.entries(of).map(([path, leaf]) => [path, leaf.dtype, String(leaf.shape), ...leaf.data]);
  expect(shown(actual)).toEqual(shown(expected));
}

/** A copy of a state through its numbers, as a checkpoint makes it. */
export function throughData<T>(of: T): T {
  return tree.map((leaf) => np.array(leaf.data.slice(), { shape: leaf.shape, dtype: leaf.dtype }), of);
}

/** A nested tree with float64, float32 and integer leaves. */
export interface MixedTheta {
  layers: { weights: Tensor; bias: Tensor }[];
  index: Tensor;
}

export function mixedTheta(): MixedTheta {
  return {
    layers: [
      { weights: np.array([1, -2, 3, 0.5], { dtype: "float64", shape: [2, 2] }), bias: f32([0.25, -1]) },
      { weights: np.array([-0.75, 2], { dtype: "float64", shape: [2, 1] }), bias: f32([4]) },
    ],
    index: np.array([3, 1], { dtype: "int32" }),
  };
}

/** Gradient of Σ (i + 1)/2 x_i² over the leaves, with a dependence on time; 0 for integers. */
export function mixedGradient<Theta>(theta: Theta, t: number): Theta {
  let curvature = 0;
  return tree.map((x) => {
    curvature += 1;
    return x.dtype === "int32" ? np.zerosLike(x) : x.mul(curvature / 2).add(Math.sin(t + curvature) / 4);
  }, theta);
}
