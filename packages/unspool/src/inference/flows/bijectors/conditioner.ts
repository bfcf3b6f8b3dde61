/** The network of a coupling: ReLU layers whose last one starts at 0, so that the coupling starts where its zero is. */
import { type Key, np } from "../../../array/index.ts";
import { OptionError } from "../../../errors.ts";
import { type Layer, initMlp } from "../../../networks/index.ts";

export interface ConditionerOptions {
  inputs: number;
  outputs: number;
  /** Default [64, 64]. */
  hidden?: readonly number[];
  /** Default "float32". */
  dtype?: "float32" | "float64";
}

export function conditioner({ inputs, outputs, hidden = [64, 64], dtype = "float32" }: ConditionerOptions): {
  init(key: Key): Layer[];
} {
  if (!Array.isArray(hidden) || !hidden.every((width) => Number.isInteger(width) && width >= 1))
    throw new OptionError("flow", "hidden", hidden, "a list of widths, integers of at least 1");
  return {
    init(key) {
      const layers = initMlp(key, [inputs, ...hidden, outputs], { dtype });
      const last = layers.pop()!;
      return [...layers, { weights: np.zerosLike(last.weights), bias: last.bias }];
    },
  };
}
