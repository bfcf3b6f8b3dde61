/**
 * Seventeen functions of the black-box optimisation benchmark (Hansen, Finck, Ros and Auger 2009), in the forms of Google Vizier's
 * `bbob.py`: without shifts of place or value, so that every minimum is 0, and most lie at the origin. Rotations are the identity,
 * or two reflections that make every number depend on all others:
 *
 *     R = I - 2 v vᵀ,  v along (sin 1, sin 2, …);    Q = I - 2 w wᵀ,  w along (cos 1, cos 2, …)
 *
 * They are plain functions of float64 vectors, for searches; `bbobCandidates` evaluates stacked candidates.
 */
import { tree } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requireOneOf } from "../errors.ts";
import { type Registry, registry } from "../registry.ts";
import type { Evaluate } from "../search/index.ts";

/** Length preserving maps of a vector. */
interface Rotations {
  r(x: Float64Array): Float64Array;
  q(x: Float64Array): Float64Array;
}

type Formula = (x: Float64Array, rotations: Rotations) => number;

export interface BbobEntry {
  readonly name: string;
  readonly summary: string;
  /** The function; the domain is [-5, 5] in each number. Minimum 0. */
  create(options?: BbobOptions): (x: Float64Array) => number;
}

export interface BbobOptions {
  /** "none", or "reflection": no number can be searched by itself. Default "none". */
  rotation?: "none" | "reflection";
}

/** i / (d - 1), and 1 in one dimension. */
const share = (i: number, size: number): number => (size > 1 ? i / (size - 1) : 1);

/** Lambda^alpha x: scaled from 1 to sqrt(alpha). */
const scaled = (alpha: number, x: Float64Array): Float64Array =>
  x.map((one, i) => alpha ** (0.5 * share(i, x.length)) * one);

/** T_osz: small oscillations on a logarithmic scale. */
export function oscillated(x: number): number {
  if (x === 0) return 0;
  const log = Math.log(Math.abs(x));
  const [a, b] = x > 0 ? [10, 7.9] : [5.5, 3.1];
  return Math.sign(x) * Math.exp(log + 0.049 * (Math.sin(a * log) + Math.sin(b * log)));
}

/** T_asy: what is above 0 grows faster, the later numbers more. */
const skewed = (x: Float64Array, beta: number): Float64Array =>
  x.map((one, i) => (one > 0 ? one ** (1 + beta * share(i, x.length) * Math.sqrt(one)) : one));

/** f_pen: squares of what lies outside of [-5, 5]. */
const penalty = (x: Float64Array): number => sum(x, (one) => Math.max(0, Math.abs(one) - 5) ** 2);

function sum(x: ArrayLike<number>, term: (one: number, i: number) => number): number {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += term(x[i]!, i);
  return total;
}

const rastriginOf = (z: Float64Array): number =>
  10 * (z.length - sum(z, (one) => Math.cos(2 * Math.PI * one))) + sum(z, (one) => one * one);

const rastrigin: Formula = (x, { r, q }) => rastriginOf(r(scaled(10, q(skewed(r(x).map(oscillated), 0.2)))));

const buecheRastrigin: Formula = (x) => {
  const z = x.map(
    (one, i) => 10 ** (0.5 * share(i, x.length)) * (i % 2 === 0 && one > 0 ? 10 : 1) * oscillated(one),
  );
  return rastriginOf(z) + 100 * penalty(x);
};

/** With a rotation the corner of the plane is that of the rotated cube. */
const linearSlope: Formula = (x, { r }) => {
  const size = x.length;
  const z = r(x);
  return sum(z, (one, i) => {
    const unit = new Float64Array(size);
    unit[i] = 1;
    // Rows of a reflection are its columns.
    const corner = 5 * sum(r(unit), Math.abs);
    return 10 ** share(i, size) * (corner - one);
  });
};

const attractiveSector: Formula = (x, { r, q }) => {
  const best = (i: number): number => (i % 2 === 0 ? 1 : -1);
  const z = q(scaled(10, r(x.map((one, i) => one - best(i)))));
  return oscillated(sum(z, (one, i) => ((one * best(i) > 0 ? 100 : 1) * one) ** 2)) ** 0.9;
};

const stepEllipsoid: Formula = (x, { r, q }) => {
  const hat = scaled(10, r(x));
  const stepped = q(hat.map((one) => (one > 0.5 ? Math.floor(0.5 + one) : Math.floor(0.5 + 10 * one) / 10)));
  const ellipsoid = sum(stepped, (one, i) => 10 ** (2 * share(i, x.length)) * one * one);
  return 0.1 * Math.max(Math.abs(hat[0]!) / 1000, ellipsoid) + penalty(x);
};

const valley = (z: Float64Array, i: number): number => 100 * (z[i]! ** 2 - z[i + 1]!) ** 2 + (z[i]! - 1) ** 2;
const widened = (x: Float64Array): Float64Array => x.map((one) => Math.max(1, Math.sqrt(x.length) / 8) * one);

const rotatedRosenbrock: Formula = (x, { r }) => {
  const z = widened(r(x)).map((one) => one + 0.5);
  return sum(z.subarray(1), (_, i) => valley(z, i));
};

const griewankRosenbrock: Formula = (x, { r }) => {
  const z = widened(r(x)).map((one) => one + 1);
  const total = sum(z.subarray(1), (_, i) => valley(z, i) / 4000 - Math.cos(valley(z, i)));
  return x.length === 1 ? 0 : (10 * total) / (x.length - 1) + 10;
};

const ellipsoidal: Formula = (x) => sum(x, (one, i) => 10 ** (6 * share(i, x.length)) * oscillated(one) ** 2);
const discus: Formula = (x, { r }) => sum(r(x), (one, i) => (i === 0 ? 1e6 : 1) * oscillated(one) ** 2);
const bentCigar: Formula = (x, { r }) =>
  sum(r(skewed(r(x), 0.5)), (one, i) => (i === 0 ? 1 : 1e6) * one * one);

const sharpRidge: Formula = (x, { r, q }) => {
  const z = q(scaled(10, r(x)));
  return z[0]! ** 2 + 100 * Math.sqrt(sum(z.subarray(1), (one) => one * one));
};

const differentPowers: Formula = (x, { r }) =>
  Math.sqrt(sum(r(x), (one, i) => Math.abs(one) ** (2 + 4 * share(i, x.length))));

const weierstrass: Formula = (x, { r, q }) => {
  const z = scaled(0.01, q(r(x).map(oscillated)));
  const wave = (one: number): number => {
    let total = 0;
    for (let k = 0; k < 12; k++) total += 0.5 ** k * Math.cos(2 * Math.PI * 3 ** k * (one + 0.5));
    return total;
  };
  const size = x.length;
  return 10 * (sum(z, wave) / size - wave(0)) ** 3 + (10 * penalty(x)) / size;
};

const schaffers =
  (alpha: number): Formula =>
  (x, { r, q }) => {
    if (x.length === 1) return 0;
    const z = scaled(alpha, q(skewed(r(x), 0.5)));
    const total = sum(z.subarray(1), (next, i) => {
      const s = Math.hypot(z[i]!, next);
      return Math.sqrt(s) * (1 + Math.sin(50 * s ** 0.2) ** 2);
    });
    return (total / (x.length - 1)) ** 2 + 10 * penalty(x);
  };

const katsuura: Formula = (x, { r, q }) => {
  const size = x.length;
  const z = q(scaled(100, r(x)));
  let product = 1;
  z.forEach((one, i) => {
    let rough = 0;
    for (let j = 1; j <= 32; j++) rough += Math.abs(2 ** j * one - Math.round(2 ** j * one)) / 2 ** j;
    product *= (1 + (i + 1) * rough) ** (10 / size ** 1.2);
  });
  return (10 / size ** 2) * (product - 1) + penalty(x);
};

const entry = (name: string, summary: string, formula: Formula): BbobEntry => ({
  name,
  summary,
  create(options = {}) {
    requireKnownOptions(name, options, ["rotation"]);
    const { rotation = "none" } = options;
    requireOneOf(name, "rotation", rotation, ["none", "reflection"]);
    const same = (x: Float64Array): Float64Array => x;
    const rotations =
      rotation === "none" ? { r: same, q: same } : { r: reflection(Math.sin), q: reflection(Math.cos) };
    return (x) => formula(x, rotations);
  },
});

/** The functions, in the order of card and paper. */
export const bbob: Registry<BbobEntry> = registry("bbob", [
  entry("sphere", "the sphere", (x) => sum(x, (one) => one * one)),
  entry("rastrigin", "many minima on a paraboloid", rastrigin),
  entry("buecheRastrigin", "the same, with steeper walls on one side", buecheRastrigin),
  entry("linearSlope", "a plane, whose minimum is a corner", linearSlope),
  entry("attractiveSector", "steep but for one sector", attractiveSector),
  entry("stepEllipsoid", "an ellipsoid in steps", stepEllipsoid),
  entry("rotatedRosenbrock", "a bent valley", rotatedRosenbrock),
  entry("ellipsoidal", "condition 10^6", ellipsoidal),
  entry("discus", "one direction 10^6 times as steep", discus),
  entry("bentCigar", "all directions but one 10^6 times as steep", bentCigar),
  entry("sharpRidge", "a ridge that is not smooth", sharpRidge),
  entry("differentPowers", "powers from 2 to 6", differentPowers),
  entry("weierstrass", "rough on every scale", weierstrass),
  entry("schaffers", "many minima, ever narrower", schaffers(10)),
  entry("schaffersIllConditioned", "the same with condition 1000", schaffers(1000)),
  entry("griewankRosenbrock", "waves in the bent valley", griewankRosenbrock),
  entry("katsuura", "rough everywhere", katsuura),
]);

function reflection(direction: (i: number) => number): (x: Float64Array) => Float64Array {
  return (x) => {
    const v = x.map((_, i) => direction(i + 1));
    const twice = (2 * sum(v, (one, i) => one * x[i]!)) / sum(v, (one) => one * one);
    return x.map((one, i) => one - twice * v[i]!);
  };
}

/** Losses of candidates whose numbers are those of a function: one inner step each. */
export function bbobCandidates<Theta>(
  name: string,
  dimension: number,
  options: BbobOptions = {},
): Evaluate<Theta> {
  requireInteger("bbobCandidates", "dimension", dimension, 1);
  const f = bbob.create(name, options);
  return (candidates) => {
    const leaves = tree.leaves(candidates);
    const count = leaves[0]!.shape[0]!;
    if (leaves.length !== 1 || leaves[0]!.size !== count * dimension) {
      const allowed = `one leaf of ${dimension} numbers`;
      throw new OptionError("bbobCandidates", "theta", candidates, allowed);
    }
    const data = Float64Array.from(leaves[0]!.data);
    const losses = Array.from({ length: count }, (_, i) =>
      f(data.subarray(i * dimension, (i + 1) * dimension)),
    );
    return { losses, innerSteps: count };
  };
}
