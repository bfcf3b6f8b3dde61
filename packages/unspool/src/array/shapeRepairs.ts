/**
 * Shapes that jax-js 0.1.25 takes on trust in a trace: a compiled program read past its operand, and eagerly an error
 * of its own came from deep inside. Both are held against the operand here, and say what is wrong.
 */
import { ShapeError } from "../errors.ts";
import type { Params } from "./jaxprs.ts";
import { rules } from "./ruleTables.ts";

interface Shaped {
  readonly shape: readonly number[];
}

const show = (shape: readonly number[]): string => `[${shape.join(",")}]`;

/** What is wrong with an operand of the primitive, in words. */
const faults: Readonly<Record<string, (x: Shaped, params: Params) => string | undefined>> = {
  broadcast({ shape }, params) {
    const { shape: wanted, axis } = params as { shape: number[]; axis: number[] };
    const rest = wanted.filter((_, i) => !axis.includes(i));
    const fits = rest.length === shape.length && rest.every((n, i) => shape[i] === n || shape[i] === 1);
    return fits
      ? undefined
      : `shape ${show(shape)} does not broadcast to ${show(wanted)}. Axes must be equal, or 1.`;
  },
  reshape({ shape }, params) {
    const { shape: wanted } = params as { shape: number[] };
    const [own, other] = [shape, wanted].map((one) => one.reduce((product, n) => product * n, 1));
    return own === other
      ? undefined
      : `shape ${show(shape)} has ${own} elements, and ${show(wanted)} has ${other}.`;
  },
  shrink({ shape }, params) {
    const { slice } = params as { slice: [number, number][] };
    const fits =
      slice.length === shape.length &&
      slice.every(([from, to], i) => 0 <= from && from <= to && to <= shape[i]!);
    return fits ? undefined : `the ranges ${JSON.stringify(slice)} do not lie in shape ${show(shape)}.`;
  },
};

const names: Readonly<Record<string, string>> = {
  broadcast: "np.broadcastTo",
  reshape: "np.reshape",
  shrink: "Tensor.slice",
};

export function repairShapes(): void {
  for (const [primitive, faultOf] of Object.entries(faults)) {
    const check = (operands: readonly Shaped[], params: Params): void => {
      const fault = faultOf(operands[0]!, params);
      if (fault !== undefined) throw new ShapeError(names[primitive]!, fault);
    };
    const [shapeRule, evaluate] = [rules.shapes[primitive]!, rules.evaluation[primitive]!];
    rules.shapes[primitive] = (avals, params) => {
      check(avals, params);
      return shapeRule.call(rules.shapes, avals, params);
    };
    rules.evaluation[primitive] = (args, params) => {
      check(args, params);
      return evaluate.call(rules.evaluation, args, params);
    };
  }
}
