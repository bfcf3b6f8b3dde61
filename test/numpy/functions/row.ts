/**
 * A row of the table of functions: what we write, what NumPy writes, and how operands are drawn. Both sides are
 * expressions over the operands x, y, z, w (tensors, or plain numbers where they were drawn as such) and the options o,
 * so that a failure prints as a line that a user could have written.
 *
 * To add a function, add a row to the file of its kind.
 */
import type { DType } from "../library.ts";
import type { Options } from "../case.ts";
import type { Domain, Draw, TensorSpec, Value } from "../draw.ts";

export interface Drawn {
  readonly operands: readonly Value[];
  readonly options?: Options;
}

/**
 * The dtype of the result: bool of operands that have one dtype together ("test"); that of the operands together, the same with whole numbers as float32, that of a sum, that
 * of the first operand, or "any" where nothing is promised.
 */
export type Rule = DType | "test" | "promote" | "float" | "sum" | "first" | "any";

export interface Row {
  readonly name: string;
  readonly ours: string;
  readonly numpy: string;
  /** Undefined where nothing fits what there is. */
  readonly draw: (d: Draw) => Drawn | undefined;
  readonly dtype: Rule;
  /** May stand in a graph of which derivatives are taken. Default true. */
  readonly isSmooth?: boolean;
  /** Moves or selects elements: no rounding. Default false. */
  readonly isExact?: boolean;
  /** Adds terms up: rounding is relative to the terms. Default false. */
  readonly isSummed?: boolean;
  /** Has no slope where its result is 0. Default false. */
  readonly isRoot?: boolean;
  /** Largest error of the function alone, in units in the last place. Default 8. */
  readonly ulps?: number;
  /** NumPy's expression for the size of what is added up inside of the function: `ulps` are of it, if it is larger. */
  readonly scale?: string;
  /** How often it is drawn. Default 1. */
  readonly weight?: number;
}

export const floats: readonly DType[] = ["float32", "float64"];
export const integers: readonly DType[] = ["int32", "uint32"];
export const signed: readonly DType[] = ["float32", "float64", "int32"];
export const numbers: readonly DType[] = [...floats, ...integers];
export const everything: readonly DType[] = [...numbers, "bool"];

type Traits = Partial<Omit<Row, "name" | "ours" | "numpy" | "draw">>;

export const exact = { isExact: true } as const;
export const discrete = { isExact: true, isSmooth: false } as const;

/** A row with its own way of drawing. */
export function row(
  name: string,
  [ours, numpy]: readonly [string, string],
  dtype: Rule,
  draw: Row["draw"],
  traits: Traits = {},
): Row {
  return { name, ours, numpy, dtype, draw, ...traits };
}

/** A function of one tensor. */
export function unary(
  name: string,
  [ours, numpy]: readonly [string, string],
  dtype: Rule,
  spec: TensorSpec = {},
  traits: Traits = {},
): Row {
  return row(
    name,
    [ours, numpy],
    dtype,
    (d) => ({ operands: [d.tensor({ dtypes: everything, ...spec })] }),
    traits,
  );
}

/** An elementwise function of two operands that broadcast, one of them a plain number now and then. */
export function binary(
  name: string,
  [ours, numpy]: readonly [string, string],
  dtype: Rule,
  spec: TensorSpec = {},
  traits: Traits & { other?: Domain; isNumberFirst?: boolean } = {},
): Row {
  const { other, isNumberFirst = false, ...rest } = traits;
  return row(
    name,
    [ours, numpy],
    dtype,
    (d) => {
      const x = d.tensor({ dtypes: everything, ...spec });
      if (d.chance(0.2)) {
        const number = d.number(x.dtype);
        return { operands: isNumberFirst && d.chance(0.4) ? [number, x] : [x, number] };
      }
      // Mostly of one dtype; mixtures have their share all the same.
      const dtypes = d.chance(0.7) ? [x.dtype] : (spec.dtypes ?? everything);
      return { operands: [x, d.beside(x, { ...spec, dtypes, ...(other && { domain: other }) })] };
    },
    rest,
  );
}

/** A function of a tensor and an axis, several, or all. */
export function along(
  name: string,
  [ours, numpy]: readonly [string, string],
  dtype: Rule,
  spec: TensorSpec & { isOneAxis?: boolean; isKept?: boolean } = {},
  traits: Traits = {},
): Row {
  const { isOneAxis = false, isKept = true, ...own } = spec;
  return row(
    name,
    [ours, numpy],
    dtype,
    (d) => {
      const x = d.tensor({ dtypes: everything, rank: [isOneAxis ? 1 : 0, 4], ...own });
      const axis = isOneAxis ? d.axis(x) : d.axes(x);
      return { operands: [x], options: { axis, ...(isKept && { keepdims: d.chance(0.3) }) } };
    },
    traits,
  );
}
