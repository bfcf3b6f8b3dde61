/** What training keeps in memory: of optimizers as they are here, and of workers that share it. */
import { np } from "../../array/index.ts";
import { requireInteger, requireOneOf, requireKnownOptions } from "../../errors.ts";
import { createOptimizer, optimizers } from "../registry.ts";
import type { Optimizer } from "../optimizer.ts";
import { stateBytes } from "./stateBytes.ts";

/**
 * Copies of theta in the state of an optimizer: bytes of state over bytes of theta, for a float32 matrix (256 by 256
 * unless `theta` is given).
 *
 * @example
 * stateCopies(adam()); // 2
 */
export function stateCopies(optimizer: Optimizer, theta: unknown = np.zeros([256, 256])): number {
  return stateBytes(optimizer.init(theta)) / stateBytes(theta);
}

export interface StateMemory {
  name: string;
  /** See `stateCopies`; wrappers stand around SGD, which has none. */
  copies: number;
}

/** Every registered optimizer with its defaults. */
export function stateMemoryTable(): StateMemory[] {
  return optimizers.map(({ name }) => ({ name, copies: stateCopies(createOptimizer(name)) }));
}

export interface ShardedStateBytesOptions {
  /** Of a parameter as it is computed with. Default 2: half precision. */
  weight?: number;
  /** Of a gradient. Default 2. */
  gradient?: number;
  /** Of the optimizer's state. Default 12: Adam's moments and the parameter itself in float32. */
  state?: number;
}

/**
 * Bytes per parameter that each of `workers` keeps under ZeRO (Rajbhandari, Rasley, Ruwase & He, SC 2020, section 5):
 * stage 0 shares nothing, 1 the optimizer's state, 2 gradients too, 3 parameters too.
 *
 *     stage 0: w + g + s      1: w + g + s / W      2: w + (g + s) / W      3: (w + g + s) / W
 */
export function shardedStateBytes(
  stage: 0 | 1 | 2 | 3,
  workers: number,
  options: ShardedStateBytesOptions = {},
): number {
  requireKnownOptions("shardedStateBytes", options, ["weight", "gradient", "state"]);
  requireOneOf("shardedStateBytes", "stage", String(stage), ["0", "1", "2", "3"]);
  requireInteger("shardedStateBytes", "workers", workers, 1);
  const { weight = 2, gradient = 2, state = 12 } = options;
  const [whole, shared] = [
    [weight + gradient + state, 0],
    [weight + gradient, state],
    [weight, gradient + state],
    [0, weight + gradient + state],
  ][stage] as [number, number];
  return whole + shared / workers;
}
