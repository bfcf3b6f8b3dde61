/** The variance of persistent estimators on character models, measured pair by pair and in closed form. */
import {
  type CharacterModelTheta,
  type Key,
  type Measure,
  OptionError,
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
import { measureEach } from "../shared/measureInParts.ts";

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
  measure: Measure;
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
  /** Mean squares of the estimates of single windows of `squaresTruncation(horizon)`, in closed form. */
  squares: { pes: number[]; nres: number[] };
}

export function divisors(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1).filter((k) => n % k === 0);
}

/** The window length of the figure of single windows. */
export const squaresTruncation = (horizon: number): number =>
  horizon % 10 === 0 ? 10 : divisors(horizon)[0]!;

/** Variances on one text at one theta (float64). `baselines`: also NRES and truncated ES, measured. */
export async function studyText(
  name: string,
  text: Int32Array,
  theta: CharacterModelTheta,
  settings: StudySettings,
  baselines: boolean,
): Promise<TextStudy> {
  const { horizon, truncations, key, measure } = settings;
  const problem = characterModel({ text: text.slice(0, horizon + 1), horizon }) as TextProblem;
  const lengths = divisors(horizon);
  const [law] = await measure(`closed form, ${name}`, 1, () => {
    const byStep = windowGradients(problem, theta, { key });
    const lawOf = (truncation: number): PairVariances => pairVariances(mergeWindows(byStep, truncation));
    const { squaredGradient } = lawOf(horizon);
    const predicted = lengths.flatMap((truncation) => {
      const { pes, nres, truncatedEs } = lawOf(truncation);
      return [pes / squaredGradient, nres / squaredGradient, truncatedEs / squaredGradient];
    });
    const { pes, nres } = windowSquares(mergeWindows(byStep, squaresTruncation(horizon)));
    return [squaredGradient, ...predicted, ...pes, ...nres];
  });
  const [squaredGradient, ...numbers] = law as [number, ...number[]];
  const squares = numbers.slice(3 * lengths.length);
  const measured = async (estimator: string, at: readonly number[]): Promise<Measured[]> => {
    const rows = await measureEach(measure, `${estimator}, ${name}`, at, (truncation) => {
      const { value, error } = totalVariance(
        pairGradients(estimator, problem, theta, { ...settings, truncation }),
      );
      return [value / squaredGradient, error / squaredGradient];
    });
    return rows.map(([value, error], i) => ({ truncation: at[i]!, value: value!, error: error! }));
  };
  return {
    predicted: lengths.map((truncation, i): Predicted => {
      const [pes, nres, truncatedEs] = numbers.slice(3 * i) as [number, number, number];
      return { truncation, pes, nres, truncatedEs };
    }),
    measured: {
      pes: await measured("pes", truncations),
      // Summed over a trajectory, NRES is full ES whatever the window.
      nres: baselines ? await measured("nres", [horizon]) : [],
      truncatedEs: baselines ? await measured("truncatedEs", truncations) : [],
    },
    squares: {
      pes: squares.slice(0, squares.length / 2),
      nres: squares.slice(squares.length / 2),
    },
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
  /** NaN where perturbations of this size are lost as they are added to theta, and the estimator refuses them. */
  float32: number;
  float64: number;
}

/**
 * Relative distance of NRES estimates from their limit for sigma -> 0 with the same noise, for float32 and float64:
 * rounding of L+ - L- for small sigma, curvature of the loss for large ones.
 */
export async function sigmaErrors(
  text: Int32Array,
  theta: CharacterModelTheta,
  settings: StudySettings,
  sigmas: readonly number[],
): Promise<RoundingPoint[]> {
  const { horizon, measure } = settings;
  const problem = characterModel({ text: text.slice(0, horizon + 1), horizon }) as TextProblem;
  const estimates = (sigma: number, dtype: "float32" | "float64") => {
    const at = tree.astype(theta, dtype);
    return pairGradients("nres", problem, at, { ...settings, pairs: 64, sigma, truncation: horizon }).total;
  };
  let known: Float64Array | undefined;
  // Curvature and rounding are both about 1e-10 of it.
  const limitOf = (): Float64Array => (known ??= estimates(limitSigma, "float64"));
  const distance = (sigma: number, dtype: "float32" | "float64"): number => {
    let values: Float64Array;
    try {
      values = estimates(sigma, dtype);
    } catch (error) {
      if (error instanceof OptionError && error.details["option"] === "sigma") return NaN;
      throw error;
    }
    const limit = limitOf();
    let [miss, size] = [0, 0];
    values.forEach((value, i) => {
      miss += (value - limit[i]!) ** 2;
      size += limit[i]! ** 2;
    });
    return Math.sqrt(miss / size);
  };
  const rows = await measureEach(measure, "sigma", sigmas, (sigma) => [
    distance(sigma, "float32"),
    distance(sigma, "float64"),
  ]);
  return rows.map(([float32, float64], i) => ({ sigma: sigmas[i]!, float32: float32!, float64: float64! }));
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
