/**
 * Quarter turns of a float32 angle, exactly, after Payne and Hanek: 2 / pi in pieces of 29 bits, so that an angle of 24
 * bits times a piece is exact in float64. Multiples of four turns in each product do not count and are taken off before
 * the sum, which is then small and good to about 2^-51 for every finite angle (engine: `math/reduction.ts`).
 */
import * as jax from "@jax-js/jax";
import { lift } from "./lift.ts";
import type { Tensor } from "./tensor.ts";

const floor = lift(jax.numpy.floor) as (x: Tensor) => Tensor;

/** Bits 1-29, 30-58, ... of 2 / pi after the first, from the binary expansion of 1 / pi. */
const inverses = [
  0.3183098854497075, 7.340831623126043e-10, 1.1380050335985908e-18, 2.9406073693865217e-27,
  5.173434350418107e-36, 1.8916281755456595e-45, 1.8602374392588695e-53,
].map((piece) => 2 * piece);

/** The nearest number of quarter turns, less multiples of four of them, and what is left in radians: float64. */
export function quarterTurns(angle: Tensor): { turns: Tensor; rest: Tensor } {
  const wide = angle.astype("float64");
  const parts = inverses.map((piece) => {
    const product = wide.mul(piece);
    return product.sub(floor(product.mul(0.25).add(0.5)).mul(4));
  });
  const sum = parts.reduceRight((total, part) => total.add(part));
  const turns = floor(sum.add(0.5));
  return { turns, rest: sum.sub(turns).mul(Math.PI / 2) };
}
