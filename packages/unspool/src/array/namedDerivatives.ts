/**
 * Functions that are written from pieces and recorded in traces as one nested program under their name, so that a
 * compiler with a kernel for them finds them. Their derivatives are written in their values: jax-js would record the
 * derivative of every piece, and forget the name.
 */
import type * as jax from "@jax-js/jax";
import { type Params, type Raw, bind } from "./jaxprs.ts";
import { namedProgram, nameProgram } from "./lift.ts";
import { isTensor, isTracing } from "./lift.ts";
import { rules } from "./ruleTables.ts";
import type { Tensor } from "./tensor.ts";

/** d f / d x from x and f(x). Owns both. */
type Slope = (x: Raw, y: Raw) => Raw;

const slopes = new Map<string, Slope>();

/** The name of a nested program without what jax-js appends to it when it maps one. */
export const plainName = (name: string): string => name.replace(/(?:_vmap)+$/, "");

let isInstalled = false;

/** Called once, with the first function. */
function install(): void {
  const differentiate = rules.tangents["jit"]!;
  rules.tangents["jit"] = (primals: Raw[], tangents: Raw[], params: Params) => {
    const slope = slopes.get(plainName(String(params["name"])));
    if (slope === undefined) return differentiate.call(rules.tangents, primals, tangents, params);
    const [x] = primals as [Raw];
    const [y] = bind("jit", [x.ref], params) as [Raw];
    return [[y.ref], [slope(x, y).mul(tangents[0] as jax.Array)]];
  };
  isInstalled = true;
}

/** A function of one tensor with a name, dispatched once when it is called eagerly. */
export function namedFunction(name: string, fn: (x: Tensor) => Tensor, slope: Slope): (x: unknown) => Tensor {
  if (!isInstalled) install();
  slopes.set(name, slope);
  const [eager, traced] = [nameProgram(name, fn as never), namedProgram(name, fn as never)];
  return (x) => (isTracing() && isTensor(x) ? traced(x) : eager(x));
}
