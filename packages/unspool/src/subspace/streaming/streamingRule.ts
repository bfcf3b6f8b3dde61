/**
 * The interface of streaming baselines: rules that see whole columns of the matrix, n at a time, and move k components V.
 * They need what `principalSubspace` does without: a column in memory, and a table in place of a network.
 */
import { type Tensor, type Tree, linalg, np } from "../../array/index.ts";
import { OptionError, ShapeError, requireKnownOptions, requirePositive } from "../../errors.ts";

/** Pure: made of `np` functions, so that a step can be compiled. `components` are rows of V [k, S]. */
export interface StreamingRule<State extends Tree = Tree> {
  readonly name: string;
  /** The learning rate and whatever else the rule was made with: for recipes. */
  readonly options: Readonly<Record<string, number>>;
  init(components: Tensor): State;
  /** V and state after columns [n, S], one a row. */
  update(components: Tensor, columns: Tensor, state: State): { components: Tensor; state: State };
}

export interface StreamingOptions {
  /** η, of the sum over a batch of columns. Default 0.01. */
  learningRate?: number;
}

/** The learning rate of a rule, checked. */
export function rateOf(where: string, options: StreamingOptions): number {
  requireKnownOptions(where, options, ["learningRate"]);
  const { learningRate = 0.01 } = options;
  requirePositive(where, "learningRate", learningRate);
  return learningRate;
}

/** A rule that carries nothing: `move` makes V after columns [n, S] and a learning rate. */
export function statelessRule(
  name: string,
  options: StreamingOptions,
  move: (components: Tensor, columns: Tensor, learningRate: number) => Tensor,
): StreamingRule<Record<string, never>> {
  const learningRate = rateOf(name, options);
  return {
    name,
    options: { learningRate },
    init(components) {
      requireComponents(name, components);
      return {};
    },
    update: (v, columns, state) => ({ components: move(v, columns, learningRate), state }),
  };
}

/** Throws `ShapeError` or `OptionError` unless V is [k, S] with k ≤ S. */
export function requireComponents(where: string, components: Tensor): void {
  if (components.ndim !== 2 || components.size === 0)
    throw new ShapeError(where, `components must be a matrix [k, S], got ${components.toString()}.`);
  const [k, S] = components.shape as [number, number];
  if (k > S) throw new OptionError(where, "the number of components", k, `at most their length, ${S}`);
}

export const times = (a: Tensor, b: Tensor): Tensor => np.matmul(a, b) as Tensor;
export const transposed = (x: Tensor): Tensor => np.transpose(x) as Tensor;

/** V M with M = XᵀX of columns X [n, S]: [k, S], at 2 n k S products. */
export const timesProducts = (components: Tensor, columns: Tensor): Tensor =>
  times(times(components, transposed(columns)), columns);

/**
 * Rows made orthonormal, qf of Vᵀ with a positive diagonal of R: by the Cholesky factor of V Vᵀ, twice, so that rows are
 * orthogonal to rounding (Yamamoto and others 2015).
 */
export function orthonormalRows(components: Tensor): Tensor {
  const once = (v: Tensor): Tensor => linalg.solve(linalg.cholesky(times(v, transposed(v))), v);
  return once(once(components));
}

/** Each row over its length where that is above 1. */
export function clippedRows(components: Tensor): Tensor {
  const lengths = np.sqrt(components.mul(components).sum(1, { keepdims: true })) as Tensor;
  return components.div(np.maximum(lengths, 1) as Tensor);
}
