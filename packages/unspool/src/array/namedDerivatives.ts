/**
 * Functions that are written from pieces and recorded in traces as one nested program under their name, so that a
 * compiler with a kernel for them finds them. Their derivatives are written in their values: jax-js would record the
 * derivative of every piece, and forget the name.
 */
import { type Params, type Raw, bind } from "./jaxprs.ts";
import { isTensor, isTracing, nameProgram, namedProgram, toRaw, withSession, wrap } from "./lift.ts";
import { rules } from "./ruleTables.ts";
import type { Tensor } from "./tensor.ts";

/** d f / d x from x and f(x). */
type Slope = (x: Tensor, y: Tensor) => Tensor;

const slopes = new Map<string, Slope>();

/** The name of a nested program without what jax-js appends to it when it maps one. */
export const plainName = (name: string): string => name.replace(/(?:_vmap)+$/, "");

function install(): void {
  const differentiate = rules.tangents["jit"]!;
  rules.tangents["jit"] = (primals: Raw[], tangents: Raw[], params: Params) => {
    const slope = slopes.get(plainName(String(params["name"])));
    if (slope === undefined) return differentiate.call(rules.tangents, primals, tangents, params);
    return withSession((): [Raw[], Raw[]] => {
      // Constants of the program come before its argument.
      const x = wrap(primals.at(-1)!) as Tensor;
      const y = wrap(bind("jit", [...primals.slice(0, -1), toRaw(x)], params)[0]) as Tensor;
      for (const tangent of tangents.slice(0, -1)) tangent.dispose();
      return [[toRaw(y)], [toRaw(slope(x, y)).mul(tangents.at(-1)!)]];
    });
  };
}

/** A function of one floating-point tensor with a name, dispatched once when it is called eagerly. */
export function namedFunction(name: string, fn: (x: Tensor) => Tensor, slope: Slope): (x: Tensor) => Tensor {
  if (slopes.size === 0) install();
  slopes.set(name, slope);
  const [eager, traced] = [nameProgram(name, fn), namedProgram(name, fn)];
  return (x) => (isTracing() && isTensor(x) ? traced(x) : eager(x));
}
