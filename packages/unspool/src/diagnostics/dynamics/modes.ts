/**
 * A linearised optimizer taken apart into its modes: each is a momentum of its own, complex pairs are momenta that
 * swing. Maheswaranathan et al., NeurIPS 2021.
 *
 *     J_h = R diag(λ) L',   v_j = l_j · (h - h*),   v_j ← λ_j v_j + (l_j · J_x) g
 *     change = const - Σ_j a_j (Σ_k λ_j^k g_{t-k}) - direct g,   a_j = -(w · r_j)(l_j · J_x)
 *
 * Mode j is momentum λ_j with learning rate a_j. Σ a_j + direct = s(h*), which cancellation in an ill-conditioned R can
 * hide: `condition` tells.
 */
import { requireInteger } from "../../errors.ts";
import type { StepDerivatives } from "./componentSystem.ts";
import { type Complex, type ComplexMatrix, eigensystem, quotient, times } from "../../numerics/index.ts";
import { learningRateOf } from "./linearize.ts";

export interface Mode {
  /** λ: the momentum. */
  eigenvalue: Complex;
  /** a. */
  learningRate: Complex;
  /** Steps in which the mode falls to 1/e, -1 / ln |λ|; infinite or negative where it does not fall. */
  timeConstant: number;
}

export interface Modes {
  /** In falling order of |λ|; of a pair the one with positive imaginary part first. */
  modes: Mode[];
  /** The part of the learning rate that is without memory (Nesterov has one). */
  direct: number;
  /** s(h*) from the derivatives. */
  effectiveLearningRate: number;
  /** Σ a_j + direct, which equals it but for rounding. */
  sumOfRates: number;
  /** Condition number of R. */
  condition: number;
  /** R: right eigenvectors are columns. */
  right: ComplexMatrix;
  /** L': left eigenvectors are rows. */
  left: ComplexMatrix;
}

/** Cost: about 100 n³. */
export function modes(derivatives: StepDerivatives): Modes {
  const { stateJacobian, inputJacobian, readWeights, direct } = derivatives;
  const { size: n } = stateJacobian;
  const { re, im, right, left, condition } = eigensystem(stateJacobian);
  const found = Array.from({ length: n }, (_, j): Mode => {
    const read = { re: 0, im: 0 };
    const driven = { re: 0, im: 0 };
    for (let i = 0; i < n; i++) {
      read.re -= readWeights[i]! * right.re[i * n + j]!;
      read.im -= readWeights[i]! * right.im[i * n + j]!;
      driven.re += inputJacobian[i]! * left.re[j * n + i]!;
      driven.im += inputJacobian[i]! * left.im[j * n + i]!;
    }
    const eigenvalue = { re: re[j]!, im: im[j]! };
    return {
      eigenvalue,
      learningRate: times(read, driven),
      timeConstant: -1 / Math.log(Math.hypot(eigenvalue.re, eigenvalue.im)),
    };
  });
  // Minus zero where there is no direct part would be printed as such.
  const without = direct === 0 ? 0 : -direct;
  return {
    modes: found,
    direct: without,
    effectiveLearningRate: learningRateOf(derivatives),
    sumOfRates: found.reduce((sum, { learningRate }) => sum + learningRate.re, without),
    condition,
    right,
    left,
  };
}

/** Changes of the parameter 0, 1, …, `steps` - 1 steps after a unit gradient at rest: -Σ Re a_j λ_j^k. */
export function impulseResponse({ modes: all, direct }: Modes, steps: number): Float64Array {
  requireInteger("impulseResponse", "steps", steps, 1);
  const powers = all.map(({ learningRate }) => learningRate);
  return Float64Array.from({ length: steps }, (_, k) => {
    const sum = powers.reduce((total, { re }) => total + re, k === 0 ? direct : 0);
    all.forEach(({ eigenvalue }, j) => (powers[j] = times(powers[j]!, eigenvalue)));
    return -sum;
  });
}

/** Steps of a steady unit gradient, per step, in the long run: Σ a_j / (1 - λ_j) + direct. Infinite where λ = 1. */
export function steadyLearningRate({ modes: all, direct }: Modes): number {
  return all.reduce((sum, { eigenvalue, learningRate }) => {
    if (eigenvalue.re === 1 && eigenvalue.im === 0) return sum + learningRate.re * Infinity;
    return sum + quotient(learningRate, { re: 1 - eigenvalue.re, im: -eigenvalue.im }).re;
  }, direct);
}
