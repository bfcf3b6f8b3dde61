/**
 * The block-tridiagonal inverse of K-FAC (Martens and Grosse 2015, 4.3 and appendix B), for layers in a chain. With
 * damped factors Ā_i, G_i and, of neighbours, Ā_i,i+1, G_i,i+1 undamped,
 *
 *     Ψ^A_i = Ā_i,i+1 Ā_i+1⁻¹,   Ψ^G_i = G_i,i+1 G_i+1⁻¹
 *     Σ_i = Ā_i ⊗ G_i - (Ψ^A_i Ā_i+1 Ψ^A_iᵀ) ⊗ (Ψ^G_i G_i+1 Ψ^G_iᵀ),   Σ_last = Ā ⊗ G
 *     U_i = V_i - Ψ^A_i V_i+1 Ψ^G_iᵀ,   Y_i = Σ_i⁻¹ U_i,   Z_i = Y_i - Ψ^A_i-1ᵀ Y_i-1 Ψ^G_i-1
 *
 * Σ_i⁻¹ is solved without square roots of matrices: with Ā_i = L Lᵀ, W = L⁻¹ Ā_i,i+1 L_i+1⁻ᵀ and W Wᵀ = E diag(s) Eᵀ,
 * K = L⁻ᵀ E √s (and so for G) it is U ↦ Ā⁻¹ U G⁻¹ + K_A [(K_Aᵀ U K_G) / (1 - s_A s_Gᵀ)] K_Gᵀ. Where s is 0 the second
 * term vanishes, so that the smaller of W Wᵀ and Wᵀ W is enough: K = L⁻ᵀ W F for Wᵀ W = F diag(s) Fᵀ.
 */
import { type Tensor, linalg, np } from "../../array/index.ts";
import { asType } from "../hyperparameter.ts";
import { root } from "../leaves.ts";
import { inverseCholesky } from "./factors.ts";
import type { BlockFactors, BlockInverse } from "./kfacState.ts";

type Sizes = { inputs: number; outputs: number };
type Damped = { inputs: Tensor; outputs: Tensor };

/** 1 - s_A s_Gᵀ is at least this: damping keeps it above 0, rounding does not. */
const smallestGap = 1e-6;

/** Zeros in the place of what `neighbourInverse` adds to the inverses of a block. */
export function emptyNeighbour(own: Sizes, next: Sizes, none: (...shape: number[]) => Tensor): BlockInverse {
  const ranks = { inputs: Math.min(own.inputs, next.inputs), outputs: Math.min(own.outputs, next.outputs) };
  return {
    psiInputs: none(own.inputs, next.inputs),
    psiOutputs: none(own.outputs, next.outputs),
    leftInputs: none(own.inputs, ranks.inputs),
    leftOutputs: none(own.outputs, ranks.outputs),
    quotient: none(ranks.inputs, ranks.outputs),
  };
}

/** Inverses of a block's factors, and what ties it to the next block. Computed in float64. */
export function neighbourInverse(factors: BlockFactors, own: Damped, next: Damped): BlockInverse {
  const { dtype } = factors.inputs;
  const inputs = oneSide(own.inputs, factors.nextInputs!, next.inputs);
  const outputs = oneSide(own.outputs, factors.nextOutputs!, next.outputs);
  const gap = np.outer(inputs.values, outputs.values).neg().add(1);
  const all = {
    inputs: inputs.inverse,
    outputs: outputs.inverse,
    psiInputs: inputs.psi,
    psiOutputs: outputs.psi,
    leftInputs: inputs.left,
    leftOutputs: outputs.left,
    quotient: np.reciprocal(np.maximum(gap, smallestGap)),
  };
  return Object.fromEntries(Object.entries(all).map(([name, x]) => [name, asType(x, dtype)]));
}

/** Steps 1 to 3, for the gradients of all blocks in the order of the chain. */
export function applyTridiagonal(inverses: readonly BlockInverse[], gradients: readonly Tensor[]): Tensor[] {
  const between = (left: Tensor, x: Tensor, right: Tensor): Tensor => np.matmul(np.matmul(left, x), right);
  const solved = gradients.map((gradient, i) => {
    const { inputs, outputs, psiInputs, psiOutputs, leftInputs, leftOutputs, quotient } = inverses[i]!;
    const next = gradients[i + 1];
    if (next === undefined) return between(inputs!, gradient, outputs!);
    const u = gradient.sub(between(psiInputs!, next, np.transpose(psiOutputs!)));
    const inner = between(np.transpose(leftInputs!), u, leftOutputs!).mul(quotient!);
    return between(inputs!, u, outputs!).add(between(leftInputs!, inner, np.transpose(leftOutputs!)));
  });
  return solved.map((y, i) => {
    if (i === 0) return y;
    const { psiInputs, psiOutputs } = inverses[i - 1]!;
    return y.sub(between(np.transpose(psiInputs!), solved[i - 1]!, psiOutputs!));
  });
}

/** Ā⁻¹, Ψ, K and s of one of the two factors. */
function oneSide(own: Tensor, between: Tensor, next: Tensor) {
  const [lower, nextLower] = [own, next].map((matrix) => inverseCholesky(asType(matrix, "float64")));
  const whitened = np.matmul(np.matmul(lower!, asType(between, "float64")), np.transpose(nextLower!));
  const upper = np.transpose(lower!);
  const isWide = own.shape[0]! < next.shape[0]!;
  const transposed = np.transpose(whitened);
  const gram = isWide ? np.matmul(whitened, transposed) : np.matmul(transposed, whitened);
  const [eigenvalues, vectors] = linalg.eigh(gram) as [Tensor, Tensor];
  const values = np.maximum(eigenvalues, 0);
  const scaled = isWide ? vectors.mul(root(values)) : np.matmul(whitened, vectors);
  return {
    inverse: np.matmul(upper, lower!),
    psi: np.matmul(asType(between, "float64"), np.matmul(np.transpose(nextLower!), nextLower!)),
    left: np.matmul(upper, scaled),
    values,
  };
}
