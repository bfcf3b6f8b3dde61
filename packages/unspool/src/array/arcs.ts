/**
 * Arc functions and the tangent. In float32, jax-js 0.1.25 on WebAssembly is off by 13 ulps and more, and by everything
 * near multiples of pi: the values come from the rational reductions and polynomials of the Cephes library (S. L. Moshier,
 * single precision). Recorded under their names, for which the engine has kernels.
 */
import * as jax from "@jax-js/jax";
import { isFloat } from "./dtype.ts";
import { concrete, isTensor, lift } from "./lift.ts";
import { namedFunction } from "./namedDerivatives.ts";
import type { Tensor } from "./tensor.ts";
import { quarterTurns } from "./turns.ts";

type Unary = (x: Tensor) => Tensor;
const [rawAsin, rawAtan, rawTan, sqrt, floor] = (["asin", "atan", "tan", "sqrt", "floor"] as const).map(
  (name) => lift(jax.numpy[name]),
) as [Unary, Unary, Unary, Unary, Unary];
const choose = lift(jax.numpy.where) as (condition: Tensor, x: Tensor, y: Tensor) => Tensor;

/** `value` as a scalar of the dtype of x. */
const like = (value: number, x: Tensor): Tensor =>
  concrete(x.dtype === "float64" ? Float64Array.of(value) : Float32Array.of(value), [], x.dtype);
const pick = (condition: Tensor, x: Tensor | number, y: Tensor | number, of: Tensor): Tensor =>
  choose(condition, isTensor(x) ? x : like(x, of), isTensor(y) ? y : like(y, of));

const polynomial = (z: Tensor, highestFirst: readonly number[]): Tensor => {
  const [highest, ...rest] = highestFirst as [number, ...number[]];
  return rest.reduce((sum, c) => sum.mul(z).add(c), pick(z.equal(z), highest, z, z));
};

/** asin x for x from 0 to 0.5, x given with its square. */
const arc = (x: Tensor, square: Tensor): Tensor =>
  x.add(
    x
      .mul(square)
      .mul(
        polynomial(
          square,
          [4.2163199048e-2, 2.4181311049e-2, 4.5470025998e-2, 7.4953002686e-2, 1.6666752422e-1],
        ),
      ),
  );

/** asin of sqrt(half), where `half` is (1 - |x|) / 2: |asin x| is pi/2 minus twice this. */
const fromEnd = (half: Tensor): Tensor => arc(sqrt(half), half);

function asin32(x: Tensor): Tensor {
  const isNegative = x.less(0);
  const a = pick(isNegative, x.neg(), x, x);
  const isFar = a.greater(0.5);
  const near = arc(a, a.mul(a));
  const y = pick(
    isFar,
    fromEnd(pick(isFar, like(1, x).sub(a), 0, x).mul(0.5))
      .mul(-2)
      .add(Math.PI / 2),
    near,
    x,
  );
  return pick(isNegative, y.neg(), y, x);
}

function acos32(x: Tensor): Tensor {
  const isNegative = x.less(0);
  const a = pick(isNegative, x.neg(), x, x);
  const isFar = a.greater(0.5);
  const end = fromEnd(pick(isFar, like(1, x).sub(a), 0, x).mul(0.5)).mul(2);
  const near = arc(a, a.mul(a));
  const below = pick(isFar, end.neg().add(Math.PI), near.add(Math.PI / 2), x);
  return pick(isNegative, below, pick(isFar, end, near.neg().add(Math.PI / 2), x), x);
}

function atan32(x: Tensor): Tensor {
  const isNegative = x.less(0);
  const a = pick(isNegative, x.neg(), x, x);
  // tan(3 pi / 8) and tan(pi / 8).
  const [isLarge, isMiddle] = [a.greater(2.414213562373095), a.greater(0.41421356237309503)];
  const over = pick(isLarge, -1, pick(isMiddle, a.sub(1), a, x), x);
  const under = pick(isLarge, a, pick(isMiddle, a.add(1), 1, x), x);
  const t = over.div(under);
  const z = t.mul(t);
  const series = t
    .mul(z)
    .mul(polynomial(z, [8.05374449538e-2, -1.38776856032e-1, 1.99777106478e-1, -3.33329491539e-1]));
  const base = pick(isLarge, Math.PI / 2, pick(isMiddle, Math.PI / 4, 0, x), x);
  const y = base.add(series.add(t));
  return pick(isNegative, y.neg(), y, x);
}

function tan32(x: Tensor): Tensor {
  const { turns, rest: r } = quarterTurns(x);
  const z = r.mul(r);
  const sixth = [
    9.38540185543e-3, 3.11992232697e-3, 2.44301354525e-2, 5.34112807005e-2, 1.33387994085e-1,
    3.33331568548e-1,
  ];
  const value = r.add(r.mul(z).mul(polynomial(z, sixth)));
  const half = turns.mul(0.5);
  const turned = choose(half.equal(floor(half)), value, like(-1, r).div(value));
  return turned.astype("float32");
}

const square = (x: Tensor): Tensor => x.mul(x);
/** 1 / sqrt(1 - x²), with 1 - x² as a product that keeps its digits near 1. */
const arcSlope = (x: Tensor): Tensor => like(1, x).div(sqrt(like(1, x).sub(x).mul(x.add(1))));
const isWide = (x: Tensor): boolean => x.dtype === "float64";

function onFloats(run: Unary): (x: unknown) => Tensor {
  return (given) => {
    const x = isTensor(given) ? given : concrete(Float32Array.of(Number(given)), [], "float32");
    return run(isFloat(x.dtype) ? x : x.astype("float32"));
  };
}

export const asin: (x: unknown) => Tensor = onFloats(
  namedFunction("asin", (x) => (isWide(x) ? rawAsin(x) : asin32(x)), arcSlope),
);
export const acos: (x: unknown) => Tensor = onFloats(
  namedFunction(
    "acos",
    (x) =>
      isWide(x)
        ? rawAsin(x)
            .neg()
            .add(Math.PI / 2)
        : acos32(x),
    (x) => arcSlope(x).neg(),
  ),
);
export const atan: (x: unknown) => Tensor = onFloats(
  namedFunction(
    "atan",
    (x) => (isWide(x) ? rawAtan(x) : atan32(x)),
    (x) => like(1, x).div(square(x).add(1)),
  ),
);
export const tan: (x: unknown) => Tensor = onFloats(
  namedFunction(
    "tan",
    (x) => (isWide(x) ? rawTan(x) : tan32(x)),
    (_x, y) => square(y).add(1),
  ),
);
