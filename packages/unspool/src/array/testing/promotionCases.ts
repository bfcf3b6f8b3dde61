/** The recorded values of NumPy as calls: `promotionValues.ts` says what each gives. */
import { type DType, type Tensor, np } from "../index.ts";
import { promotionValues } from "./promotionValues.ts";

const dtypes: Readonly<Record<string, DType>> = {
  i: "int32",
  u: "uint32",
  b: "bool",
  f: "float32",
  d: "float64",
};
const first: Readonly<Record<string, number[]>> = {
  i: [7, -7, 0, -(2 ** 31)],
  u: [7, 0, 2 ** 32 - 1, 3],
  b: [1, 0, 1, 0],
  f: [2.5, -1.5, 0, 3],
  d: [0.1, -1.5, 0, 3],
};
const second: typeof first = {
  i: [3, -2, 0, -1],
  u: [3, 2, 0, 5],
  b: [1, 1, 0, 0],
  f: [0.5, 2, -1.5, 4],
  d: [0.3, 2, -1.5, 4],
};
const single: typeof first = { ...first, i: [7, -7, 0, 3], u: [7, 0, 12, 3] };

export interface PromotionCase {
  /** As in `add i 0.5`. */
  name: string;
  call: (...args: Tensor[]) => Tensor;
  args: Tensor[];
  /** NumPy's elements, in row-major order; undefined where NumPy has no such function. */
  wanted: number[] | undefined;
  dtype: DType | undefined;
}

type Call = (...xs: unknown[]) => Tensor;
const column = (table: typeof first, letter: string): Tensor =>
  np.array(table[letter]!, { dtype: dtypes[letter]! });
const lists = new Set(["concatenate", "stack", "hstack", "vstack", "columnStack", "array"]);
const square = (x: unknown) => (x as Tensor).reshape([2, 2]);

function callOf(name: string): Call {
  const f = (np as unknown as Record<string, Call>)[name]!;
  if (lists.has(name)) return (...xs) => f(xs);
  if (name === "matmul") return (x, y) => f(square(x), square(y));
  if (name === "einsum") return (x, y) => f("ij,jk->ik", square(x), square(y));
  if (name === "where") return (x, y) => f(np.array([1, 0, 1, 0], { dtype: "int32" }), x, y);
  return f;
}

/** Rounding leaves whole numbers and bools what they are; NumPy makes floats of them. Bools squared stay bools. */
const keeps = new Set(["floor", "ceil", "trunc", "rint", "round", "square"]);

function dtypeOf(name: string, letters: string, kind: string): DType {
  if (kind === "b") return "bool";
  if (keeps.has(name) && !/[fd]/.test(letters)) return dtypes[letters]!;
  if (kind === "f") return letters.includes("d") ? "float64" : "float32";
  // Places and counts are int32 for every dtype.
  const isPlace = ["argmax", "argmin", "countNonzero"].includes(name);
  return letters.includes("u") && !isPlace ? "uint32" : "int32";
}

function caseOf(name: string, cell: string): PromotionCase {
  const [key, values] = cell.split(": ") as [string, string];
  const [kind, ...elements] = values.split(" ") as [string, ...string[]];
  const f = callOf(name);
  const [left, right] = key.split(" ") as [string, string?];
  const letters = key.replaceAll(/[^a-z]/g, "");
  const shared = {
    name: `${name} ${key}`,
    wanted: kind === "!" ? undefined : elements.map(Number),
    dtype: kind === "!" ? undefined : dtypeOf(name, letters, kind),
  };
  if (right === undefined && letters.length === 1)
    return { ...shared, call: (x) => f(x), args: [column(single, left)] };
  if (right === undefined)
    return {
      ...shared,
      call: (x, y) => f(x, y),
      args: [column(first, left[0]!), column(second, left[1]!)],
    };
  if (left in dtypes) return { ...shared, call: (x) => f(x, Number(right)), args: [column(first, left)] };
  return { ...shared, call: (y) => f(Number(left), y), args: [column(second, right)] };
}

/** Every recorded call. */
export const promotionCases: readonly PromotionCase[] = promotionValues
  .trim()
  .split("\n")
  .flatMap((line) => {
    const [name, ...cells] = line.split("|") as [string, ...string[]];
    return cells.map((cell) => caseOf(name, cell));
  });

/** NumPy has no such function, or has int64 for it, which tensors have not: a number that does not fit. */
export const isRefused = ({ name, wanted, dtype }: PromotionCase): boolean =>
  wanted === undefined || (name.endsWith("u -1") && dtype === "uint32");

/** The elements of `got` that are not NumPy's, in words. */
export function wrongElements({ name, wanted, dtype }: PromotionCase, got: Tensor): string[] {
  if (got.dtype !== dtype) return [`${name}: ${got.dtype}, wanted ${String(dtype)}`];
  const isClose = (a: number, b: number): boolean => {
    if (Object.is(a, b) || a === b) return true;
    if (dtype === "float64") return Math.abs(a - b) <= 1e-7 * Math.abs(b);
    return dtype === "float32" && Math.abs(a - b) <= Math.max(2e-6 * Math.abs(b), 1e-6);
  };
  const elements = Array.from(got.data);
  const isSame = elements.length === wanted!.length && elements.every((x, i) => isClose(x, wanted![i]!));
  return isSame ? [] : [`${name}: ${elements.join(" ")}, wanted ${wanted!.join(" ")}`];
}
