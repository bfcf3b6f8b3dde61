/**
 * Sums of one term. On its WebAssembly device, jax-js 0.1.25 computes products whose summed axis has length 1 with the
 * elements of wrong rows (found by `vmap` of a product of one row: gradients were wrong eagerly and right compiled).
 * Here they are what they are: a product of elements, or the operand under another shape; a convolution gets a second
 * channel of zeros.
 */
import { type Aval, type Equation, type Jaxpr, type Params, classes } from "./jaxprs.ts";

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

const shapedLike = (aval: Aval, shape: readonly number[]): Aval =>
  new (classes().Aval)(shape, aval.dtype, false);

/**
 * The equations that stand for one in a program, which may be a linear one that will be transposed: what is known there
 * must come from outside, so that a convolution stays as it is.
 */
export function withoutSingleTerms(equation: Equation): Equation[] {
  const { Equation, Variable } = classes();
  const { primitive, inputs, outBinders } = equation;
  const isOne = primitive !== "conv" && hasOneTerm(primitive, avalsOf(equation), equation.params as Params);
  if (!isOne) return [equation];
  const [out] = outBinders;
  const { shape } = out!.aval;
  if (primitive === "reduce") return [new Equation("reshape", inputs, { shape }, outBinders)];
  const product = new Variable(shapedLike(out!.aval as Aval, [...shape, 1]));
  return [
    new Equation("mul", inputs, {}, [product]),
    new Equation("reshape", [product], { shape }, outBinders),
  ];
}

const avalsOf = ({ inputs }: Equation): Aval[] => inputs.map(({ aval }) => aval as Aval);

const widened = new WeakMap<Jaxpr, Jaxpr>();

/** A program that will be run, with two channels in its convolutions of one term. */
export function withWideConvolutions(jaxpr: Jaxpr): Jaxpr {
  const known = widened.get(jaxpr);
  if (known !== undefined) return known;
  const eqns = jaxpr.eqns.flatMap(wide);
  const isSame = eqns.length === jaxpr.eqns.length && eqns.every((eqn, i) => eqn === jaxpr.eqns[i]);
  const made = isSame ? jaxpr : new (classes().Jaxpr)(jaxpr.inBinders, eqns, jaxpr.outs);
  widened.set(jaxpr, made);
  return made;
}

function wide(equation: Equation): Equation[] {
  const { Equation, Variable } = classes();
  const { primitive, inputs, outBinders } = equation;
  const params = equation.params as Params & { jaxpr?: Jaxpr };
  if (primitive === "jit") {
    const inner = withWideConvolutions(params.jaxpr!);
    return [
      inner === params.jaxpr
        ? equation
        : new Equation("jit", inputs, { ...params, jaxpr: inner }, outBinders),
    ];
  }
  if (primitive !== "conv" || !hasOneTerm("conv", avalsOf(equation), params)) return [equation];
  const pads = avalsOf(equation).map((aval, i): Equation => {
    const width = channelOfZeros(aval.shape.length, params);
    const shape = aval.shape.map((n, axis) => n + width[axis]![1]);
    return new Equation("pad", [inputs[i]!], { width }, [new Variable(shapedLike(aval, shape))]);
  });
  const padded = pads.map(({ outBinders: [copy] }) => copy!);
  return [...pads, new Equation("conv", padded, params, outBinders)];
}
