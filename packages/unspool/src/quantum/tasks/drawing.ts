/** Draws from distributions over few outcomes by inverse cumulative probabilities: the same uniforms, nearly the same draws. */
import { type Key, type Tensor, np, random } from "../../array/index.ts";

const exact = { dtype: "float64" } as const;

/** Uniform numbers [shots] of the stream `name`. */
export const uniforms = (key: Key, name: string, shots: number): Tensor =>
  random.uniform(random.foldIn(key, name), [shots], exact);

/** Which outcome each shot has, as rows of one 1: [shots, D], for probabilities [D]. */
export function drawn(p: Tensor, u: Tensor): Tensor {
  const column = u.reshape([u.shape[0]!, 1]);
  // Beyond an edge or not: 1 for all outcomes below the one that is drawn.
  const beyond = column.greaterEqual(np.cumsum(p).slice([0, -1])).astype("float64");
  const [first, last] = [np.ones([u.shape[0]!, 1], exact), np.zeros([u.shape[0]!, 1], exact)];
  return (np.concatenate([first, beyond], 1) as Tensor).sub(np.concatenate([beyond, last], 1) as Tensor);
}

/** Shares of the outcomes among the shots, [D]. */
export const frequenciesOf = (draws: Tensor): Tensor => draws.mean(0) as Tensor;
