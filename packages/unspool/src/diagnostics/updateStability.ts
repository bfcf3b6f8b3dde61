/**
 * Whether a linear update rule φ ← φ - B (α I + P) ∇ is stable on a quadratic of Hessian H: eigenvalues of
 * A = I - B (α I + P) H, with B = I, or B = H^(-1/2) for a rule that is preconditioned at its output.
 *
 *     stable for sure, for symmetric P:   -α ≤ λ_min(P),   λ_max(P) ≤ 2 / λ_max(H) - α    (B = I)
 *                                                          λ_max(P) ≤ 2 / √λ_max(H) - α   (B = H^(-1/2))
 *     Σ_∞ = A Σ_∞ Aᵀ + (I - A) S (I - A)ᵀ,   loss there ½ tr H (Σ_∞ + S)
 *
 * Where the learned term is Δ P, with a Δ = diag(d) of which no more is known than 0 < d ≤ d_max, -α / d_max takes the
 * place of -α, and (2 / λ_max(H) - α) / d_max that of the upper bound.
 *
 * Harrison, Metz and Sohl-Dickstein, NeurIPS 2022, theorem 1 and lemmas 2 and 3. Their bounds are sufficient; they are
 * necessary only where P and H share eigenvectors, so stability is read off A itself.
 */
import { type Tensor, linalg, np } from "../array/index.ts";
import { OptionError, UnspoolError, requireKnownOptions, requirePositive } from "../errors.ts";
import { type Eigenvalues, eigenvalues, positiveDefinite } from "../numerics/index.ts";

export interface UpdateStabilityOptions {
  /** H [n][n], symmetric positive definite. */
  hessian: readonly (readonly number[])[];
  /** α. Default 0. */
  nominalStep?: number;
  /** P [n][n]. */
  learned: readonly (readonly number[])[];
  /** Whether the rule is multiplied by H^(-1/2). Default false. */
  isPreconditioned?: boolean;
  /** d_max: the learned term may be off by a factor between 0 and this in each coordinate. Default 1. */
  largestScale?: number;
}

export interface UpdateStability {
  /** A [n, n]. */
  transition: Tensor;
  /** Of A. */
  eigenvalues: Eigenvalues;
  /** Their largest modulus: above 1 the mean of φ explodes. */
  radius: number;
  isStable: boolean;
  /** Eigenvalues of the symmetric part of P, and the bounds between which stability is sure for symmetric P. */
  bounds: { lower: number; upper: number; lowest: number; highest: number; isWithin: boolean };
  /** Σ_∞ [n, n] for the covariance S of the minimum. Throws `UnspoolError` for a rule that is not stable. */
  stationaryCovariance(noise: readonly (readonly number[])[]): Tensor;
  /** Expected loss in the long run, ½ tr H (Σ_∞ + S). Throws as `stationaryCovariance`. */
  stationaryLoss(noise: readonly (readonly number[])[]): number;
}

/** Everything in float64. Cost: some n³. */
export function updateStability(options: UpdateStabilityOptions): UpdateStability {
  const where = "updateStability";
  const known = ["hessian", "nominalStep", "learned", "isPreconditioned", "largestScale"] as const;
  requireKnownOptions(where, options, known);
  const { nominalStep = 0, isPreconditioned = false, largestScale = 1 } = options;
  if (!(nominalStep >= 0 && Number.isFinite(nominalStep))) {
    throw new OptionError(where, "nominalStep", nominalStep, "a finite number of at least 0");
  }
  requirePositive(where, "largestScale", largestScale);
  const hessian = matrix("hessian", options.hessian);
  const n = hessian.shape[0]!;
  const learned = matrix("learned", options.learned, n);
  const { values, inverseRoot } = positiveDefinite(where, "hessian", options.hessian);
  const identity = np.eye(n).astype("float64");
  const rule = identity.mul(nominalStep).add(learned);
  const preconditioned = isPreconditioned ? np.matmul(matrix("hessian", inverseRoot), rule) : rule;
  const gain = np.matmul(preconditioned, hessian);
  const transition = identity.sub(gain);
  const spectrum = eigenvalues({ size: n, entries: Float64Array.from(transition.data) });
  const radius = Math.hypot(spectrum.re[0]!, spectrum.im[0]!);
  const symmetric = learned.add(np.transpose(learned)).mul(0.5);
  const [ofLearned] = linalg.eigh(symmetric) as [Tensor, Tensor];
  const [lowest, highest] = [Math.min(...ofLearned.data), Math.max(...ofLearned.data)];
  const largest = isPreconditioned ? Math.sqrt(values.at(-1)!) : values.at(-1)!;
  const [lower, upper] = [-nominalStep / largestScale, (2 / largest - nominalStep) / largestScale];
  const stationary = (noise: Tensor): Tensor => {
    if (radius >= 1) {
      const message = `updateStability: nothing is stationary, for the spectral radius is ${radius}.`;
      throw new UnspoolError("UNSTABLE", message, { radius });
    }
    return discreteLyapunov(transition, np.matmul(np.matmul(gain, noise), np.transpose(gain)));
  };
  return {
    transition,
    eigenvalues: spectrum,
    radius,
    isStable: radius < 1,
    bounds: { lower, upper, lowest, highest, isWithin: lower <= lowest && highest <= upper },
    stationaryCovariance: (noise) => stationary(matrix("noise", noise, n)),
    stationaryLoss(noise) {
      const around = matrix("noise", noise, n);
      return np.trace(np.matmul(hessian, stationary(around).add(around))).item() / 2;
    },
  };
}

/** Σ = A Σ Aᵀ + Q by doubling: after k rounds 2^k terms of the series are summed. */
function discreteLyapunov(transition: Tensor, added: Tensor): Tensor {
  let [power, sum] = [transition, added];
  for (let round = 0; round < 64; round++) {
    const more = np.matmul(np.matmul(power, sum), np.transpose(power));
    if (more.data.every((x) => Math.abs(x) < Number.MIN_VALUE * 2 ** 52)) break;
    sum = sum.add(more);
    power = np.matmul(power, power);
  }
  return sum;
}

export interface MomentumStabilityOptions {
  /** Learning rate. */
  learningRate: number;
  /** Decay of the momentum, in [0, 1). */
  decay: number;
  /** h. */
  curvature: number;
  /** Whether the momentum is a mean of gradients, m ← β m + (1 - β) g, and not their decayed sum. Default true. */
  isMean?: boolean;
}

/** Stability of heavy ball on a quadratic: eigenvalues of [[1 - a c h, -a β], [c h, β]], c = 1 - β or 1. */
export function momentumStability(options: MomentumStabilityOptions): {
  eigenvalues: Eigenvalues;
  radius: number;
  /** Learning rates below are stable: 2 (1 + β) / (c h). */
  largestRate: number;
} {
  requireKnownOptions("momentumStability", options, ["learningRate", "decay", "curvature", "isMean"]);
  const { learningRate: a, decay: b, curvature: h, isMean = true } = options;
  for (const name of ["learningRate", "decay", "curvature"] as const) {
    if (Number.isFinite(options[name])) continue;
    throw new OptionError("momentumStability", name, options[name], "a finite number");
  }
  const c = isMean ? 1 - b : 1;
  const spectrum = eigenvalues({ size: 2, entries: Float64Array.of(1 - a * c * h, -a * b, c * h, b) });
  return {
    eigenvalues: spectrum,
    radius: Math.hypot(spectrum.re[0]!, spectrum.im[0]!),
    largestRate: (2 * (1 + b)) / (c * h),
  };
}

function matrix(name: string, rows: readonly (readonly number[])[], size: number = rows.length): Tensor {
  if (rows.length !== size || rows.some((row) => row.length !== size)) {
    throw new OptionError("updateStability", name, rows, `${size} rows of ${size} numbers`);
  }
  const bad = rows.flat().find((x) => !Number.isFinite(x));
  if (bad !== undefined) {
    throw new OptionError("updateStability", `an entry of ${name}`, bad, "a finite number");
  }
  return np.array(
    rows.map((row) => [...row]),
    { dtype: "float64" },
  );
}
