/**
 * What a probability distribution is: a plain object made by a function of its parameters. Parameters and draws are
 * tensors, traced or not; every function here is pure and runs inside `jit`, `grad`, `vmap`, `scan` and steps.
 */
import type { Key, NestedNumbers, Tensor, TensorData, TensorLike } from "../array/index.ts";

/**
 * A parameter of a distribution: a tensor, a number, or nested arrays of numbers. Plain numbers take the dtype of the
 * tensors beside them and of what `logProb` is asked about; alone they are float32.
 */
export type Parameter = TensorLike | TensorData | NestedNumbers;

export interface Distribution {
  /** What errors call it, and what divergences are looked up by. */
  readonly name: string;
  /** The axes of its parameters, broadcast: so many distributions it is, side by side. */
  readonly batchShape: readonly number[];
  /** The axes of one draw: [] for numbers, [d] for vectors. */
  readonly eventShape: readonly number[];
  /** Whether draws carry derivatives by the parameters. */
  readonly isReparameterised: boolean;
  /** Draws [...shape, ...batch, ...event]; `shape` is [] by default, one draw of each. */
  sample(key: Key, shape?: readonly number[]): Tensor;
  /** The log-density (of whole numbers the log-probability) at x [..., ...batch, ...event]: [..., ...batch]. */
  logProb(x: Tensor): Tensor;
  /** [...batch, ...event]. Throws `UnspoolError` where there is none; NaN or Infinity where parameters decide. */
  mean(): Tensor;
  /** Of each element, [...batch, ...event]. Throws `UnspoolError` where there is none. */
  variance(): Tensor;
  /** [...batch], in nats. Throws `UnspoolError` where it has no closed form. */
  entropy(): Tensor;
}
