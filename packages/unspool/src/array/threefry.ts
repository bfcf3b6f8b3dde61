/**
 * Threefry-2x32 with 20 rounds (Salmon et al. 2011), the generator of JAX, for concrete keys; and its traced form.
 * `random.split`, `random.bits` and `foldIn` give the bits of JAX with `jax_threefry_partitionable`.
 */
import type { Tensor } from "./tensor.ts";

const rotations = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;
const parity = 0x1bd11bda;

/** One block: two words of output for a key and a counter of two words each. */
export function threefry2x32(k0: number, k1: number, c0: number, c1: number): [number, number] {
  const schedule = [k0, k1, k0 ^ k1 ^ parity];
  let x0 = (c0 + k0) | 0;
  let x1 = (c1 + k1) | 0;
  for (let group = 0; group < 5; group++) {
    for (const r of rotations[group % 2]!) {
      x0 = (x0 + x1) | 0;
      x1 = ((x1 << r) | (x1 >>> (32 - r))) ^ x0;
    }
    x0 = (x0 + schedule[(group + 1) % 3]!) | 0;
    x1 = (x1 + schedule[(group + 2) % 3]! + group + 1) | 0;
  }
  return [x0 >>> 0, x1 >>> 0];
}

/** uint32 operations that the traced block is made of. */
export interface WordOperations {
  add(a: Tensor, b: Tensor | number): Tensor;
  xor(a: Tensor, b: Tensor | number): Tensor;
  rotateLeft(a: Tensor, by: number): Tensor;
}

/** The same block on uint32 tensors of any one shape, first counter word 0. */
export function tracedThreefry(k0: Tensor, k1: Tensor, c1: Tensor, ops: WordOperations): [Tensor, Tensor] {
  const schedule = [k0, k1, ops.xor(ops.xor(k0, k1), parity)];
  let x0 = k0;
  let x1 = ops.add(c1, k1);
  for (let group = 0; group < 5; group++) {
    for (const r of rotations[group % 2]!) {
      x0 = ops.add(x0, x1);
      x1 = ops.xor(ops.rotateLeft(x1, r), x0);
    }
    x0 = ops.add(x0, schedule[(group + 1) % 3]!);
    x1 = ops.add(ops.add(x1, schedule[(group + 2) % 3]!), group + 1);
  }
  return [x0, x1];
}
