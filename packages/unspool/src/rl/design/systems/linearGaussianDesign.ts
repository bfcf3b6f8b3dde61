/**
 * A linear system with Gaussian noise, whose expected return is a formula: what estimators are held against.
 *
 *     x' = a x + b u + xi,   xi ~ N(0, s²),   r = -(q x² + c_u u²) - c (a - a0)²,   x_0 ~ N(m0, v0)
 *
 * With u ~ N(k x, p²) second moments are M_{t+1} = (a + b k)² M_t + b² p² + s², from M_0 = m0² + v0, and
 *
 *     V = -sum_t (q M_t + c_u (k² M_t + p²) + c (a - a0)²)
 */
import { type Tensor, random, tree } from "../../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requireOneOf } from "../../../errors.ts";
import { type DesignTask, designTask } from "../designTask.ts";
import { normalLogProb } from "../numbersLike.ts";

type DesignName = "a" | "b" | "s";

export interface LinearGaussianDesignOptions {
  /** Which of the system's numbers are the design, in this order; the others stay. Default ["a"]. */
  design?: readonly DesignName[];
  /** Default 5. */
  horizon?: number;
  /** Default 0.9. */
  a?: number;
  /** Default 0.5. */
  b?: number;
  /** Standard deviation of the disturbance. Default 0.2. */
  s?: number;
  /** Price of x². Default 1. */
  q?: number;
  /** Price of u². Default 0.1. */
  controlCost?: number;
  /** Price of (a - a0)². Default 2. */
  designCost?: number;
  /** Where a costs nothing. Default 0.3. */
  a0?: number;
  /** Mean and variance of x_0. Default 1 and 0.25. */
  start?: { mean: number; variance: number };
}

export interface LinearGaussianDesign extends DesignTask {
  /** V of a design and a policy `{ gain: [k], deviation: p }`, in plain numbers. */
  exactReturn(design: readonly number[], gain: number, deviation: number): number;
}

const where = "linearGaussianDesign";
const box: Readonly<Record<DesignName, readonly [number, number]>> = {
  a: [-1.5, 1.5],
  b: [0.01, 2],
  s: [0.01, 1],
};

/** The linear system. Its action is one number in a vector [1]; states are [1], seen as they are, without t. */
export function linearGaussianDesign(options: LinearGaussianDesignOptions = {}): LinearGaussianDesign {
  requireKnownOptions(where, options, [
    "design",
    "horizon",
    "a",
    "b",
    "s",
    "q",
    "controlCost",
    "designCost",
    "a0",
    "start",
  ]);
  const { design: names = ["a"], horizon = 5, q = 1, controlCost = 0.1, designCost = 2, a0 = 0.3 } = options;
  const { start = { mean: 1, variance: 0.25 } } = options;
  const fixed = { a: options.a ?? 0.9, b: options.b ?? 0.5, s: options.s ?? 0.2 };
  requireInteger(where, "horizon", horizon, 1);
  for (const name of names) requireOneOf(where, "a name in design", name, ["a", "b", "s"]);
  if (names.length === 0) throw new OptionError(where, "design", names, 'one or more of "a", "b", "s"');

  const at = (design: Tensor, name: DesignName): Tensor => {
    const place = names.indexOf(name);
    return place < 0 ? tree.scalar(fixed[name], tree.floatType(design)) : design.slice(place);
  };
  const task = designTask({
    name: where,
    horizon,
    designBox: [names.map((name) => box[name][0]), names.map((name) => box[name][1])],
    designNames: names,
    initialState: (design, key) =>
      random
        .normal(key, [1], { dtype: tree.floatType(design) })
        .mul(Math.sqrt(start.variance))
        .add(start.mean),
    dynamics: (design, x, u, xi) =>
      x
        .mul(at(design, "a"))
        .add(u.mul(at(design, "b")))
        .add(xi),
    reward(design, x, u) {
      const miss = at(design, "a").sub(a0);
      const moving = x.mul(x).mul(q).add(u.mul(u).mul(controlCost)).sum();
      return moving.add(miss.mul(miss).mul(designCost)).neg();
    },
    disturbance: {
      sample: (design, _x, _u, key) =>
        random.normal(key, [1], { dtype: tree.floatType(design) }).mul(at(design, "s")),
      logProb: (design, _x, _u, xi) => normalLogProb(xi, 0, at(design, "s")).sum(),
    },
    hasTime: false,
  });
  return {
    ...task,
    exactReturn(design, gain, deviation) {
      const numberOf = (name: DesignName): number => design[names.indexOf(name)] ?? fixed[name];
      const [a, b, s] = [numberOf("a"), numberOf("b"), numberOf("s")];
      let [moment, total] = [start.mean ** 2 + start.variance, 0];
      for (let t = 0; t < horizon; t++) {
        total -=
          q * moment + controlCost * (gain ** 2 * moment + deviation ** 2) + designCost * (a - a0) ** 2;
        moment = (a + b * gain) ** 2 * moment + b ** 2 * deviation ** 2 + s ** 2;
      }
      return total;
    },
  };
}
