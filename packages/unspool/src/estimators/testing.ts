/** What the tests of this room share: the systems of the card, and the contribution of every pair of an estimate. */
import { type Tensor, np, random, tree } from "../array/index.ts";
import { type Executor, defineProblem, compiledExecutor } from "../unroll/index.ts";
import type { Problem } from "../unroll/index.ts";
import type { GradientEstimator } from "./estimator.ts";

/** A linear system with quadratic loss, `s' = A s + B theta`, `l = |s' - goal|² / 2`. */
export interface LinearSystem {
  transition: number[][];
  control: number[][];
  start: number[];
  goal: number[];
  horizon: number;
}

/** 6.2 (a). */
export const scalarSystem: LinearSystem = {
  transition: [[0.8]],
  control: [[1]],
  start: [0.5],
  goal: [1],
  horizon: 6,
};

/** 6.2 (b). */
export const planarSystem: LinearSystem = {
  transition: [[0.9, 0.2], [-0.1, 0.7]], // prettier-ignore
  control: [[1, 0], [0.5, -1]], // prettier-ignore
  start: [1, -1],
  goal: [0.5, -0.25],
  horizon: 4,
};

/** The systems as problems; problems/ is a higher room. `finalLoss` is the loss of the last state. */
export function linearProblem(
  { transition, control, start, goal, horizon }: LinearSystem,
  overrides: { horizon?: number } = {},
): Problem<Tensor, Tensor, undefined> {
  const distance = (s: Tensor): Tensor => {
    const miss = s.sub(np.array(goal, { dtype: s.dtype }));
    return miss.mul(miss).sum().mul(0.5);
  };
  return defineProblem({
    name: "linear",
    horizon: overrides.horizon ?? horizon,
    init: () => np.array(start),
    step(theta: Tensor, s: Tensor) {
      const [a, b] = [np.array(transition, { dtype: s.dtype }), np.array(control, { dtype: s.dtype })];
      const next = np.matmul(a, s).add(np.matmul(b, theta));
      return { state: next, loss: distance(next) };
    },
    finalLoss: (_theta, s: Tensor) => distance(s),
  });
}

export const f64 = (values: number[]): Tensor => np.array(values, { dtype: "float64" });

/** A compiled executor that keeps what each unit contributed to the last averaged gradient, [units * theta]. */
export function contributionExecutor(): { executor: Executor; last(): Float64Array } {
  const compiled = compiledExecutor();
  const wrapped = new WeakMap<object, object>();
  let contributions: Float64Array = new Float64Array(0);
  const executor: Executor = {
    ...compiled,
    forward(program, shared, units) {
      // The same program must stay the same object, or it would be compiled again.
      const spread =
        wrapped.get(program) ??
        ({
          ...program,
          finish: (...args: Parameters<typeof program.finish>) => {
            const result = program.finish(...args);
            return { ...result, each: { each: result.each, mean: result.mean } };
          },
        } as object);
      wrapped.set(program, spread);
      const result = compiled.forward(spread as typeof program, shared, units);
      const { each, mean } = result.each as unknown as { each: never; mean: { gradient?: unknown } };
      if (mean.gradient !== undefined) contributions = tree.flatten(mean.gradient);
      return { ...result, each };
    },
  };
  return { executor, last: () => contributions };
}

/** Contributions of each unit to each of `count` estimates at fixed theta: `[estimate][unit * P + p]`. */
export function contributions(
  create: (executor: Executor) => GradientEstimator<Tensor>,
  theta: Tensor,
  count: number,
  seed: number,
): Float64Array[] {
  const { executor, last } = contributionExecutor();
  const estimator = create(executor);
  const key = random.key(seed);
  let state = estimator.init(theta, random.foldIn(key, "init"));
  return Array.from({ length: count }, (_, i) => {
    state = estimator.estimate(theta, state, random.foldIn(key, i)).state;
    return last();
  });
}

/** Gradients of `count` estimates at fixed theta. */
export function gradients<Theta>(
  estimator: GradientEstimator<Theta>,
  theta: Theta,
  count: number,
  seed = 0,
): number[][] {
  const key = random.key(seed);
  let state = estimator.init(theta, random.foldIn(key, "init"));
  return Array.from({ length: count }, (_, i) => {
    const estimate = estimator.estimate(theta, state, random.foldIn(key, i));
    state = estimate.state;
    return [...tree.flatten(estimate.gradient)];
  });
}

/** Mean, standard error and variance of entry `p` of rows of length `size`. */
export function columnMoments(
  rows: Float64Array,
  size: number,
  p: number,
): { mean: number; variance: number; error: number } {
  const count = rows.length / size;
  let mean = 0;
  for (let i = 0; i < count; i++) mean += rows[i * size + p]! / count;
  let variance = 0;
  for (let i = 0; i < count; i++) variance += (rows[i * size + p]! - mean) ** 2 / (count - 1);
  return { mean, variance, error: Math.sqrt(variance / count) };
}

export function sumOf(rows: readonly Float64Array[]): Float64Array {
  return rows[0]!.map((_, i) => rows.reduce((sum, row) => sum + row[i]!, 0));
}
