/**
 * What the contract tests share: one check of a function's value and gradient, eager and inside a trace, in both
 * float types, against numbers that do not come from the array engine.
 */
import { expect } from "vitest";
import { type DType, type NestedNumbers, type Tensor, grad, jit, np, tree } from "../index.ts";

export type FloatType = "float32" | "float64";
export const floatTypes: readonly FloatType[] = ["float32", "float64"];

/** Relative tolerances of deterministic maths: 1e-12 in float64, 1e-5 in float32. */
export const tolerance: Readonly<Record<FloatType, number>> = { float32: 1e-5, float64: 1e-12 };

/** Throws unless every number is within `relative` of its reference (NaN and infinities must be the same). */
export function expectClose(got: Iterable<number>, wanted: Iterable<number>, relative: number): void {
  const actual = Array.from(got);
  const reference = Array.from(wanted);
  expect(actual.length, "number of elements").toBe(reference.length);
  const isClose = (a: number, b: number) =>
    Object.is(a, b) || a === b || Math.abs(a - b) <= relative * Math.abs(b);
  if (actual.every((a, i) => isClose(a, reference[i]!))) return;
  const wrong = actual.flatMap((a, i) =>
    isClose(a, reference[i]!) ? [] : [`[${i}] ${a}, wanted ${reference[i]}`],
  );
  expect.fail(`beyond relative ${relative}: ${wrong.join("; ")}`);
}

export function flat(values: NestedNumbers): number[] {
  return ([values] as unknown[]).flat(Infinity) as number[];
}

export function shapeOf(values: NestedNumbers): number[] {
  return Array.isArray(values) ? [values.length, ...(values.length > 0 ? shapeOf(values[0]!) : [])] : [];
}

/** A fixed sequence of numbers in (-1, 1) for weights and directions: fractional parts of multiples of sqrt 2. */
export function weights(count: number, start = 1): number[] {
  return Array.from({ length: count }, (_, i) => (((i + start) * Math.SQRT2) % 1) * 2 - 1);
}

export interface ArrayCase {
  /** The function under test, on tensors of the float type of the check (or of `dtypes`). */
  call: (...args: Tensor[]) => Tensor | readonly Tensor[];
  args: readonly NestedNumbers[];
  /** The reference value, or one per result. */
  value: NestedNumbers | Float64Array | readonly { readonly result: NestedNumbers }[];
  /** Dtypes of arguments that are not of the float type of the check. */
  dtypes?: readonly (DType | undefined)[];
  /** False where the result is constant or discrete: then only values are checked. Default true. */
  isDifferentiable?: boolean;
  /** Wider tolerance with its reason, for algorithms that lose digits by nature. */
  relative?: Partial<Record<FloatType, number>>;
}

/** Several results as references of an `ArrayCase`. */
export function results(...values: NestedNumbers[]): { result: NestedNumbers }[] {
  return values.map((result) => ({ result }));
}

function referenceOf(value: ArrayCase["value"]): { numbers: number[]; shape: string } {
  if (ArrayBuffer.isView(value)) return { numbers: Array.from(value as Float64Array), shape: "any" };
  const list = value as readonly { readonly result: NestedNumbers }[];
  const isList = Array.isArray(value) && typeof list[0] === "object" && "result" in list[0];
  const parts = isList ? list.map((item) => item.result) : [value as NestedNumbers];
  return { numbers: parts.flatMap(flat), shape: parts.map((part) => `[${shapeOf(part)}]`).join() };
}

function argumentsOf(row: ArrayCase, dtype: FloatType): Tensor[] {
  return row.args.map((values, i) =>
    np.array(flat(values), { dtype: row.dtypes?.[i] ?? dtype, shape: shapeOf(values) }),
  );
}

const isOne = (out: Tensor | readonly Tensor[]): out is Tensor => !Array.isArray(out);
const listed = (out: Tensor | readonly Tensor[]): readonly Tensor[] => (isOne(out) ? [out] : out);

/** Holds the value of `row`, eager and in a trace, and its gradient against central differences. */
export function checkArrayCase(row: ArrayCase, dtype: FloatType): void {
  const args = argumentsOf(row, dtype);
  const reference = referenceOf(row.value);
  const relative = row.relative?.[dtype] ?? tolerance[dtype];
  const call = (...inputs: Tensor[]) => listed(row.call(...inputs));
  for (const outputs of [call(...args), jit(call)(...args)]) {
    if (reference.shape !== "any")
      expect(outputs.map((out) => `[${out.shape}]`).join()).toBe(reference.shape);
    expectClose(
      outputs.flatMap((out) => Array.from(out.data)),
      reference.numbers,
      relative,
    );
  }
  if (row.isDifferentiable !== false) checkGradient(row, call, args, dtype);
}

/** The gradient of a weighted sum of the results, along two directions, against differences of fourth order. */
function checkGradient(
  row: ArrayCase,
  call: (...args: Tensor[]) => readonly Tensor[],
  args: Tensor[],
  dtype: FloatType,
): void {
  const moving = args.map((_, i) => row.dtypes?.[i] === undefined);
  const loss = (variables: Tensor[], fixed: Tensor[]) => {
    let next = 0;
    const full = moving.map((isMoving, i) => (isMoving ? variables[next++]! : fixed[i]!));
    return call(...full)
      .filter((out) => out.dtype === "float32" || out.dtype === "float64")
      .map((out) => {
        const weight = np.array(weights(out.size), { dtype: out.dtype, shape: out.shape });
        return out.mul(weight).sum();
      })
      .reduce((sum, term) => sum.add(term));
  };
  const variables = args.filter((_, i) => moving[i]);
  const gradient = tree.flatten(grad(loss)(variables, args));
  const wide = argumentsOf(row, "float64");
  const points = wide.filter((_, i) => moving[i]);
  const evaluate = jit((direction: Tensor[], step: Tensor) =>
    loss(
      points.map((x, i) => x.add(direction[i]!.mul(step))),
      wide,
    ),
  );
  for (const start of [1, 17]) {
    const flatDirection = weights(tree.size(points), start);
    let offset = 0;
    const direction = points.map((x) => {
      const part = flatDirection.slice(offset, (offset += x.size));
      return np.array(part, { dtype: "float64", shape: x.shape });
    });
    const at = (step: number) => evaluate(direction, tree.scalar(step, "float64")).item();
    // f'(0) = (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12 h, error about h⁴ f⁽⁵⁾/30 + 1e-16/h = 1e-13 at h = 1e-3.
    const h = 1e-3;
    const slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    const projected = gradient.reduce((sum, g, i) => sum + g * flatDirection[i]!, 0);
    const size = gradient.reduce((sum, g, i) => sum + Math.abs(g * flatDirection[i]!), 1e-3);
    const bound = (dtype === "float64" ? 1e-9 : 2e-5) * size;
    expect(Math.abs(projected - slope), `gradient ${projected}, differences ${slope}`).toBeLessThan(bound);
  }
}
