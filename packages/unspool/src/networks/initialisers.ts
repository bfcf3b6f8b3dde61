/** Random weights of a layer, [inputs, outputs], by the names that the papers give them. */
import { type Key, type Tensor, linalg, np, random } from "../array/index.ts";

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

/**
 * Orthonormal rows or columns, whichever are fewer, times `gain`, drawn uniformly (Saxe, McClelland and Ganguli, ICLR 2014):
 * Q of the QR decomposition of normal numbers, with the signs of R's diagonal.
 */
export const orthogonal =
  (gain = 1): Initialiser =>
  (key, [inputs, outputs], dtype = "float32") => {
    const shape = [Math.max(inputs, outputs), Math.min(inputs, outputs)];
    const [q, r] = linalg.qr(random.normal(key, shape, { dtype }));
    const signs = np.where(np.diagonal(r).less(0), -1, 1) as Tensor;
    const columns = q.mul(signs.astype(dtype)).mul(gain);
    return inputs < outputs ? columns.transpose() : columns;
  };
