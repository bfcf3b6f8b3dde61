/** The variance of persistent estimators on character models, measured pair by pair and in closed form. */
import {
  type CharacterModelTheta,
  type Key,
  type PairVariances,
  type Problem,
  characterModel,
  createEstimator,
  mergeWindows,
  pairVariances,
  random,
  totalVariance,
  unitGradients,
  tree,
  windowGradients,
  windowSquares,
} from "unspool";

export type TextProblem = Problem<CharacterModelTheta, unknown, undefined>;

export interface StudySettings {
  /** Characters of the trajectory, T. */
  horizon: number;
  sigma: number;
  /** Single pairs of which each variance is taken. */
  pairs: number;
  /** Window lengths at which variances are measured. */
  truncations: readonly number[];
  key: Key;
}

export interface Measured {
  truncation: number;
  /** Total variance of one pair over the squared gradient, and its standard error. */
  value: number;
  error: number;
}

/** Closed form at one window length, over the squared gradient. */
export interface Predicted {
  truncation: number;
  pes: number;
  nres: number;
  truncatedEs: number;
}

export interface TextStudy {
  predicted: Predicted[];
  measured: Record<"pes" | "nres" | "truncatedEs", Measured[]>;
  /** Mean squares of the estimates of single windows, by window length. */
  squares(truncation: number): { pes: number[]; nres: number[] };
}

export function divisors(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1).filter((k) => n % k === 0);
}

/** Variances on one text at one theta (float64). `baselines`: also NRES and truncated ES, measured. */
export function studyText(
  text: Int32Array,
  theta: CharacterModelTheta,
  settings: StudySettings,
  baselines: boolean,
): TextStudy {
  const { horizon, truncations, key } = settings;
  const problem = characterModel({ text: text.slice(0, horizon + 1), horizon }) as TextProblem;
  const byStep = windowGradients(problem, theta, { key });
  const lawOf = (truncation: number): PairVariances => pairVariances(mergeWindows(byStep, truncation));
  const { squaredGradient } = lawOf(horizon);
  const predicted = divisors(horizon).map((truncation): Predicted => {
    const { pes, nres, truncatedEs } = lawOf(truncation);
    return {
      truncation,
      pes: pes / squaredGradient,
      nres: nres / squaredGradient,
      truncatedEs: truncatedEs / squaredGradient,
    };
  });
  const measure = (estimator: string, lengths: readonly number[]): Measured[] =>
    lengths.map((truncation) => {
      const { value, error } = totalVariance(
        pairGradients(estimator, problem, theta, { ...settings, truncation }),
      );
      return { truncation, value: value / squaredGradient, error: error / squaredGradient };
    });
  return {
    predicted,
    measured: {
      pes: measure("pes", truncations),
      // Summed over a trajectory, NRES is full ES whatever the window.
      nres: baselines ? measure("nres", [horizon]) : [],
      truncatedEs: baselines ? measure("truncatedEs", truncations) : [],
    },
    squares: (truncation) => windowSquares(mergeWindows(byStep, truncation)),
  };
}

/** The gradient of one trajectory by each of `pairs` single pairs. */
export function pairGradients(
  estimator: string,
  problem: TextProblem,
  theta: CharacterModelTheta,
  options: Pick<StudySettings, "horizon" | "sigma" | "pairs" | "key"> & { truncation: number },
): ReturnType<typeof unitGradients> {
  const { horizon, sigma, pairs, truncation, key } = options;
  const made = createEstimator(estimator, problem, {
    sigma,
    pairs,
    truncation,
    objective: "sum",
    trajectories: "common",
  });
  return unitGradients(made, theta, { key, windows: horizon / truncation });
}

/** Stands for sigma -> 0 in float64. */
const limitSigma = 3e-6;

export interface RoundingPoint {
  sigma: number;
  float32: number;
  float64: number;
}

/**
 * Relative distance of NRES estimates from their limit for sigma -> 0 with the same noise, for float32 and float64:
 * rounding of L+ - L- for small sigma, curvature of the loss for large ones.
 */
export function sigmaErrors(
  text: Int32Array,
  theta: CharacterModelTheta,
  settings: StudySettings,
  sigmas: readonly number[],
): RoundingPoint[] {
  const { horizon } = settings;
  const problem = characterModel({ text: text.slice(0, horizon + 1), horizon }) as TextProblem;
  const estimates = (sigma: number, dtype: "float32" | "float64") => {
    const at = tree.astype(theta, dtype);
    return pairGradients("nres", problem, at, { ...settings, pairs: 64, sigma, truncation: horizon }).total;
  };
  // Curvature and rounding are both about 1e-10 of it.
  const limit = estimates(limitSigma, "float64");
  const distance = (values: Float64Array): number => {
    let [miss, size] = [0, 0];
    values.forEach((value, i) => {
      miss += (value - limit[i]!) ** 2;
      size += limit[i]! ** 2;
    });
    return Math.sqrt(miss / size);
  };
  return sigmas.map((sigma) => ({
    sigma,
    float32: distance(estimates(sigma, "float32")),
    float64: distance(estimates(sigma, "float64")),
  }));
}

/** Equally frequent, independent characters. */
export function randomText(key: Key, length: number, symbols: number): Int32Array {
  return Int32Array.from(random.randint(key, [length], 0, symbols).data);
}

/** All that `pes-variance` measures. */
export interface Study {
  texts: Record<"markov" | "random" | "repeated", TextStudy>;
  sigmas: RoundingPoint[];
}
