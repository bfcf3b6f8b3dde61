/**
 * Functions that are written from pieces and recorded in traces as one nested program under their name, so that a
 * compiler with a kernel for them finds them, and computes the same bits wherever they stand. Their derivatives are
 * written in their values: jax-js would record the derivative of every piece, and forget the name.
 */
import { atFront } from "./frontAxis.ts";
import { type Params, type Raw, bind } from "./jaxprs.ts";
import { isTensor, isTracing, nameProgram, namedProgram, toRaw, withSession, wrap } from "./lift.ts";
import { type BatchAxis, rules } from "./ruleTables.ts";
import type { Tensor } from "./tensor.ts";
import { zeroFor } from "./zeroTangents.ts";

/** d f / d x from x and f(x). */
type Slope = (x: Tensor, y: Tensor) => Tensor;

interface Named {
  /** Undefined for functions of whole numbers, which have no derivative. */
  slope: Slope | undefined;
  /** Recorded under its name. */
  traced: (...xs: Tensor[]) => Tensor;
}

const functions = new Map<string, Named>();

/** The name of a nested program without what jax-js appends to it when it maps one. */
export const plainName = (name: string): string => name.replace(/(?:_vmap)+$/, "");

const named = (params: Params): Named | undefined => functions.get(plainName(String(params["name"])));

/** Whether a nested program is such a function: its rules are those of this file. */
export const isNamedFunction = (params: Params): boolean => named(params) !== undefined;

function install(): void {
  const differentiate = rules.tangents["jit"]!;
  rules.tangents["jit"] = (primals: Raw[], tangents: Raw[], params: Params) => {
    const known = named(params);
    if (known === undefined) return differentiate.call(rules.tangents, primals, tangents, params);
    const { slope } = known;
    if (slope === undefined) {
      for (const tangent of tangents) tangent.dispose();
      const outs = bind("jit", primals, params);
      return [outs, outs.map(zeroFor)];
    }
    return withSession((): [Raw[], Raw[]] => {
      // Constants of the program come before its argument.
      const x = wrap(primals.at(-1)!) as Tensor;
      const y = wrap(bind("jit", [...primals.slice(0, -1), toRaw(x)], params)[0]) as Tensor;
      for (const tangent of tangents.slice(0, -1)) tangent.dispose();
      return [[toRaw(y)], [toRaw(slope(x, y)).mul(tangents.at(-1)!)]];
    });
  };
  const map = rules.batching["jit"]!;
  rules.batching["jit"] = (size: number, args: Raw[], axes: BatchAxis[], params: Params) => {
    const traced = named(params)?.traced;
    if (traced === undefined) return map.call(rules.batching, size, args, axes, params);
    // Each element for itself: the function of the whole. Its constants, which come first, are those of the whole.
    const first = params["numConsts"] as number;
    for (const constant of args.slice(0, first)) constant.dispose();
    const own = axes.slice(first);
    const isAlike = own.every((axis) => axis === own[0]);
    const given = args.slice(first).map((arg, i) => (isAlike ? arg : atFront(arg, own[i]!, size)));
    return withSession((): [Raw[], BatchAxis[]] => [
      [toRaw(traced(...(wrap(given) as Tensor[])))],
      [isAlike ? own[0]! : 0],
    ]);
  };
}

/** A function of one floating-point tensor with a name, dispatched once when it is called eagerly. */
export function namedFunction(name: string, fn: (x: Tensor) => Tensor, slope: Slope): (x: Tensor) => Tensor {
  if (functions.size === 0) install();
  const [eager, traced] = [nameProgram(name, fn), namedProgram(name, fn)];
  functions.set(name, { slope, traced });
  return (x) => (isTracing() && isTensor(x) ? traced(x) : eager(x));
}

/**
 * A function of whole numbers, element by element of tensors of one shape, that is recorded under its name wherever a
 * trace stands: mapped, differentiated, or computed again in reverse mode.
 */
export function namedElementwise(name: string, fn: (...xs: Tensor[]) => Tensor): (...xs: Tensor[]) => Tensor {
  if (functions.size === 0) install();
  const traced = namedProgram(name, fn);
  functions.set(name, { slope: undefined, traced });
  return traced;
}
