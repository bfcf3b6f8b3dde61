/** Sums of one term, eagerly: see `singleTerms.ts`. */
import * as jax from "@jax-js/jax";
import type { Jaxpr, Params, Raw } from "./jaxprs.ts";
import { rules } from "./ruleTables.ts";
import { channelOfZeros, hasOneTerm, withWideConvolutions } from "./singleTerms.ts";

export function repairSingleTerms(): void {
  const replaced: Readonly<Record<string, (args: Raw[], params: Params) => Raw[]>> = {
    dot: ([x, y]) => {
      const product = x!.mul(y!);
      return [product.reshape(product.shape.slice(0, -1))];
    },
    reduce: ([x], params) => {
      const { axis } = params as { axis: number[] };
      return [x!.reshape(x!.shape.filter((_, i) => !axis.includes(i)))];
    },
    conv: (args, params) => {
      const padded = args.map((arg) => jax.numpy.pad(arg, channelOfZeros(arg.ndim, params)) as Raw);
      return evaluate["conv"]!.call(rules.evaluation, padded, params);
    },
  };
  const evaluate = { ...rules.evaluation };
  for (const [primitive, instead] of Object.entries(replaced)) {
    rules.evaluation[primitive] = (args, params) =>
      hasOneTerm(primitive, args, params)
        ? instead(args, params)
        : evaluate[primitive]!.call(rules.evaluation, args, params);
  }
  const run = rules.evaluation["jit"]!;
  rules.evaluation["jit"] = (args, params) => {
    const jaxpr = withWideConvolutions((params as { jaxpr: Jaxpr }).jaxpr);
    return run.call(rules.evaluation, args, { ...params, jaxpr });
  };
}
