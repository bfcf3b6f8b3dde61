/**
 * Tangents that are known to be zero: of constants, of what has no derivative, and of loops that do not move. Loops need
 * not carry them, and a rule of one's own may refuse any other.
 */
import * as jax from "@jax-js/jax";
import { internalsOf } from "./jaxInternals.ts";
import { type Raw, traceOf } from "./jaxprs.ts";
import { rules } from "./ruleTables.ts";

/** Primitives whose derivative is 0 everywhere. */
// prettier-ignore
export const flatPrimitives: ReadonlySet<string> = new Set([
  "idiv", "bit_combine", "bit_shift", "bit_count", "floor", "ceil", "stop_gradient", "compare", "random_bits",
]);

const zeroTangents = new WeakSet<Raw>();

export const isZeroTangent = (tangent: Raw): boolean => zeroTangents.has(tangent);

/** The tangent of a value that does not move. */
export function zeroFor(primal: Raw): Raw {
  const zero = jax.numpy.zerosLike(primal.ref);
  zeroTangents.add(zero);
  return zero;
}

/** Marks the zeros that jax-js makes itself. */
export function noteZeroTangents(): void {
  jax
    .jvp(
      (x: Raw) => {
        const prototype = Object.getPrototypeOf(traceOf(x)) as { lift(value: Raw): Raw };
        const { lift } = prototype;
        prototype.lift = function (value) {
          const lifted = lift.call(this, value);
          zeroTangents.add(internalsOf(lifted).tangent);
          return lifted;
        };
        return x;
      },
      [jax.numpy.zeros([])],
      [jax.numpy.zeros([])],
    )
    .forEach((raw) => (raw as Raw).dispose());
  for (const primitive of flatPrimitives) {
    const rule = rules.tangents[primitive];
    if (rule === undefined) continue;
    rules.tangents[primitive] = (primals, tangents, params) => {
      const [outs, slopes] = rule(primals, tangents, params);
      for (const slope of slopes) zeroTangents.add(slope);
      return [outs, slopes];
    };
  }
}
