/**
 * Functions that are written from pieces and recorded in traces as one nested program under their name, so that a
 * compiler with a kernel for them finds them. Their derivatives are written in their values: jax-js would record the
 * derivative of every piece, and forget the name.
 */
import { type Params, type Raw, bind } from "./jaxprs.ts";
import { isTensor, isTracing, nameProgram, namedProgram, toRaw, withSession, wrap } from "./lift.ts";
import { type BatchAxis, rules } from "./ruleTables.ts";
import type { Tensor } from "./tensor.ts";

/** d f / d x from x and f(x). */
type Slope = (x: Tensor, y: Tensor) => Tensor;

interface Named {
  slope: Slope;
  /** Recorded under its name. */
  traced: (x: Tensor) => Tensor;
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
    const slope = named(params)?.slope;
    if (slope === undefined) return differentiate.call(rules.tangents, primals, tangents, params);
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
    // Each element for itself: the function of the whole, mapped where it was. Its constants are those of the whole.
    for (const constant of args.slice(0, -1)) constant.dispose();
    return withSession((): [Raw[], BatchAxis[]] => [
      [toRaw(traced(wrap(args.at(-1)!) as Tensor))],
      [axes.at(-1)!],
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
