/**
 * Loops on values, on top of `scan`. A bound on the number of passes makes them fit into a program: passes after the end
 * are computed and thrown away, and get no derivative.
 */
import { OptionError, requireInteger } from "../../../errors.ts";
import { isTensor, isTracing } from "../../lift.ts";
import { named } from "../../namedTrees.ts";
import { np } from "../../np.ts";
import { scan } from "../../scan.ts";
import type { Tensor, TensorLike } from "../../tensor.ts";
import * as tree from "../../tree.ts";
import { guarded, holds } from "./branches.ts";

export interface WhileOptions {
  /**
   * The most passes. Needed inside jit, grad, vmap and steps, and it is what the loop costs there. A loop that has not
   * ended by then throws where values are known. In a trace its floats are NaN, its int32 numbers -2147483648 and its
   * uint32 numbers 4294967295; bools have no such sign.
   */
  maxSteps?: number;
}

/** What stands for the result of a loop that has not ended: for integers the number farthest from what loops count. */
const unfinished = { float32: NaN, float64: NaN, int32: -(2 ** 31), uint32: 2 ** 32 - 1 };

/** `value = body(value)` as long as `condition(value)`. */
export function whileLoop<Value>(
  condition: (value: Value) => TensorLike,
  body: (value: Value) => Value,
  initial: Value,
  options: WhileOptions = {},
): Value {
  const { maxSteps } = options;
  if (maxSteps !== undefined) requireInteger("lax.whileLoop", "maxSteps", maxSteps, 1);
  const start = tensorsOf("lax.whileLoop", "the initial value", initial);
  if (!isTracing()) return runLoop(condition, body, start, maxSteps ?? Infinity);
  if (maxSteps === undefined) {
    const allowed =
      "given inside jit, grad, vmap and steps, where the number of passes is not known: { maxSteps: 100 }";
    throw new OptionError("lax.whileLoop", "maxSteps", maxSteps, allowed);
  }
  const pass = (value: Value): [Value, undefined] => {
    const goesOn = isTrue(condition(value));
    const next = tensorsOf("lax.whileLoop", "what the body returned", body(guarded(goesOn, value, true)));
    tree.requireSame("lax.whileLoop", "what the body returned", value, next);
    return [choose(goesOn, next, value) as Value, undefined];
  };
  const [last] = scan(pass, start, undefined, { length: maxSteps });
  const isUnfinished = isTrue(condition(last as Value));
  const spoilt = (leaf: Tensor): Tensor => {
    if (leaf.dtype === "bool") return leaf;
    const sign = np.array(unfinished[leaf.dtype], { dtype: leaf.dtype });
    return np.where(isUnfinished, sign, leaf) as Tensor;
  };
  return tree.map(spoilt, last) as Value;
}

function runLoop<Value>(
  condition: (value: Value) => TensorLike,
  body: (value: Value) => Value,
  start: Value,
  maxSteps: number,
): Value {
  let value = start;
  for (let passes = 0; isTrue(condition(value)).item() !== 0; passes++) {
    if (passes === maxSteps) {
      throw new OptionError(
        "lax.whileLoop",
        "maxSteps",
        maxSteps,
        "enough for the loop to end; its condition still holds",
      );
    }
    const next = tensorsOf("lax.whileLoop", "what the body returned", body(value));
    tree.requireSame("lax.whileLoop", "what the body returned", value, next);
    value = next;
  }
  return value;
}

/** `value = body(i, value)` for i = lower … upper - 1, int32. A traced end needs `maxSteps`. */
export function foriLoop<Value>(
  lower: number | Tensor,
  upper: number | Tensor,
  body: (i: Tensor, value: Value) => Value,
  initial: Value,
  options: WhileOptions = {},
): Value {
  const start = tensorsOf("lax.foriLoop", "the initial value", initial);
  const [from, to] = [known(lower), known(upper)];
  if (from !== undefined && to !== undefined) {
    requireInteger("lax.foriLoop", "lower", from, -(2 ** 31));
    requireInteger("lax.foriLoop", "upper", to, -(2 ** 31));
    if (to <= from) return start;
    const step = (value: Value, _: undefined, k: Tensor): [Value, undefined] => [
      body(k.add(from), value),
      undefined,
    ];
    return scan(step, start, undefined, { length: to - from })[0];
  }
  type Counted = { i: Tensor; value: Value };
  const index = (at: number | Tensor): Tensor => (isTensor(at) ? at : np.array(at)).astype("int32");
  const end = index(upper);
  const counted = whileLoop<Counted>(
    ({ i }) => i.less(end),
    ({ i, value }) => ({ i: i.add(1), value: body(i, value) }),
    { i: index(lower), value: start },
    options,
  );
  return counted.value;
}

const tensorsOf = <Value>(where: string, what: string, value: Value): Value =>
  named(where, what, () => tree.tensors(value as object)) as Value;

function known(bound: number | Tensor): number | undefined {
  if (!isTensor(bound)) return bound;
  return bound.isTraced ? undefined : bound.item();
}

function isTrue(condition: TensorLike): Tensor {
  const tensor = isTensor(condition) ? condition : np.array(holds(condition));
  return tensor.dtype === "bool" ? tensor : tensor.notEqual(0);
}

function choose(goesOn: Tensor, next: unknown, value: unknown): unknown {
  return tree.map((a: Tensor, b?: Tensor) => np.where(goesOn, a, b!) as Tensor, next, value);
}
