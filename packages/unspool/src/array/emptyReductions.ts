/**
 * Sums, products and the like over no elements, of which there are results all the same: of [3, 0] along its last axis,
 * three. jax-js 0.1.25 reads one element where there is none, which gives what lies in memory. In programs here,
 * eagerly in `emptyRules.ts`. Held by `limits.test.ts`.
 */
import { type Atom, type Equation, classes } from "./jaxprs.ts";

export interface Shaped {
  readonly shape: readonly number[];
}

/** The value of a reduction of nothing; extremes of numbers are refused before (`extremes.ts`). */
const identities: Readonly<Record<string, number>> = { Add: 0, Mul: 1, Min: 1, Max: 0 };

export const identityOf = (primitive: string, params: unknown): number =>
  primitive === "dot" ? 0 : (identities[(params as { op: string }).op] ?? 0);

export function isEmpty(primitive: string, operands: readonly Shaped[], params: unknown): boolean {
  const [x] = operands;
  if (primitive === "dot") return operands.some(({ shape }) => shape.at(-1) === 0);
  return primitive === "reduce" && (params as { axis: number[] }).axis.some((i) => x!.shape[i] === 0);
}

/**
 * The equations that a compiler gets for one. A sum is one over a zero that is put there, not a constant: the program
 * may be a linear one that will be transposed.
 */
export function withoutEmpty(equation: Equation): Equation[] {
  const { primitive, params, inputs, outBinders } = equation;
  const avals = inputs.map((atom: Atom) => atom.aval);
  if (!isEmpty(primitive, avals, params)) return [equation];
  const { Aval, Equation: Made, Literal, Variable } = classes();
  const identity = identityOf(primitive, params);
  if (identity !== 0) {
    const { aval } = outBinders[0]!;
    const value = new Literal(aval.scalar(), identity);
    return [
      new Made("broadcast", [value], { shape: aval.shape, axis: aval.shape.map((_, i) => i) }, outBinders),
    ];
  }
  const padded = avals.map(({ shape, dtype }) => {
    const axes = primitive === "dot" ? [shape.length - 1] : (params as { axis: number[] }).axis;
    const width = shape.map((n, i) => [0, n === 0 && axes.includes(i) ? 1 : 0]);
    const whole = shape.map((n, i) => n + width[i]![1]!);
    return { width, out: new Variable(new Aval(whole, dtype, false)) };
  });
  return [
    ...padded.map(({ width, out }, k) => new Made("pad", [inputs[k]!], { width }, [out])),
    new Made(
      primitive,
      padded.map(({ out }) => out),
      params as Record<string, unknown>,
      outBinders,
    ),
  ];
}
