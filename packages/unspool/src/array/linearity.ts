/**
 * Whether a recorded program is linear in some of its inputs, from its equations alone: no value is computed. An output is
 * linear if it is 0 where those inputs are 0, and no equation on the way to it bends them. Programs that are linear in
 * another way, such as a product of a root with itself, are taken for bent: their transposes are not known either.
 */
import * as jax from "@jax-js/jax";
import { download } from "./backend.ts";
import { type LinearCall, customRuleOf } from "./customRule.ts";
import { type DType, isFloat } from "./dtype.ts";
import { type Atom, type Aval, type Closed, type Jaxpr, type Params, isVariable } from "./jaxprs.ts";
import { inputsOf } from "./customRules.ts";
import { scanParams } from "./scanEquation.ts";

interface Value {
  /** It depends on the inputs in question. */
  readonly moves: boolean;
  /** It is 0 where they are. */
  readonly isZero: boolean;
  /** What bent them on the way to it; "..." stands for their name. */
  readonly bend: string | undefined;
}

const fixed = (isZero: boolean): Value => ({ moves: false, isZero, bend: undefined });
const moving: Value = { moves: true, isZero: true, bend: undefined };

/** At most one factor may move. */
const products: ReadonlySet<string> = new Set(["mul", "dot", "conv"]);
// prettier-ignore
const bent: ReadonlySet<string> = new Set([
  "sin", "cos", "asin", "atan", "exp", "log", "erf", "erfc", "sqrt", "reciprocal", "min", "max", "mod", "idiv", "floor",
  "ceil", "compare", "cholesky", "lu", "jacobi_eigh", "sort", "argsort", "power", "bitcast", "stop_gradient",
]);
/** They do not map 0 to 0. */
const awayFromZero: ReadonlySet<string> = new Set(["cos", "exp", "log", "erfc", "reciprocal", "compare"]);
/** Inputs that choose, by their places; what is chosen from may move. */
const choosers: Readonly<Record<string, (place: number) => boolean>> = {
  where: (place) => place === 0,
  gather: (place) => place > 0,
  triangular_solve: (place) => place === 0,
};

/** Constants with more elements are not looked at, and taken for 0. */
const mostElements = 65536;

function isZeroConstant(raw: Closed["consts"][number]): boolean {
  if (!(raw instanceof jax.Array)) return false;
  return raw.size > mostElements || download(raw.ref).every((x) => x === 0);
}

/**
 * What keeps `closed` from being linear in those of its inputs behind the constants that `isLinear` names and errors call
 * `what`, in words that follow "it"; undefined if it is linear.
 */
export function nonlinearity(
  { jaxpr, consts }: Closed,
  what: string,
  isLinear: (place: number) => boolean,
): string | undefined {
  const given = jaxpr.inBinders.map(({ aval }, i): Value => {
    if (i < consts.length) return fixed(isZeroConstant(consts[i]!));
    if (!isLinear(i - consts.length)) return fixed(false);
    // Tangents of whole numbers are 0.
    return isFloat(aval.dtype as DType) ? moving : fixed(true);
  });
  const outs = valuesOf(jaxpr, given);
  const wrong = outs.find(
    ({ bend, isZero }, i) =>
      isFloat((jaxpr.outs[i]!.aval as Aval).dtype as DType) && (bend !== undefined || !isZero),
  );
  if (wrong === undefined) return undefined;
  if (wrong.bend !== undefined) return wrong.bend.replace("...", what);
  return wrong.moves
    ? `is not 0 where ${what} is 0: it adds something (affine)`
    : `does not depend on ${what} (constant)`;
}

function valuesOf(jaxpr: Jaxpr, given: readonly Value[]): Value[] {
  const values = new Map<Atom, Value>(jaxpr.inBinders.map((variable, i) => [variable, given[i]!]));
  const read = (atom: Atom): Value =>
    isVariable(atom) ? values.get(atom)! : fixed((atom as { value: number }).value === 0);
  for (const { primitive, inputs, params, outBinders } of jaxpr.eqns) {
    const types = inputs.map(({ aval }) => (aval as Aval).dtype as DType);
    const outs = nested(primitive, inputs.map(read), params as Params);
    const one = outs === undefined ? single(primitive, inputs.map(read), types, params as Params) : undefined;
    outBinders.forEach((variable, i) => {
      const value = outs?.[i] ?? one!;
      // What is not a float any more has no derivative.
      const isCut = value.moves && value.bend === undefined && !isFloat(variable.aval.dtype as DType);
      values.set(variable, isCut ? { ...value, bend: bendBy(primitive) } : value);
    });
  }
  return jaxpr.outs.map(read);
}

const bendBy = (primitive: string): string => `applies ${primitive} to ...`;

function single(primitive: string, ins: readonly Value[], types: readonly DType[], params: Params): Value {
  const moves = ins.some((value) => value.moves);
  const before = ins.find(({ bend }) => bend !== undefined)?.bend;
  return {
    moves,
    isZero: isZeroAfter(primitive, ins, types),
    bend: before ?? (moves ? bendOf(primitive, ins, params) : undefined),
  };
}

function bendOf(primitive: string, ins: readonly Value[], params: Params): string | undefined {
  if (bent.has(primitive)) return bendBy(primitive);
  if (products.has(primitive) && ins.filter((value) => value.moves).length > 1)
    return "multiplies ... with itself";
  if (ins.some((value, place) => value.moves && choosers[primitive]?.(place) === true))
    return bendBy(primitive);
  return primitive === "reduce" && params["op"] !== "Add"
    ? bendBy(`reduce ${String(params["op"])}`)
    : undefined;
}

function isZeroAfter(primitive: string, ins: readonly Value[], types: readonly DType[]): boolean {
  if (awayFromZero.has(primitive)) return false;
  if (products.has(primitive)) return ins.some((value) => value.isZero);
  const places = ins.map((_, place) => place).filter((place) => choosers[primitive]?.(place) !== true);
  const floats = places.filter((place) => isFloat(types[place]!));
  const counting = floats.length === 0 ? places : floats;
  return counting.length > 0 && counting.every((place) => ins[place]!.isZero);
}

/** Of programs inside of the program; undefined for other equations. */
function nested(primitive: string, ins: readonly Value[], params: Params): Value[] | undefined {
  if (primitive === "linear_call") return called(params["call"] as LinearCall, ins);
  if (primitive === "jit") {
    const call = customRuleOf(params)?.linear;
    if (call !== undefined) return called(call, inputsOf(ins, params));
    return valuesOf(params["jaxpr"] as Jaxpr, ins);
  }
  return primitive === "scan" ? looped(params, ins) : undefined;
}

function called({ numKnown, outs, name }: LinearCall, ins: readonly Value[]): Value[] {
  const [known, given] = [ins.slice(0, numKnown), ins.slice(numKnown)];
  const before = ins.find(({ bend }) => bend !== undefined)?.bend;
  const isBent = known.some((value) => value.moves);
  const value: Value = {
    moves: ins.some(({ moves }) => moves),
    isZero: given.every(({ isZero }) => isZero),
    bend: before ?? (isBent ? bendBy(name) : undefined),
  };
  return outs.map(() => value);
}

/** A carry is what it is after any number of steps. */
function looped(params: Params, ins: readonly Value[]): Value[] {
  const { jaxpr, numConsts, numCarry } = scanParams(params);
  let carry = ins.slice(numConsts, numConsts + numCarry);
  for (;;) {
    const outs = valuesOf(jaxpr, [...ins.slice(0, numConsts), ...carry, ...ins.slice(numConsts + numCarry)]);
    const next = carry.map((value, i): Value => {
      const after = outs[i]!;
      return {
        moves: value.moves || after.moves,
        isZero: value.isZero && after.isZero,
        bend: value.bend ?? after.bend,
      };
    });
    const isSettled = next.every(({ moves, isZero, bend }, i) => {
      const before = carry[i]!;
      return moves === before.moves && isZero === before.isZero && bend === before.bend;
    });
    if (isSettled) return [...next, ...outs.slice(numCarry)];
    carry = next;
  }
}
