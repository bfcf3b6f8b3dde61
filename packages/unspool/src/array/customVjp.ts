/** Functions with a reverse rule of their own. */
import { OptionError, ShapeError, UnspoolError, isThenable, show } from "../errors.ts";
import type { CustomRule, Flat } from "./customRule.ts";
import { bindCustom, requireStill } from "./customRules.ts";
import {
  type CustomOptions,
  nameOf,
  notWithinItself,
  plain,
  recordTensors,
  returned,
} from "./customSupport.ts";
import { type DType, isFloat } from "./dtype.ts";
import {
  type Atom,
  type Aval,
  type Closed,
  type Raw,
  avalsOf,
  evaluate,
  isVariable,
  record,
  strong,
} from "./jaxprs.ts";
import { linearCall, unmapped, zerosOf } from "./linearCall.ts";
import { nonlinearity } from "./linearity.ts";
import { np } from "./np.ts";
import { toRaw, wrap } from "./lift.ts";
import type { BatchAxis } from "./ruleTables.ts";
import { mappedFlat } from "./scanBatch.ts";
import { pushForward } from "./scanTangents.ts";
import { pullBack } from "./scanTranspose.ts";
import type { Tensor } from "./tensor.ts";
import { type Fn, applied } from "./trace.ts";
import { inTrace } from "./transforms.ts";
import * as tree from "./tree.ts";
import { zeroFor } from "./zeroTangents.ts";

/** The inputs are [...what backward closes over, ...what forward closes over, ...leaves of the arguments]. */
interface Recorded {
  /** What errors call the function. */
  where: string;
  /** What keeps backward from being linear in the cotangent. */
  bend: string | undefined;
  numBackward: number;
  numForward: number;
  numValues: number;
  isFloatArg: readonly boolean[];
  /** The value that a residual is, whose derivative is then that of the rule. */
  valueOf: readonly (number | undefined)[];
  /** From [...what forward closes over, ...args] to [...values, ...residuals]. */
  forward: Flat;
  /** From [...what backward closes over, ...residuals, ...cotangents] to those of the floating-point arguments. */
  backward: Flat;
}

class ReverseRule implements CustomRule {
  readonly #it: Recorded;
  readonly #hasResiduals: boolean;

  /** With `hasResiduals` the outputs are [...values, ...residuals], else the values only. */
  constructor(recorded: Recorded, hasResiduals = false) {
    this.#it = recorded;
    this.#hasResiduals = hasResiduals;
  }

  /** Binds the program of this rule. */
  bind(inputs: Raw[]): Raw[] {
    const { where, numBackward, numValues, forward } = this.#it;
    const run: Flat = (args) => {
      for (const unread of args.slice(0, numBackward)) unread.dispose();
      const outs = forward(args.slice(numBackward));
      if (this.#hasResiduals) return outs;
      for (const residual of outs.slice(numValues)) residual.dispose();
      return outs.slice(0, numValues);
    };
    return bindCustom(where, run, inputs, this);
  }

  push(primals: Raw[], tangents: Raw[]): [Raw[], Raw[]] {
    const { where, numBackward, numForward, numValues, isFloatArg } = this.#it;
    const first = numBackward + numForward;
    const outs = new ReverseRule(this.#it, true).bind(primals.map((raw) => raw.ref));
    const [values, residuals] = [outs.slice(0, numValues), outs.slice(numValues)];
    const slopes = this.#valueTangents(
      [...primals.slice(0, numBackward), ...residuals].map((raw) => raw.ref),
      tangents.slice(first).flatMap((tangent, i) => (isFloatArg[i] === true ? [tangent.ref] : [])),
      avalsOf(values),
    );
    const more = this.#hasResiduals ? this.#residualTangents(primals, tangents, slopes) : [];
    for (const raw of [...primals.slice(first), ...tangents.slice(first)]) raw.dispose();
    requireStill(where, primals.slice(0, first), tangents.slice(0, first));
    if (this.#hasResiduals) return [outs, [...slopes, ...more]];
    for (const residual of residuals) residual.dispose();
    return [values, slopes];
  }

  #valueTangents(known: Raw[], given: Raw[], outs: readonly Aval[]): Raw[] {
    const { where, bend, backward } = this.#it;
    const numKnown = known.length;
    const forward: Flat = (args) => {
      if (bend !== undefined) throw notLinear(where, `it ${bend}`);
      const avals = [...avalsOf(args.slice(0, numKnown)), ...outs];
      const { jaxpr, consts } = record(avals, (...raws) => backward(raws));
      const inputs = [...consts, ...args.slice(0, numKnown), ...outs.map(() => undefined)];
      const pushed = asTangents(where, () => pullBack(jaxpr, inputs, args.slice(numKnown)));
      return pushed.map((raw, i) => raw ?? zerosOf(outs[i]!));
    };
    return linearCall({ name: where, numKnown, outs, forward, transposed: backward }, [...known, ...given]);
  }

  #residualTangents(primals: readonly Raw[], tangents: readonly Raw[], slopes: readonly Raw[]): Raw[] {
    const { numBackward, numValues, forward, valueOf } = this.#it;
    if (valueOf.every((value) => value !== undefined)) return valueOf.map((value) => slopes[value]!.ref);
    const inputs = primals.slice(numBackward).map((raw) => raw.ref);
    const { jaxpr, consts } = record(avalsOf(inputs), (...args) => forward(args));
    const still = consts.map(() => undefined);
    const moving = tangents.slice(numBackward).map((raw) => raw.ref);
    const [outs, pushed] = pushForward(jaxpr, [...consts, ...inputs], [...still, ...moving]);
    return valueOf.map((value, i) => {
      if (value !== undefined) return slopes[value]!.ref;
      return pushed[numValues + i] ?? zeroFor(outs[numValues + i]!);
    });
  }

  mapped(size: number, args: Raw[], axes: BatchAxis[]): Raw[] {
    const { numBackward, numForward, numValues, isFloatArg, forward, backward } = this.#it;
    const avals = avalsOf(args);
    const wide = mappedFlat(forward, size, avals.slice(numBackward), axes.slice(numBackward));
    const outs = record(avals.slice(numBackward), (...raws) => wide(raws)).jaxpr.outs.map(({ aval }) => strong(aval as Aval)); // prettier-ignore
    const residualsAndCotangents = [...outs.slice(numValues), ...outs.slice(0, numValues)];
    const pull = mappedFlat(
      backward,
      size,
      [...avals.slice(0, numBackward), ...residualsAndCotangents],
      [...axes.slice(0, numBackward), ...outs.map(() => 0)],
    );
    const floatAxes = axes.slice(numBackward + numForward).filter((_, i) => isFloatArg[i]);
    const backwardWide: Flat = (given) => pull(given).map((raw, i) => unmapped(raw, floatAxes[i]!));
    const recorded = { ...this.#it, forward: wide, backward: backwardWide };
    return new ReverseRule(recorded, this.#hasResiduals).bind(args);
  }
}

/** Forward mode transposes the reverse rule, which must be linear in the cotangent to the eye. */
function asTangents<T>(where: string, push: () => T): T {
  try {
    return push();
  } catch (error) {
    const isOfTransposition = error instanceof TypeError || (error as UnspoolError).code === "UNSUPPORTED";
    if (!isOfTransposition) throw error;
    throw notLinear(where, (error as Error).message);
  }
}

function notLinear(where: string, why: string): UnspoolError {
  return new UnspoolError(
    "UNSUPPORTED",
    `${where}: forward mode (jvp, jacobian, hessian) needs a backward rule that is made of operations linear in the ` +
      `cotangent; this one is not (${why}). Use reverse mode (grad, vjp; for second derivatives grad of grad), or give ` +
      "the function a customJvp.",
    { where },
  );
}

/** The inputs of the program, its rule and what its values look like, for the arguments `args`. */
function recorded(
  where: string,
  forward: Fn,
  backward: Fn,
  args: readonly unknown[],
): { inputs: Raw[]; recorded: Recorded; like: unknown } {
  const raws = tree.leaves(args).map(toRaw);
  const like: { value: unknown; residual: unknown } = { value: undefined, residual: undefined };
  const ahead = recordTensors(raws, (...leaves) => {
    const pair: unknown = applied(forward, tree.unflatten(args, leaves));
    if (isThenable(pair)) returned(where, "forward", pair);
    if (!Array.isArray(pair) || pair.length !== 2)
      throw new ShapeError(where, `forward must return [value, residual], got ${show(pair)}.`);
    like.value = returned(where, "forward", pair[0]);
    like.residual = returned(where, "forward", pair[1] ?? []);
    return [...tree.leaves(like.value), ...tree.leaves(like.residual)];
  });
  const { outs } = ahead.jaxpr;
  const numValues = tree.leaves(like.value).length;
  const [values, residuals] = [outs.slice(0, numValues), outs.slice(numValues)];
  const avals = [...residuals, ...values].map(({ aval }) => strong(aval as Aval));
  const back = recordBackward(where, backward, args, like, avals);
  const [numForward, numBackward] = [ahead.consts.length, back.consts.length];
  const place = (atom: Atom): number | undefined => {
    const i = isVariable(atom) ? values.indexOf(atom) : -1;
    return i < 0 ? undefined : i;
  };
  return {
    inputs: [...back.consts, ...ahead.consts, ...raws],
    recorded: {
      where,
      bend: nonlinearity(back, "the cotangent", (place) => place >= residuals.length),
      numBackward,
      numForward,
      numValues,
      isFloatArg: raws.map((raw) => isFloat(raw.dtype as DType)),
      valueOf: residuals.map(place),
      forward: (given) => evaluate(ahead.jaxpr, given),
      backward: (given) => evaluate(back.jaxpr, given),
    },
    like: like.value,
  };
}

function recordBackward(
  where: string,
  backward: Fn,
  args: readonly unknown[],
  like: { value: unknown; residual: unknown },
  avals: readonly Aval[],
): Closed {
  const numResiduals = tree.leaves(like.residual).length;
  return record(avals, (...raws) => {
    const leaves = wrap(raws) as Tensor[];
    const residual = tree.unflatten(like.residual, leaves.slice(0, numResiduals));
    const cotangent = tree.unflatten(like.value, leaves.slice(numResiduals));
    const result = applied(backward, [residual, cotangent]);
    if (isThenable(result)) returned(where, "backward", result);
    if (!Array.isArray(result) || result.length !== args.length) {
      const problem = `backward must return a list with a cotangent for each of the ${args.length} arguments, null for none`;
      throw new ShapeError(where, `${problem}, got ${show(result)}.`);
    }
    return args.flatMap((arg, i) => cotangentsOf(where, i, arg, result[i])).map(toRaw);
  });
}

/** Cotangents of the floating-point leaves of argument `i`. */
function cotangentsOf(where: string, i: number, arg: unknown, given: unknown): Tensor[] {
  const floats = tree.entries(arg).filter(([, leaf]) => isFloat(leaf.dtype));
  if (given === undefined) {
    throw new ShapeError(where, `backward gave undefined for argument ${i + 1}. Write null for one that gets no cotangent.`); // prettier-ignore
  }
  // Not of the argument itself: the rule would close over it.
  if (given === null) return floats.map(([, { shape, dtype }]) => np.zeros([...shape], { dtype }));
  const found = new Map(tree.entries(returned(where, `backward for argument ${i + 1}`, given)));
  return floats.map(([path, leaf]) => {
    const cotangent = found.get(path);
    const label = `the cotangent of argument ${i + 1}${path === "" ? "" : ` at "${path}"`}`;
    const fits = cotangent !== undefined && String(cotangent.shape) === String(leaf.shape);
    if (!fits) {
      const got = cotangent === undefined ? "missing" : plain(cotangent);
      throw new ShapeError(where, `${label} is ${got}, expected ${plain(leaf)}. backward returns trees like the arguments.`); // prettier-ignore
    }
    return cotangent.dtype === leaf.dtype ? cotangent : cotangent.astype(leaf.dtype);
  });
}

/**
 * A function of trees with its own reverse rule. `forward` gives the value, a tree of tensors, and what the rule needs of
 * it, the residual; `backward` gives, for the cotangent of the value, the list of cotangents of the arguments: trees like
 * them, null for one that gets none. As `jax.custom_vjp`.
 *
 * Reverse mode uses `backward` as it is written, be it linear or not. Forward mode transposes it, which must be linear in the
 * cotangent to the eye: sums, products with what does not depend on it, choices among its elements. Further derivatives
 * differentiate `backward`, and of what `forward` keeps: a residual that is a value has the derivative that the rule gives
 * it. `options.name` is what errors call the function.
 *
 * @throws UnspoolError in forward mode where `backward` is not linear, or adds something to what is (code UNSUPPORTED).
 * @throws ShapeError where a cotangent does not fit its argument, and where `forward` or `backward` closes over a value that
 * is being differentiated: pass it as an argument.
 *
 * @example
 * // Rounds, and passes the gradient on as it is (a straight-through estimator).
 * const round = customVjp((x: Tensor) => [np.round(x), null], (_residual, cotangent) => [cotangent]);
 */
export function customVjp<Args extends readonly unknown[], Out, Residual>(
  forward: (...args: Args) => readonly [Out, Residual],
  backward: (residual: Residual, cotangent: Out) => { readonly [K in keyof Args]: unknown },
  options: CustomOptions = {},
): (...args: Args) => Out {
  const made = "customVjp";
  if (typeof forward !== "function") {
    const hint = "Write (x) => [the value, what backward needs].";
    throw new OptionError(made, "forward", forward, "a function that returns [value, residual]", hint);
  }
  if (typeof backward !== "function" || backward.length < 2) {
    const allowed = "a function of the residual and of the cotangent of the value";
    const hint = "Write (residual, cotangent) => [the gradient by the first argument times cotangent, ...].";
    throw new OptionError(made, "backward", backward, allowed, hint);
  }
  const where = nameOf(made, forward, options);
  const advice = "Write what it computes in forward, and take the value from the residual.";
  const recordOnce = notWithinItself(where, advice, (args: readonly unknown[]) =>
    recorded(where, forward as Fn, backward as Fn, args),
  );
  const transformed = (...args: unknown[]): unknown => {
    const { inputs, recorded: rule, like } = recordOnce(args);
    return tree.unflatten(like, wrap(new ReverseRule(rule).bind(inputs)) as Tensor[]);
  };
  return (...args) => inTrace(transformed, [...args], where) as Out;
}
