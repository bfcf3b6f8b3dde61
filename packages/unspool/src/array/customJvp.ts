/** Functions with a forward rule of their own. */
import { OptionError, ShapeError, UnspoolError } from "../errors.ts";
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
import { type Aval, type Raw, avalsOf, evaluate, record, strong } from "./jaxprs.ts";
import { toRaw, wrap } from "./lift.ts";
import { nonlinearity } from "./linearity.ts";
import type { BatchAxis } from "./ruleTables.ts";
import { mappedFlat } from "./scanBatch.ts";
import type { Tensor } from "./tensor.ts";
import { type Fn, applied } from "./trace.ts";
import { inTrace } from "./transforms.ts";
import { willBeTransposed } from "./transposed.ts";
import * as tree from "./tree.ts";
import { zeroFor } from "./zeroTangents.ts";

/** The inputs are [...what the rule closes over, ...what the function closes over, ...leaves of the arguments]. */
interface Recorded {
  /** What errors call the function. */
  where: string;
  /** What keeps the rule from being linear in the tangents. */
  bend: string | undefined;
  numRule: number;
  numFunction: number;
  /** From [...what the function closes over, ...args] to the values. */
  value: Flat;
  /** From [...what the rule closes over, ...args, ...tangents, ...values] to the tangents of the values. */
  tangent: Flat;
}

class ForwardRule implements CustomRule {
  readonly #it: Recorded;

  constructor(recorded: Recorded) {
    this.#it = recorded;
  }

  /** Binds the program of this rule. */
  bind(inputs: Raw[]): Raw[] {
    const { where, numRule, value } = this.#it;
    const run: Flat = (args) => {
      for (const unread of args.slice(0, numRule)) unread.dispose();
      return value(args.slice(numRule));
    };
    return bindCustom(where, run, inputs, this);
  }

  push(primals: Raw[], tangents: Raw[]): [Raw[], Raw[]] {
    const { where, bend, numRule, numFunction, tangent } = this.#it;
    const first = numRule + numFunction;
    if (bend !== undefined && willBeTransposed(tangents.slice(first))) throw notLinear(where, bend);
    const values = this.bind(primals.map((raw) => raw.ref));
    const closed = primals.slice(0, first);
    for (const raw of closed.slice(0, numRule)) void raw.ref;
    requireStill(where, closed, tangents.slice(0, first));
    const slopes = tangent([
      ...primals.slice(0, numRule),
      ...primals.slice(first),
      ...tangents.slice(first),
      ...values.map((raw) => raw.ref),
    ]);
    return [values, slopes.map((slope, i) => (isFloat(slope.dtype as DType) ? slope : zeroFor(values[i]!)))];
  }

  mapped(size: number, args: Raw[], axes: BatchAxis[]): Raw[] {
    const { numRule, numFunction, value, tangent } = this.#it;
    const avals = avalsOf(args);
    const own = { avals: avals.slice(numRule), axes: axes.slice(numRule) };
    const wide = mappedFlat(value, size, own.avals, own.axes);
    const outs = record(own.avals, (...raws) => wide(raws)).jaxpr.outs.map(({ aval }) =>
      strong(aval as Aval),
    );
    const moving = { avals: own.avals.slice(numFunction), axes: own.axes.slice(numFunction) };
    const push = mappedFlat(
      tangent,
      size,
      [...avals.slice(0, numRule), ...moving.avals, ...moving.avals, ...outs],
      [...axes.slice(0, numRule), ...moving.axes, ...moving.axes, ...outs.map(() => 0)],
    );
    return new ForwardRule({ ...this.#it, value: wide, tangent: push }).bind(args);
  }
}

/** Reverse mode transposes the rule. */
function notLinear(where: string, bend: string): UnspoolError {
  return new UnspoolError(
    "UNSUPPORTED",
    `${where}: reverse mode (grad, vjp) needs a rule that is made of operations linear in the tangents; this one ${bend}. ` +
      "Use forward mode (jvp, jacobian), or write sums of products of the tangents with what does not depend on them.",
    { where },
  );
}

/** The inputs of the program, its rule and what its values look like, for the arguments `args`. */
function recorded(
  where: string,
  fn: Fn,
  tangent: Fn,
  args: readonly unknown[],
): { inputs: Raw[]; recorded: Recorded; like: unknown } {
  const raws = tree.leaves(args).map(toRaw);
  let like: unknown;
  const values = recordTensors(raws, (...leaves) => {
    like = returned(where, "the function", applied(fn, tree.unflatten(args, leaves)));
    return tree.leaves(like);
  });
  const outs = values.jaxpr.outs.map(({ aval }) => strong(aval as Aval));
  const avals = avalsOf(raws);
  const rule = record([...avals, ...avals, ...outs], (...all) => {
    const leaves = wrap(all) as Tensor[];
    const n = raws.length;
    const [primals, tangents] = [leaves.slice(0, n), leaves.slice(n, 2 * n)];
    const value = tree.unflatten(like, leaves.slice(2 * n));
    const result: unknown = returned(
      where,
      "the rule",
      applied(tangent, [tree.unflatten(args, primals), tree.unflatten(args, tangents), value]),
    );
    return tangentsOf(where, value, result).map(toRaw);
  });
  return {
    inputs: [...rule.consts, ...values.consts, ...raws],
    recorded: {
      where,
      bend: nonlinearity(rule, "the tangent", (place) => place >= raws.length && place < 2 * raws.length),
      numRule: rule.consts.length,
      numFunction: values.consts.length,
      value: (given) => evaluate(values.jaxpr, given),
      tangent: (given) => evaluate(rule.jaxpr, given),
    },
    like,
  };
}

/** Tangents of the leaves of `value`; of whole numbers there are none. */
function tangentsOf(where: string, value: unknown, given: unknown): Tensor[] {
  const found = new Map(tree.entries(given));
  return tree.entries(value).map(([path, leaf]) => {
    if (!isFloat(leaf.dtype)) return leaf;
    const tangent = found.get(path);
    if (tangent !== undefined && String(tangent.shape) === String(leaf.shape)) {
      return tangent.dtype === leaf.dtype ? tangent : tangent.astype(leaf.dtype);
    }
    const label = `the tangent${path === "" ? "" : ` at "${path}"`}`;
    const got = tangent === undefined ? "missing" : plain(tangent);
    throw new ShapeError(where, `${label} is ${got}, expected ${plain(leaf)}. The rule returns a tree like the value.`); // prettier-ignore
  });
}

/**
 * A function of trees with its own forward rule: `tangent(primals, tangents, value)` gives the derivative of the value
 * along `tangents`, which are a list of trees like the arguments. Forward mode uses it as it is written. Written with
 * operations that are linear in the tangents it serves reverse mode too, which transposes it, and further derivatives, which
 * differentiate it. `options.name` is what errors call the function. As `jax.custom_jvp`.
 *
 * @throws UnspoolError in reverse mode where the rule is not linear, or adds something to what is (code UNSUPPORTED).
 * @throws ShapeError where the tangent does not fit the value, and where the function or its rule closes over a value that
 * is being differentiated: pass it as an argument.
 *
 * @example
 * // log(1 + e^x), whose derivative does not overflow.
 * const log1pExp = customJvp(
 *   (x: Tensor) => np.log(np.exp(x).add(1)),
 *   ([x], [dx]) => dx.div(np.exp(x.neg()).add(1)),
 * );
 */
export function customJvp<Args extends readonly unknown[], Out>(
  fn: (...args: Args) => Out,
  tangent: (primals: Args, tangents: Args, value: Out) => Out,
  options: CustomOptions = {},
): (...args: Args) => Out {
  const made = "customJvp";
  if (typeof fn !== "function")
    throw new OptionError(made, "fn", fn, "a function of tensors", "Write (x) => its value.");
  if (typeof tangent !== "function") {
    const hint = "Write ([x], [dx], value) => the derivative of the value along dx.";
    throw new OptionError(made, "tangent", tangent, "a function of primals, tangents and value", hint);
  }
  const where = nameOf(made, fn, options);
  const advice = "The rule is given the value as its third argument.";
  const recordOnce = notWithinItself(where, advice, (args: readonly unknown[]) =>
    recorded(where, fn as Fn, tangent as Fn, args),
  );
  const transformed = (...args: unknown[]): unknown => {
    const { inputs, recorded: rule, like } = recordOnce(args);
    return tree.unflatten(like, wrap(new ForwardRule(rule).bind(inputs)) as Tensor[]);
  };
  return (...args) => inTrace(transformed, [...args], where) as Out;
}
