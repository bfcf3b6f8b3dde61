/**
 * Branches on values. Outside of a trace only the chosen branch runs. Inside of one all branches are computed and the
 * chosen result is selected, which costs the sum of all; operands of branches that are not chosen get no derivative, so
 * that a NaN or infinity in them does not reach a gradient. (Traced values that a branch takes from outside, not as
 * operands, have no such protection.)
 */
import { OptionError, ShapeError } from "../../../errors.ts";
import { isFloat } from "../../dtype.ts";
import { isTensor } from "../../lift.ts";
import { lax } from "../../lax.ts";
import { np } from "../../np.ts";
import type { Tensor, TensorLike } from "../../tensor.ts";
import * as tree from "../../tree.ts";

/** `whenTrue(...operands)` or `whenFalse(...operands)`, which must return the same structure, shapes and dtypes. */
export function cond<Args extends unknown[], Out>(
  predicate: TensorLike,
  whenTrue: (...operands: Args) => Out,
  whenFalse: (...operands: Args) => Out,
  ...operands: Args
): Out {
  if (!isTensor(predicate)) return holds(predicate) ? whenTrue(...operands) : whenFalse(...operands);
  requireScalar("lax.cond", predicate);
  const isTrue = predicate.dtype === "bool" ? predicate : predicate.notEqual(0);
  if (!isTrue.isTraced) return isTrue.item() !== 0 ? whenTrue(...operands) : whenFalse(...operands);
  return select("lax.cond", isTrue, whenTrue, whenFalse, operands);
}

/** Whether a plain condition holds: NaN is not 0, and so true, as it is in NumPy and as a bool tensor. */
export function holds(condition: number | boolean): boolean {
  return Boolean(condition) || Number.isNaN(condition);
}

/** The branch of whole number `index`, which is clipped to the branches there are. */
export function switchCase<Args extends unknown[], Out>(
  index: TensorLike,
  branches: readonly ((...operands: Args) => Out)[],
  ...operands: Args
): Out {
  if (branches.length === 0) throw new ShapeError("lax.switch", "needs at least one branch, got none.");
  const last = branches.length - 1;
  if (isTensor(index)) requireWhole("lax.switch", index);
  if (!isTensor(index) || !index.isTraced) {
    const at = isTensor(index) ? index.item() : Number(index);
    if (!Number.isInteger(at)) throw new OptionError("lax.switch", "index", at, "a whole number");
    return branches[Math.min(last, Math.max(0, at))]!(...operands);
  }
  // The chosen one of branches k … last, from the end on.
  const from = (k: number, args: Args): Out => {
    if (k === last) return branches[k]!(...args);
    const rest = (...inner: Args): Out => from(k + 1, inner);
    return select("lax.switch", index.lessEqual(k), branches[k]!, rest, args);
  };
  return from(0, operands);
}

/** Both sides computed, one selected. */
export function select<Args extends unknown[], Out>(
  where: string,
  isFirst: Tensor,
  first: (...operands: Args) => Out,
  second: (...operands: Args) => Out,
  operands: Args,
): Out {
  const one = tree.tensors(first(...guarded(isFirst, operands, true))) as unknown;
  const other = tree.tensors(second(...guarded(isFirst, operands, false))) as unknown;
  tree.requireSame(where, "the result of the second branch", one, other);
  return tree.map((a: Tensor, b?: Tensor) => np.where(isFirst, a, b!) as Tensor, one, other) as Out;
}

/** The same values, whose derivatives are cut off where the branch is not chosen. */
export function guarded<T>(isFirst: Tensor, value: T, forFirst: boolean): T {
  const guard = (leaf: Tensor): Tensor => {
    if (!leaf.isTraced) return leaf;
    const constant = lax.stopGradient(leaf) as Tensor;
    return (forFirst ? np.where(isFirst, leaf, constant) : np.where(isFirst, constant, leaf)) as Tensor;
  };
  return tree.map(guard, tree.tensors(value as object)) as T;
}

function requireWhole(where: string, index: Tensor): void {
  requireScalar(where, index);
  if (!isFloat(index.dtype)) return;
  throw new ShapeError(
    where,
    `the index must be of whole numbers, got ${index.toString()}. Round it by np.floor(x).astype("int32").`,
  );
}

function requireScalar(where: string, x: Tensor): void {
  if (x.ndim !== 0) {
    throw new ShapeError(
      where,
      `chooses by a scalar, got ${x.toString()}. For elements use np.where, for rows vmap.`,
    );
  }
}
