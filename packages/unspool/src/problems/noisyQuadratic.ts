/**
 * Closed forms of SGD and Lookahead on the noisy quadratic model (Zhang et al. 2019, section 3.1; Schaul et al. 2013).
 *
 *     L̂(x) = Σ ½ a (x - c)²,  c ~ N(0, sigma2) afresh at every step;  q = 1 - learningRate · a,  β = q^k
 *     SGD:  E[x] ← q E[x],   V[x] ← q² V[x] + learningRate² a² sigma2
 *     slow weights, per window:  r = 1 - alpha + alpha β,
 *         E[φ] ← r E[φ],     V[φ] ← r² V[φ] + alpha² learningRate² a² sigma2 Σ_{i<k} q^{2i}
 *
 * Plain float64 numbers, no tensors. SGD is Lookahead with k = 1 and alpha = 1. Losses are excess losses: without
 * the floor ½ Σ a sigma2 that no parameters go below.
 */
import { OptionError, requireInteger, requirePositive, requireKnownOptions } from "../errors.ts";

export interface NoisyQuadraticOptions {
  /** Curvature of each coordinate, above 0. */
  a: number | readonly number[];
  /** Variance of the minimum of each coordinate; one number for all. Default 1. */
  sigma2?: number | readonly number[];
}

export interface QuadraticWindow {
  learningRate: number;
  /** Inner steps per window. Default 1. */
  k?: number;
  /** Step size of the slow weights. Default 1. */
  alpha?: number;
}

export interface QuadraticCurve extends QuadraticWindow {
  /** Inner steps. */
  steps: number;
  /** E[x] at the start, each coordinate or all. Default 1. */
  mean?: number | readonly number[];
  /** V[x] at the start. Default 0. */
  variance?: number | readonly number[];
}

export interface FixedPoint {
  /** Of each coordinate; Infinity where the recursion is not stable. */
  variance: number[];
  /** ½ Σ a V. */
  risk: number;
}

export interface LossCurve {
  /** Expected excess loss at the fast weights after 0 … steps inner steps (at the slow weights where they meet). */
  fast: number[];
  /** The same at the slow weights. */
  slow: number[];
}

export interface NoisyQuadratic {
  /** ½ Σ a sigma2. */
  readonly floor: number;
  /** Per coordinate: factor of E[φ] over one window. */
  meanFactor(options: QuadraticWindow): number[];
  /** |factor|^{1/k}: the rate of one inner step. */
  ratePerStep(options: QuadraticWindow): number[];
  /** Whether all coordinates contract. */
  isStable(options: QuadraticWindow): boolean;
  sgdFixedPoint(options: { learningRate: number }): FixedPoint;
  lookaheadFixedPoint(options: QuadraticWindow): FixedPoint;
  /** V*_Lookahead / V*_SGD = alpha (1 + β) / (2 - alpha (1 - β)), per coordinate. */
  varianceRatio(options: QuadraticWindow): number[];
  /** Per coordinate: variance of θ after 0 … k steps of a window that starts from the fixed point. */
  windowVariance(options: QuadraticWindow): number[][];
  expectedLossCurve(options: QuadraticCurve): LossCurve;
}

interface Coordinate {
  a: number;
  noise: number;
}

/**
 * The noisy quadratic with the given curvatures.
 *
 * @example
 * noisyQuadratic({ a: 1 }).lookaheadFixedPoint({ learningRate: 0.5, alpha: 0.8, k: 5 }).variance; // [0.2245]
 */
export function noisyQuadratic(options: NoisyQuadraticOptions): NoisyQuadratic {
  requireKnownOptions("noisyQuadratic", options, ["a", "sigma2"]);
  const curvatures = [options.a].flat() as number[];
  curvatures.forEach((a) => requirePositive("noisyQuadratic", "a", a));
  const noises = spread("sigma2", options.sigma2 ?? 1, curvatures.length);
  const coordinates = curvatures.map((a, i): Coordinate => ({ a, noise: noises[i]! }));
  const each = <T>(
    window: QuadraticWindow,
    fn: (at: Coordinate, q: number, w: Required<QuadraticWindow>) => T,
  ) => {
    const complete = requireWindow(window);
    return coordinates.map((at) => fn(at, 1 - complete.learningRate * at.a, complete));
  };
  const half = (values: number[]): number => values.reduce((sum, v, i) => sum + 0.5 * curvatures[i]! * v, 0);
  const fixedPoint = (window: QuadraticWindow): FixedPoint => {
    const variance = each(window, slowVariance);
    return { variance, risk: half(variance) };
  };
  return {
    floor: half(noises),
    meanFactor: (window) => each(window, (_at, q, w) => factor(q, w)),
    ratePerStep: (window) => each(window, (_at, q, w) => Math.abs(factor(q, w)) ** (1 / w.k)),
    isStable: (window) => each(window, (_at, q, w) => Math.abs(factor(q, w)) < 1).every(Boolean),
    sgdFixedPoint: ({ learningRate }) => fixedPoint({ learningRate }),
    lookaheadFixedPoint: fixedPoint,
    varianceRatio: (window) =>
      each(window, (_at, q, { k, alpha }) => (alpha * (1 + q ** k)) / (2 - alpha * (1 - q ** k))),
    windowVariance: (window) =>
      each(window, (at, q, w) => {
        const start = slowVariance(at, q, w);
        return Array.from(
          { length: w.k + 1 },
          (_, i) => q ** (2 * i) * start + stepNoise(at, w) * powers(q, i),
        );
      }),
    expectedLossCurve({ steps, mean = 1, variance = 0, ...window }) {
      requireInteger("noisyQuadratic", "steps", steps, 0);
      const means = spread("mean", mean, curvatures.length);
      const variances = spread("variance", variance, curvatures.length);
      const complete = requireWindow(window);
      const fast = zeros(steps + 1);
      const slow = zeros(steps + 1);
      coordinates.forEach((at, i) => addCurve(at, complete, means[i]!, variances[i]!, fast, slow));
      return { fast, slow };
    },
  };
}

/** Adds the expected loss of one coordinate to the curves. */
function addCurve(
  at: Coordinate,
  window: Required<QuadraticWindow>,
  mean: number,
  variance: number,
  fast: number[],
  slow: number[],
): void {
  const q = 1 - window.learningRate * at.a;
  const r = factor(q, window);
  const noise = stepNoise(at, window);
  const windowNoise = window.alpha ** 2 * noise * powers(q, window.k);
  const loss = (m: number, v: number): number => 0.5 * at.a * (m * m + v);
  let [slowMean, slowVar] = [mean, variance];
  let [fastMean, fastVar] = [mean, variance];
  for (let t = 0; t < fast.length; t++) {
    if (t > 0) [fastMean, fastVar] = [q * fastMean, q * q * fastVar + noise];
    if (t > 0 && t % window.k === 0) {
      [slowMean, slowVar] = [r * slowMean, r * r * slowVar + windowNoise];
      [fastMean, fastVar] = [slowMean, slowVar];
    }
    fast[t]! += loss(fastMean, fastVar);
    slow[t]! += loss(slowMean, slowVar);
  }
}

/** r = 1 - alpha + alpha β. */
function factor(q: number, { k, alpha }: Required<QuadraticWindow>): number {
  return 1 - alpha + alpha * q ** k;
}

/** learningRate² a² sigma2: the variance that one step adds. */
function stepNoise({ a, noise }: Coordinate, { learningRate }: Required<QuadraticWindow>): number {
  return (learningRate * a) ** 2 * noise;
}

/** Σ_{i<n} q^{2i}. */
function powers(q: number, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += q ** (2 * i);
  return sum;
}

function slowVariance(at: Coordinate, q: number, window: Required<QuadraticWindow>): number {
  const r = factor(q, window);
  if (Math.abs(r) >= 1) return Infinity;
  return (window.alpha ** 2 * stepNoise(at, window) * powers(q, window.k)) / (1 - r * r);
}

function requireWindow({ learningRate, k = 1, alpha = 1 }: QuadraticWindow): Required<QuadraticWindow> {
  requirePositive("noisyQuadratic", "learningRate", learningRate);
  requireInteger("noisyQuadratic", "k", k, 1);
  requirePositive("noisyQuadratic", "alpha", alpha);
  return { learningRate, k, alpha };
}

function spread(option: string, values: number | readonly number[], length: number): number[] {
  const list = typeof values === "number" ? zeros(length).fill(values) : [...values];
  if (list.length !== length || !list.every(Number.isFinite)) {
    throw new OptionError(
      "noisyQuadratic",
      option,
      values,
      `a number or ${length} numbers, one per coordinate`,
    );
  }
  return list;
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}
