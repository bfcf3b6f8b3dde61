/**
 * The network of a coupling: ReLU layers, drawn as `torch.nn.Linear` draws them, weights and biases of a layer uniform in
 * ±1 / √inputs. Biases count: with one input and biases of 0 all corners would lie at one point. The last layer starts at
 * 0, so that the coupling starts where its zero is.
 */
import { type Key, type Tensor, np, random } from "../../../array/index.ts";
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
      const layers = initMlp(key, [inputs, ...hidden, outputs], { weights: uniform, dtype });
      return layers.map(({ weights, bias }, i) => {
        if (i === hidden.length) return { weights: np.zerosLike(weights), bias };
        const draw = random.foldIn(random.foldIn(key, "bias"), i);
        return { weights, bias: uniform(draw, [weights.shape[0]!, bias.size], dtype).slice(0) };
      });
    },
  };
}

/** [inputs, outputs] within ±1 / √inputs. */
function uniform(
  key: Key,
  [inputs, outputs]: readonly [number, number],
  dtype?: "float32" | "float64",
): Tensor {
  const limit = 1 / Math.sqrt(inputs);
  const options = { minval: -limit, maxval: limit, ...(dtype && { dtype }) };
  return random.uniform(key, [inputs, outputs], options);
}
