/** For tests: the exact value of a linear system under segment-wise perturbed gains, in plain float64. */

type Matrix = readonly (readonly number[])[];

export interface LinearQuadratic {
  dynamics: Matrix;
  /** [n]: one control. */
  control: readonly number[];
  /** Diagonals. */
  stateCost: readonly number[];
  controlCost: number;
  noise: readonly number[];
  discount: number;
}

/** The system of the method card: a mass that is pushed, 50 steps. */
export const pushedMass: LinearQuadratic = {
  dynamics: [
    [1, 0.1],
    [0, 1],
  ],
  control: [0, 0.1],
  stateCost: [1, 0.1],
  controlCost: 0.01,
  noise: [1e-3, 4e-3],
  discount: 0.98,
};

/** V(x) = -(x' P x + c). */
export interface QuadraticValue {
  p: number[][];
  c: number;
}

/**
 * V at the start of each segment and after the last: backward over segments, each averaged over its perturbation
 * N(0, sigma²) by Gauss-Hermite quadrature.
 */
export function segmentValues(
  system: LinearQuadratic,
  gains: readonly [number, number],
  options: { sigma: number; segmentLength: number; steps: number },
): QuadraticValue[] {
  const { sigma, segmentLength, steps } = options;
  const nodes = hermiteNodes(24);
  const zero = (): number[][] => [
    [0, 0],
    [0, 0],
  ];
  const values: QuadraticValue[] = [{ p: zero(), c: 0 }];
  for (let s = steps / segmentLength; s > 0; s--) {
    const next = values[0]!;
    const sum: QuadraticValue = { p: zero(), c: 0 };
    for (const [x, weightX] of nodes)
      for (const [y, weightY] of nodes) {
        const k = [gains[0] + sigma * x, gains[1] + sigma * y] as const;
        let own = next;
        for (let t = 0; t < segmentLength; t++) own = valueBefore(system, k, own);
        const weight = weightX * weightY;
        own.p.forEach((row, i) => row.forEach((value, j) => (sum.p[i]![j]! += weight * value)));
        sum.c += weight * own.c;
      }
    values.unshift(sum);
  }
  return values;
}

function valueBefore(
  { dynamics, control, stateCost, controlCost, noise, discount }: LinearQuadratic,
  k: readonly [number, number],
  { p, c }: QuadraticValue,
): QuadraticValue {
  const m = dynamics.map((row, i) => row.map((a, j) => a + control[i]! * k[j]!));
  const both = [0, 1] as const;
  const next = both.map((i) =>
    both.map((j) => {
      let inner = 0;
      for (const u of both) for (const v of both) inner += m[u]![i]! * p[u]![v]! * m[v]![j]!;
      return (i === j ? stateCost[i]! : 0) + controlCost * k[i] * k[j] + discount * inner;
    }),
  );
  return { p: next, c: discount * (c + p[0]![0]! * noise[0]! + p[1]![1]! * noise[1]!) };
}

/**
 * Nodes and weights of E f(z), z standard normal: zeros of the Hermite polynomial by Newton from Sturm's bisection, weights
 * n! / (n He_{n-1}(x))² (Abramowitz and Stegun 25.4.46, for the weight of the normal distribution).
 */
export function hermiteNodes(count: number): [node: number, weight: number][] {
  /** Normalised polynomials h_k = He_k / sqrt(k!), which do not overflow. */
  const at = (x: number): { value: number; below: number } => {
    let [below, value] = [0, 1];
    for (let k = 0; k < count; k++)
      [below, value] = [value, (x * value - Math.sqrt(k) * below) / Math.sqrt(k + 1)];
    return { value, below };
  };
  const limit = Math.sqrt(4 * count + 2);
  const zeros: number[] = [];
  const parts = 200 * count;
  for (let i = 0; i < parts; i++) {
    let [low, high] = [-limit + (2 * limit * i) / parts, -limit + (2 * limit * (i + 1)) / parts];
    const sign = Math.sign(at(low).value);
    if (sign === Math.sign(at(high).value)) continue;
    for (let step = 0; step < 80; step++) {
      const middle = (low + high) / 2;
      if (Math.sign(at(middle).value) === sign) low = middle;
      else high = middle;
    }
    zeros.push((low + high) / 2);
  }
  return zeros.map((x) => [x, 1 / (count * at(x).below ** 2)]);
}

/** -(x' P x + c) of rows [x, y]. */
export function valueAt({ p, c }: QuadraticValue, x: number, y: number): number {
  return -(p[0]![0]! * x * x + (p[0]![1]! + p[1]![0]!) * x * y + p[1]![1]! * y * y + c);
}
