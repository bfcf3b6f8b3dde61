/**
 * Reductions over no elements, eagerly: see `emptyReductions.ts`. And the reverse mode of jax-js 0.1.25 does not see that
 * an axis of length 0 came from one of length 1.
 */
import * as jax from "@jax-js/jax";
import { type Shaped, identityOf, isEmpty } from "./emptyReductions.ts";
import type { Params, Raw } from "./jaxprs.ts";
import { isUnknown, rules } from "./ruleTables.ts";

const lengthsOf = (primitive: string, operands: readonly Shaped[], params: unknown): number[] => {
  const [x, y] = operands as [Shaped, Shaped?];
  if (primitive === "reduce") {
    const { axis } = params as { axis: number[] };
    return x.shape.filter((_, i) => !axis.includes(i));
  }
  return x.shape.slice(0, -1).map((n, i) => (n === 1 ? y!.shape[i]! : n));
};

export function repairEmptyReductions(): void {
  for (const primitive of ["reduce", "dot"]) {
    const evaluate = rules.evaluation[primitive]!;
    rules.evaluation[primitive] = (args, params) => {
      if (!isEmpty(primitive, args, params)) return evaluate.call(rules.evaluation, args, params);
      const shape = lengthsOf(primitive, args, params);
      const { dtype } = args[0]!;
      for (const arg of args) arg.dispose();
      const value = identityOf(primitive, params);
      const isBool = String(dtype) === "bool";
      return [jax.numpy.full(shape, isBool ? value !== 0 : value, { dtype }) as Raw];
    };
  }
  // What comes from nothing gives 0 to all that it was linear in.
  for (const primitive of ["add", "mul", "where"]) {
    const transpose = rules.transposition[primitive]!;
    rules.transposition[primitive] = (cotangents: Raw[], args, params: Params) => {
      if (!cotangents.every(({ shape }) => shape.includes(0)))
        return transpose.call(rules.transposition, cotangents, args, params);
      for (const cotangent of cotangents) cotangent.dispose();
      return args.map((arg) => {
        if (isUnknown(arg))
          return jax.numpy.zeros([...arg.aval.shape], { dtype: arg.aval.dtype as jax.DType }) as Raw;
        (arg as Raw).dispose();
        return null;
      });
    };
  }
}
