/** Repairs of single rules of jax-js 0.1.25, held by tests. */
import * as jax from "@jax-js/jax";
import { type Params, type Raw, bind } from "./jaxprs.ts";
import { rules } from "./ruleTables.ts";

/** The tangent rule of `mod` gave for integers their first operand, not the remainder: random integers were bits. */
export function repairRules(): void {
  const remainder = rules.tangents["mod"]!;
  rules.tangents["mod"] = (primals: Raw[], tangents: Raw[], params: Params) => {
    const isInteger = primals.every(({ dtype }) => dtype === jax.DType.Int32 || dtype === jax.DType.Uint32);
    if (!isInteger) return remainder.call(rules.tangents, primals, tangents, params);
    for (const tangent of tangents) tangent.dispose();
    const [value] = bind("mod", primals, params) as [Raw];
    return [[value], [jax.numpy.zerosLike(value.ref) as Raw]];
  };
}
