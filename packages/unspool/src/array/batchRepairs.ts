/**
 * Repairs of the rules by which jax-js 0.1.25 maps primitives. An axis may be mapped wherever it stands: of a product
 * it is the last of the result. The rule of `broadcast` keeps it in its place although axes may come before it, that of
 * `gather` counts axes of the operand where it means those of the indices, and that of programs moves it inside of a
 * program that keeps its name: who knows the name took the program for the function. Each is right for axis 0.
 */
import * as jax from "@jax-js/jax";
import type { Params, Raw } from "./jaxprs.ts";
import { type BatchAxis, rules } from "./ruleTables.ts";

const wrongElsewhere = ["broadcast", "gather", "jit"] as const;

export function repairBatching(): void {
  for (const primitive of wrongElsewhere) {
    const rule = rules.batching[primitive]!;
    rules.batching[primitive] = (size: number, args: Raw[], axes: BatchAxis[], params: Params) => {
      const moved = args.map((arg, i) => (axes[i] ? (jax.numpy.moveaxis(arg, axes[i], 0) as Raw) : arg));
      const first = axes.map((axis) => (axis === null ? null : 0));
      return rule.call(rules.batching, size, moved, first, params);
    };
  }
}
