/**
 * A bilevel problem: an outer loss that looks at the weights which an inner loss has trained.
 *
 *     minimise over u   F(u, w),     w in  S(u) = argmin over w of f(u, w)
 *
 * S(u) may hold many weights, and which of them training reaches is decided by how it trains. Outer parameters u and
 * weights w are trees of floating-point tensors.
 */
import { type Key, type Tensor, type TracedAtom, isTracing, traceProgram, tree } from "../array/index.ts";
import { OptionError, ShapeError } from "../errors.ts";

/** f and F of outer parameters and weights, on data that they already hold. */
export interface BilevelLosses<Outer, Weights> {
  /** f, which weights are trained on: a scalar. */
  inner(outer: Outer, weights: Weights): Tensor;
  /** F, which outer parameters are for: a scalar. */
  outer(outer: Outer, weights: Weights): Tensor;
}

/** What `bilevel` and the tasks are made of. Functions are made of `np` functions only. */
export interface BilevelProblem<Outer, Weights, Batch = undefined> {
  /** Shown in errors and recipes. Default "bilevel". */
  name?: string;
  /** f, which weights are trained on: a scalar. */
  inner(outer: Outer, weights: Weights, batch: NoInfer<Batch>): Tensor;
  /** F, which outer parameters are for: a scalar. */
  outer(outer: Outer, weights: Weights, batch: NoInfer<Batch>): Tensor;
  /** Draws weights to start from: fresh cold starts and re-training need them. Default: none. */
  start?(key: Key): Weights;
  /** Draws the data of an inner step and of an outer step. Default: none, `batch` is undefined. */
  data?(key: Key, level: "inner" | "outer"): Batch;
}

/** f and F on one batch each. */
export function lossesOn<Outer, Weights, Batch>(
  problem: BilevelProblem<Outer, Weights, Batch>,
  innerBatch: Batch,
  outerBatch: Batch,
): BilevelLosses<Outer, Weights> {
  return {
    inner: (outer, weights) => problem.inner(outer, weights, innerBatch),
    outer: (outer, weights) => problem.outer(outer, weights, outerBatch),
  };
}

/** The data of one level: what `problem.data` draws. Without it there is none, and `Batch` is undefined. */
export function batchOf<Outer, Weights, Batch>(
  problem: BilevelProblem<Outer, Weights, Batch>,
  key: Key,
  level: "inner" | "outer",
): Batch {
  return problem.data?.(key, level) as Batch;
}

/** Throws `OptionError` or `ShapeError` unless the problem has two losses, which are scalars at these parameters. */
export function requireBilevel<Outer, Weights, Batch>(
  where: string,
  problem: BilevelProblem<Outer, Weights, Batch>,
): void {
  for (const part of ["inner", "outer"] as const) {
    if (typeof problem[part] !== "function") {
      throw new OptionError(where, part, problem[part], "a function of outer parameters and weights");
    }
  }
  for (const part of ["start", "data"] as const) {
    if (problem[part] !== undefined && typeof problem[part] !== "function") {
      throw new OptionError(where, part, problem[part], "a function, or absent");
    }
  }
}

/** Throws `ShapeError` for parameters that are not trees of floats of one dtype. */
export function requireFloats(where: string, words: string, parameters: unknown): void {
  if (parameters === undefined || parameters === null) {
    throw new OptionError(where, words, parameters, "a tree of tensors");
  }
  const isList =
    Array.isArray(parameters) && parameters.length > 0 && parameters.every((x) => typeof x === "number");
  if (isList) {
    const hint = 'Write np.array([…], { dtype: "float64" }): a list of numbers is a tree of scalars.';
    throw new OptionError(where, words, parameters, "a tree of tensors", hint);
  }
  const entries = tree.entries(parameters);
  if (entries.length === 0) throw new ShapeError(where, `${words} hold no tensor.`);
  const [, first] = entries[0]!;
  for (const [path, leaf] of entries) {
    const place = path === "" ? "" : ` at "${path}"`;
    if (leaf.dtype !== "float32" && leaf.dtype !== "float64") {
      throw new ShapeError(
        where,
        `${words} must be floats, got ${leaf.toString()}${place}. Keep what is not learned outside of them.`,
      );
    }
    if (leaf.dtype !== first.dtype) {
      throw new ShapeError(
        where,
        `${words} must have one dtype, got ${first.dtype} and, ${place.trim()}, ${leaf.dtype}. Cast them with tree.astype.`,
      );
    }
  }
}

/** Throws `OptionError` where the inner loss is computed without the outer parameters: no response to differentiate. */
export function requireResponse<Outer, Weights>(
  where: string,
  { inner }: BilevelLosses<Outer, Weights>,
  outer: Outer,
  weights: Weights,
): void {
  if (isTracing()) return;
  const { body, constants } = traceProgram(where, inner as (...args: never[]) => unknown, [outer, weights]);
  const from = constants.length;
  const own = body.inputs.slice(from, from + tree.leaves(outer).length);
  const read = new Set(body.outputs.flatMap(idsOf));
  for (const equation of body.equations.toReversed()) {
    if (!equation.outputs.some(({ id }) => read.has(id))) continue;
    for (const id of equation.inputs.flatMap(idsOf)) read.add(id);
  }
  const reads = own.some((id) => read.has(id));
  if (reads) return;
  throw new OptionError(
    where,
    "inner",
    "a loss that reads no outer parameter",
    "a loss that depends on the outer parameters",
    "Weights that do not respond to them give no hypergradient: use an ordinary optimizer on the outer loss.",
  );
}

const idsOf = (atom: TracedAtom): number[] => ("id" in atom ? [atom.id] : []);
