/** Checks that what a step has made is finite, with the place where it is not. */
import { type Tensor, tree } from "../array/index.ts";
import { NonFiniteError } from "../errors.ts";

/** Throws `NonFiniteError` unless all floating-point leaves of `values`, called `words` in the message, are finite. */
export function requireFiniteValues(
  where: string,
  words: string,
  values: unknown,
  quantity: string = words,
): void {
  for (const [path, leaf] of tree.entries(values)) {
    if (leaf.dtype !== "float32" && leaf.dtype !== "float64") continue;
    const at = firstNonFinite(leaf.data);
    if (at === -1) continue;
    const place = `${words}${path === "" ? "" : ` at "${path}"`}, element ${at} of ${leaf.toString()}`;
    throw nonFinite(where, `the ${place}, is ${leaf.data[at]}`, quantity, { path, element: at });
  }
}

/** Throws `NonFiniteError` unless `loss` is finite. */
export function requireFiniteLoss(where: string, loss: number): void {
  if (!Number.isFinite(loss)) throw nonFinite(where, `the loss is ${loss}`, "loss");
}

/** Throws `NonFiniteError` for the first metric that is not finite: a record would have null in its place. */
export function requireFiniteMetrics(where: string, metrics: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(metrics)) {
    if (Number.isFinite(value)) continue;
    const size = name.endsWith("Norm") ? " (its square may overflow before its elements do)" : "";
    throw nonFinite(where, `${name} is ${value}${size}`, name);
  }
}

function nonFinite(where: string, problem: string, quantity: string, details = {}): NonFiniteError {
  return new NonFiniteError(where, `${problem}.`, { problem, quantity, ...details });
}

function firstNonFinite(data: ArrayLike<number>): number {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return i;
  return -1;
}

/**
 * Euclidean norm over all leaves, in float64; not finite if an element is not. Without scaling where squares do not overflow,
 * so that it is what a program computes; `vectorNorm` always scales.
 */
export function euclideanNorm(values: unknown): number {
  const leaves = tree.leaves(values);
  const scaled = (scale: number) => {
    let sum = 0;
    for (const { data } of leaves) for (let i = 0; i < data.length; i++) sum += (data[i]! / scale) ** 2;
    return Math.sqrt(sum) * scale;
  };
  const plain = scaled(1);
  // Squares beyond 1e308: float64 values that explode can still be finite.
  return plain === Infinity
    ? scaled(leaves.reduce((most, { data }: Tensor) => Math.max(most, largest(data)), 1))
    : plain;
}

function largest(data: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < data.length; i++) most = Math.max(most, Math.abs(data[i]!));
  return most;
}
