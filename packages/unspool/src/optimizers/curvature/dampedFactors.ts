/**
 * The two ways to damp a Kronecker-factored block that Benzing (ICML 2022, section 4) compares, for factors Σ_A of
 * inputs and Σ_E of derivatives, and a gradient G [inputs, outputs]:
 *
 *     heuristic:  D = (Σ_A + λ_A I)⁻¹ G (Σ_E + λ_E I)⁻¹,   λ_A = π √λ,  λ_E = √λ / π
 *     standard:   D = (Σ_A ⊗ Σ_E + λ I)⁻¹ G
 *     dropE:      D = (Σ_A + λ_A I)⁻¹ G,  times 1 / λ_E or with the norm of the heuristic D
 */
import { type Tensor, np, tree } from "../../array/index.ts";
import { root } from "../leaves.ts";
import { leftProduct, rightProduct } from "./diagonalMatrix.ts";
import type { LayerBlock } from "./layerBlocks.ts";
import { type Eigenbasis, eigenbasis, factoredDamping, inversePositive } from "./factors.ts";
import { shifted, solveKronecker, traceRatio } from "./factors.ts";

export type DampingMode = "heuristic" | "standard";

/** Length of the direction without Σ_E: divided by λ_E, or that of the direction with it. */
export type MatchNorm = "lambdaE" | "kfac";

export interface DampedOptions {
  dampingMode: DampingMode;
  dropE: boolean;
  matchNorm: MatchNorm;
}

/** What a direction is computed from, made when the inverses are due. */
export type DampedFactors = HeuristicFactors | StandardFactors;

export type HeuristicFactors = {
  /** (Σ_A + λ_A I)⁻¹. */
  inputs: Tensor;
  /** (Σ_E + λ_E I)⁻¹; with `dropE` and "lambdaE", I / λ_E. */
  outputs: Tensor;
};

export type StandardFactors = {
  inputs: Tensor;
  outputs: Tensor;
  inputBasis: Eigenbasis;
  outputBasis: Eigenbasis;
  damping: Tensor;
};

/** Both factors of a layer. */
export interface Factors {
  /** Σ_A, [inputs, inputs], or its diagonal [inputs]. */
  inputs: Tensor;
  /** Σ_E, [outputs, outputs], or its diagonal [outputs]. */
  outputs: Tensor;
}

/** How damping is shared: π, λ_A and λ_E, scalars. */
export type DampingShare = { pi: Tensor; inputs: Tensor; outputs: Tensor };

/**
 * The share of factors of a block. A block of gradients has one factor, and all of the damping on it.
 */
export function dampingShare(
  { inputs, outputs }: Factors,
  damping: number | Tensor,
  form: LayerBlock["form"] = "matrix",
): DampingShare {
  if (form === "gradients") {
    const one = tree.scalar(1, inputs.dtype);
    return { pi: one, inputs: one.mul(0), outputs: one.mul(damping) };
  }
  const pi = traceRatio(inputs, outputs);
  return { pi, ...factoredDamping(pi, damping) };
}

/** The factors with damping λ. */
export function dampedFactors(
  { inputs, outputs }: Factors,
  damping: number | Tensor,
  { dampingMode, dropE, matchNorm }: DampedOptions,
  form: LayerBlock["form"] = "matrix",
): DampedFactors {
  if (dampingMode === "standard") {
    return {
      inputs,
      outputs,
      inputBasis: eigenbasis(inputs),
      outputBasis: eigenbasis(outputs),
      damping: tree.scalar(1, inputs.dtype).mul(damping),
    };
  }
  const shift = dampingShare({ inputs, outputs }, damping, form);
  const isScaled = dropE && matchNorm === "lambdaE";
  return {
    inputs: inversePositive(shifted(inputs, shift.inputs)),
    outputs: isScaled
      ? (outputs.ndim === 1 ? np.ones([outputs.shape[0]!]) : np.eye(outputs.shape[0]!))
          .astype(outputs.dtype)
          .div(shift.outputs)
      : inversePositive(shifted(outputs, shift.outputs)),
  };
}

/** The direction D of a gradient [inputs, outputs]. */
export function dampedDirection(
  factors: DampedFactors,
  gradient: Tensor,
  { dropE, matchNorm }: DampedOptions,
): Tensor {
  if ("damping" in factors) {
    const bases = { inputs: factors.inputBasis, outputs: factors.outputBasis };
    return solveKronecker(factors, bases, factors.damping, gradient);
  }
  const half = leftProduct(factors.inputs, gradient);
  const whole = rightProduct(half, factors.outputs);
  if (!dropE || matchNorm === "lambdaE") return whole;
  return half.mul(ratio(norm(whole), norm(half)));
}

const norm = (x: Tensor): Tensor => root(x.mul(x).sum());

/** a / b, 0 where both are. */
function ratio(a: Tensor, b: Tensor): Tensor {
  const isZero = b.lessEqual(0);
  return np.where(isZero, np.zerosLike(a), a.div(np.where(isZero, np.onesLike(b), b)));
}
