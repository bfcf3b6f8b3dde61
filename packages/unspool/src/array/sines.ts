/**
 * Sine and cosine. In float32, jax-js 0.1.25 on WebAssembly is good to 2^-22 only, and by which of two formulas depends
 * on what stands in the same kernel. Here multiples of pi / 2 are taken off exactly, and series of more digits than
 * float32 has follow. Recorded under their names, for which the engine has kernels.
 */
import * as jax from "@jax-js/jax";
import { isFloat } from "./dtype.ts";
import { concrete, isTensor, lift } from "./lift.ts";
import { namedFunction } from "./namedDerivatives.ts";
import type { Tensor } from "./tensor.ts";
import { quarterTurns } from "./turns.ts";

type Unary = (x: Tensor) => Tensor;
const [rawSin, rawCos, floor] = (["sin", "cos", "floor"] as const).map((name) => lift(jax.numpy[name])) as [
  Unary,
  Unary,
  Unary,
];
const choose = lift(jax.numpy.where) as (condition: Tensor, x: Tensor, y: Tensor) => Tensor;

const series = (z: Tensor, highestFirst: readonly number[]): Tensor =>
  highestFirst.slice(1).reduce((sum, c) => sum.mul(z).add(c), z.mul(0).add(highestFirst[0]!));

/** sin(x + quarters pi / 2). */
function shifted(x: Tensor, quarters: number): Tensor {
  const { turns, rest: r } = quarterTurns(x);
  const z = r.mul(r);
  // Taylor series to r^11 and r^12: the next terms are 3e-9 and 1e-10 of the value at pi / 4.
  const sine = r.mul(series(z, [-1 / 39916800, 1 / 362880, -1 / 5040, 1 / 120, -1 / 6, 1]));
  const cosine = series(z, [1 / 479001600, -1 / 3628800, 1 / 40320, -1 / 720, 1 / 24, -1 / 2, 1]);
  const half = turns.add(quarters).mul(0.5);
  const whole = floor(half);
  const quarter = whole.mul(0.5);
  const size = choose(half.equal(whole), sine, cosine);
  const value = choose(quarter.equal(floor(quarter)), size, size.neg());
  return value.astype("float32");
}

function onFloats(run: Unary): (x: unknown) => Tensor {
  return (given) => {
    const x = isTensor(given) ? given : concrete(Float32Array.of(Number(given)), [], "float32");
    return run(isFloat(x.dtype) ? x : x.astype("float32"));
  };
}

const isWide = (x: Tensor): boolean => x.dtype === "float64";

export const sin: (x: unknown) => Tensor = onFloats(
  namedFunction(
    "sin",
    (x) => (isWide(x) ? rawSin(x) : shifted(x, 0)),
    (x) => cos(x),
  ),
);
export const cos: (x: unknown) => Tensor = onFloats(
  namedFunction(
    "cos",
    (x) => (isWide(x) ? rawCos(x) : shifted(x, 1)),
    (x) => sin(x).neg(),
  ),
);
