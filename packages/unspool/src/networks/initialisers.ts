/** Random weights of a layer, [inputs, outputs], by the names that the papers give them. */
import { type Key, type Tensor, random } from "../array/index.ts";

export type Initialiser = (
  key: Key,
  shape: readonly [inputs: number, outputs: number],
  dtype?: "float32" | "float64",
) => Tensor;

/** N(0, 2 / inputs), for ReLU (He, Zhang, Ren and Sun, ICCV 2015). */
export const heNormal: Initialiser = (key, shape, dtype = "float32") =>
  random.normal(key, shape, { dtype }).mul(Math.sqrt(2 / shape[0]));

/** N(0, 1 / inputs), for tanh and linear layers (LeCun, Bottou, Orr and Müller 1998). */
export const fanInNormal: Initialiser = (key, shape, dtype = "float32") =>
  random.normal(key, shape, { dtype }).mul(1 / Math.sqrt(shape[0]));

/** U(-l, l) with l² = 6 / (inputs + outputs) (Glorot and Bengio, AISTATS 2010). */
export const glorotUniform: Initialiser = (key, shape, dtype = "float32") => {
  const limit = Math.sqrt(6 / (shape[0] + shape[1]));
  return random
    .uniform(key, shape, { dtype })
    .mul(2 * limit)
    .sub(limit);
};
