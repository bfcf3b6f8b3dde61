/**
 * Functions of ten categories and many numbers, whose optimum is known and lies at 0 (after the hybrid BBOB functions of the
 * ES-ENAS paper). A category is a place on a grid, which a permutation hides, so that near values say nothing:
 *
 *     z_j = grid[(7 m_j + 3 j) mod c] - grid[(7 k*_j + 3 j) mod c],    k*_j = (3 j + 4) mod c
 *     z_i = theta_i - 2 sin(i + 1),                                     categories first
 *     z ← z - 2 (z · v) v,    v along (sin 1, sin 2, …, sin d)          which ties all of them together
 */

export type HybridFunctionName = "sphere" | "rastrigin" | "rosenbrock" | "ellipsoid";

export const hybridFunctionNames: readonly HybridFunctionName[] = [
  "sphere",
  "rastrigin",
  "rosenbrock",
  "ellipsoid",
];

export interface HybridFunction {
  /** At a choice [categories] and theta [continuous]. */
  loss(choice: Int32Array, theta: Float64Array): number;
  /** Where it is 0. */
  readonly optimum: { choice: Int32Array; theta: Float64Array };
}

/** Values of a category, and its grid over [-5, 5]. */
export const categoryValues = 10;

export function hybridFunction(
  name: HybridFunctionName,
  categories: number,
  continuous: number,
): HybridFunction {
  const d = categories + continuous;
  const grid = (k: number): number => -5 + (10 * k) / (categoryValues - 1);
  const place = (j: number, k: number): number => grid((7 * k + 3 * j) % categoryValues);
  const choice = Int32Array.from({ length: categories }, (_, j) => (3 * j + 4) % categoryValues);
  const theta = Float64Array.from({ length: continuous }, (_, i) => 2 * Math.sin(i + 1));
  const axis = Float64Array.from({ length: d }, (_, i) => Math.sin(i + 1));
  const length = Math.hypot(...axis);
  const z = new Float64Array(d);
  const value = functions[name];
  return {
    loss(m, x) {
      for (let j = 0; j < categories; j++) z[j] = place(j, m[j]!) - place(j, choice[j]!);
      for (let i = 0; i < continuous; i++) z[categories + i] = x[i]! - theta[i]!;
      let along = 0;
      for (let i = 0; i < d; i++) along += (z[i]! * axis[i]!) / length;
      for (let i = 0; i < d; i++) z[i]! -= (2 * along * axis[i]!) / length;
      return value(z);
    },
    optimum: { choice, theta },
  };
}

const functions: Readonly<Record<HybridFunctionName, (z: Float64Array) => number>> = {
  sphere(z) {
    let sum = 0;
    for (const x of z) sum += x * x;
    return sum;
  },
  rastrigin(z) {
    let sum = 0;
    for (const x of z) sum += 10 * (1 - Math.cos(2 * Math.PI * x)) + x * x;
    return sum;
  },
  rosenbrock(z) {
    let sum = 0;
    for (let i = 0; i + 1 < z.length; i++) {
      const [x, next] = [z[i]! + 1, z[i + 1]! + 1];
      sum += 100 * (next - x * x) ** 2 + (1 - x) ** 2;
    }
    return sum;
  },
  ellipsoid(z) {
    let sum = 0;
    for (let i = 0; i < z.length; i++) sum += 10 ** ((2 * i) / (z.length - 1)) * z[i]! ** 2;
    return sum;
  },
};
