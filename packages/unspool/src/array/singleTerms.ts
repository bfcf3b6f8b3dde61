/**
 * Sums of one term. On its WebAssembly device, jax-js 0.1.25 computes products whose summed axis has length 1 with the
 * elements of wrong rows (found by `vmap` of a product of one row: gradients were wrong eagerly and right compiled).
 * Here they are what they are: a product of elements, or the operand under another shape; a convolution gets a second
 * channel of zeros.
 */
import { type Atom, type Aval, type Equation, type Params, classes } from "./jaxprs.ts";

interface Shaped {
  readonly shape: readonly number[];
}

const tests: Readonly<Record<string, (operands: readonly Shaped[], params: Params) => boolean>> = {
  dot: (operands) => operands.every(({ shape }) => shape.at(-1) === 1),
  reduce: ([x], params) => {
    const { axis } = params as { axis: number[] };
    return axis.length > 0 && axis.every((i) => x!.shape[i] === 1);
  },
  conv: ([, y], params) =>
    y!.shape.slice((params as { vmapDims: number }).vmapDims + 1).every((n) => n === 1),
};

/** Whether a primitive of these operands sums one term per element. */
export const hasOneTerm = (primitive: string, operands: readonly Shaped[], params: Params): boolean =>
  Object.hasOwn(tests, primitive) && tests[primitive]!(operands, params);

/** No padding, and one element more along the axis of the channels of a convolution. */
export function channelOfZeros(rank: number, params: Params): [number, number][] {
  const channel = (params as { vmapDims: number }).vmapDims + 1;
  return Array.from({ length: rank }, (_, i) => [0, i === channel ? 1 : 0]);
}

/** The equations that stand for one in a program; `singleTermRules.ts` does the same eagerly. */
export function withoutSingleTerms(equation: Equation): Equation[] {
  const { Equation, Variable } = classes();
  const { primitive, inputs, outBinders } = equation;
  const params = equation.params as Params;
  const avals = inputs.map(({ aval }) => aval as Aval);
  if (!hasOneTerm(primitive, avals, params)) return [equation];
  const [out] = outBinders;
  const shapedLike = (aval: Aval, shape: readonly number[]): Aval =>
    new (classes().Aval)(shape, aval.dtype, false);
  if (primitive === "reduce")
    return [new Equation("reshape", inputs, { shape: out!.aval.shape }, outBinders)];
  if (primitive === "dot") {
    const product = new Variable(shapedLike(out!.aval as Aval, [...out!.aval.shape, 1]));
    return [
      new Equation("mul", inputs, {}, [product]),
      new Equation("reshape", [product], { shape: out!.aval.shape }, outBinders),
    ];
  }
  const pads = inputs.map((input, i): { made: Equation; copy: Atom } => {
    const width = channelOfZeros(avals[i]!.shape.length, params);
    const shape = avals[i]!.shape.map((n, axis) => n + width[axis]![1]);
    const copy = new Variable(shapedLike(avals[i]!, shape));
    return { made: new Equation("pad", [input], { width }, [copy]), copy };
  });
  return [
    ...pads.map(({ made }) => made),
    new Equation(
      "conv",
      pads.map(({ copy }) => copy),
      params,
      outBinders,
    ),
  ];
}
