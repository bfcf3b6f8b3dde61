/**
 * The block-tridiagonal inverse of K-FAC (Martens and Grosse 2015, 4.3 and appendix B), for layers in a chain. With
 * factors Ā_i, G_i of each block and Ā_i,i+1, G_i,i+1 of neighbours, it is the inverse of the matrix F̂ that agrees with
 * F̃ = (Ā_i,j ⊗ G_i,j) on the tridiagonal blocks and whose inverse has no others:
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
import { NonFiniteError, OptionError, ShapeError } from "../../errors.ts";
import { asType } from "../hyperparameter.ts";
import { allFinite, root } from "../leaves.ts";
import type { Factors } from "./dampedFactors.ts";
import { inverseCholesky, inversePositive } from "./factors.ts";

/** One block of a chain of layers, in the order of the chain. */
export interface ChainBlock extends Factors {
  /** Ā_i,i+1 = E[ā_i ā_i+1ᵀ], [inputs, inputs of the next]. Of all blocks but the last. */
  nextInputs?: Tensor;
  /** G_i,i+1 = E[g_i g_i+1ᵀ], [outputs, outputs of the next]. Of all blocks but the last. */
  nextOutputs?: Tensor;
}

export interface TridiagonalSolver {
  /** F̂⁻¹ V for the matrices [inputs, outputs] of all blocks in the order of the chain, in their dtypes. */
  solve(gradients: readonly Tensor[]): Tensor[];
}

/** Ā⁻¹, G⁻¹ and, of all blocks but the last, what ties a block to the next. */
export type ChainInverse = {
  inputs: Tensor;
  outputs: Tensor;
  /** Ψ^A and Ψ^G. */
  psiInputs?: Tensor;
  psiOutputs?: Tensor;
  /** K_A and K_G, [inputs, rank] and [outputs, rank]. */
  leftInputs?: Tensor;
  leftOutputs?: Tensor;
  /** 1 / (1 - s_A s_Gᵀ). */
  quotient?: Tensor;
};

/**
 * Makes the solver for the factors of a chain: `inputs` [inputs, inputs] and `outputs` [outputs, outputs] symmetric positive
 * definite, so damped where they need it (the paper damps these and not the ones of neighbours). Computed in float64.
 * Cost: per block two Cholesky factors and two eigensystems of the smaller neighbour, then about ten products of matrices for
 * each gradient. In float64 outside of a trace that is slow: use it inside of one `compiled` function for wide layers.
 *
 * @throws ShapeError for factors that do not fit; NonFiniteError that names the block whose factor is not positive definite;
 * OptionError that names the one whose Σ is not. In a trace the solution is NaN then.
 *
 * @example
 * const [first, second] = tridiagonalSolver([
 *   { inputs: a0, outputs: g1, nextInputs: a01, nextOutputs: g12 },
 *   { inputs: a1, outputs: g2 },
 * ]).solve([gradient1, gradient2]);
 */
export function tridiagonalSolver(blocks: readonly ChainBlock[]): TridiagonalSolver {
  requireChain(blocks);
  const wide = blocks.map(widened);
  const inverses = wide.map((block, i): ChainInverse => {
    const next = wide[i + 1];
    if (next !== undefined) return linkInverse(block, next, (gap) => requireGap(i, gap));
    return { inputs: inversePositive(block.inputs), outputs: inversePositive(block.outputs) };
  });
  inverses.forEach((inverse, i) => {
    const isFinite = allFinite({ inputs: inverse.inputs, outputs: inverse.outputs });
    if (isFinite.isTraced || isFinite.item() === 1) return;
    const hint = "Add damping to the diagonals of its factors.";
    throw new NonFiniteError(where, `block ${i} has a factor that is not positive definite. ${hint}`, {
      block: i,
    });
  });
  return {
    solve(gradients) {
      blocks.forEach(({ inputs, outputs }, i) => {
        const wanted = [inputs.shape[0]!, outputs.shape[0]!];
        const given = gradients[i];
        if (given !== undefined && String(given.shape) === String(wanted)) return;
        const got = given === undefined ? "nothing" : given.toString();
        throw new ShapeError(where, `gradient ${i} must be [${wanted.join(", ")}], got ${got}.`);
      });
      const solved = applyChain(
        inverses,
        gradients.map((gradient) => asType(gradient, "float64")),
      );
      return solved.map((x, i) => asType(x, gradients[i]!.dtype));
    },
  };
}

const where = "tridiagonalSolver";

/** Inverses of a block's factors and what ties it to the next block, for float64 factors; `safe` sees 1 - s_A s_Gᵀ. */
export function linkInverse(
  own: ChainBlock,
  next: Factors,
  safe: (gap: Tensor) => Tensor,
): Required<ChainInverse> {
  const inputs = oneSide(own.inputs, own.nextInputs!, next.inputs);
  const outputs = oneSide(own.outputs, own.nextOutputs!, next.outputs);
  const gap = np.outer(inputs.values, outputs.values).neg().add(1);
  return {
    inputs: inputs.inverse,
    outputs: outputs.inverse,
    psiInputs: inputs.psi,
    psiOutputs: outputs.psi,
    leftInputs: inputs.left,
    leftOutputs: outputs.left,
    quotient: np.reciprocal(safe(gap)),
  };
}

/** Steps 1 to 3, for the gradients of all blocks in the order of the chain. */
export function applyChain(inverses: readonly ChainInverse[], gradients: readonly Tensor[]): Tensor[] {
  const between = (left: Tensor, x: Tensor, right: Tensor): Tensor => np.matmul(np.matmul(left, x), right);
  const solved = gradients.map((gradient, i) => {
    const { inputs, outputs, psiInputs, psiOutputs, leftInputs, leftOutputs, quotient } = inverses[i]!;
    const next = gradients[i + 1];
    if (next === undefined) return between(inputs, gradient, outputs);
    const u = gradient.sub(between(psiInputs!, next, np.transpose(psiOutputs!)));
    const inner = between(np.transpose(leftInputs!), u, leftOutputs!).mul(quotient!);
    return between(inputs, u, outputs).add(between(leftInputs!, inner, np.transpose(leftOutputs!)));
  });
  return solved.map((y, i) => {
    if (i === 0) return y;
    const { psiInputs, psiOutputs } = inverses[i - 1]!;
    return y.sub(between(np.transpose(psiInputs!), solved[i - 1]!, psiOutputs!));
  });
}

/** Ā⁻¹, Ψ, K and s of one of the two factors. */
function oneSide(own: Tensor, between: Tensor, next: Tensor) {
  const [lower, nextLower] = [own, next].map(inverseCholesky);
  const whitened = np.matmul(np.matmul(lower!, between), np.transpose(nextLower!));
  const upper = np.transpose(lower!);
  const isWide = own.shape[0]! < next.shape[0]!;
  const transposed = np.transpose(whitened);
  const gram = isWide ? np.matmul(whitened, transposed) : np.matmul(transposed, whitened);
  const [eigenvalues, vectors] = linalg.eigh(gram) as [Tensor, Tensor];
  const values = np.maximum(eigenvalues, 0);
  const scaled = isWide ? vectors.mul(root(values)) : np.matmul(whitened, vectors);
  return {
    inverse: np.matmul(upper, lower!),
    psi: np.matmul(between, np.matmul(np.transpose(nextLower!), nextLower!)),
    left: np.matmul(upper, scaled),
    values,
  };
}

const widened = (block: ChainBlock): ChainBlock =>
  Object.fromEntries(
    Object.entries(block).map(([name, x]) => [name, asType(x as Tensor, "float64")]),
  ) as Record<keyof ChainBlock, Tensor>;

/** Below this 1 - s_A s_Gᵀ is rounding. */
const smallestGap = 1e-12;

function requireGap(block: number, gap: Tensor): Tensor {
  const isSingular = gap.lessEqual(smallestGap);
  if (!gap.isTraced && isSingular.any().item() === 1) {
    const hint = "Neighbours determine this block entirely: damp the factors `inputs` and `outputs`.";
    throw new OptionError(where, `the smallest 1 - s of block ${block}`, gap.min().item(), "above 0", hint);
  }
  return np.where(isSingular, np.zerosLike(gap).add(NaN), gap) as Tensor;
}

function requireChain(blocks: readonly ChainBlock[]): void {
  if (blocks.length === 0) throw new OptionError(where, "blocks", blocks, "at least one block");
  blocks.forEach((block, i) => {
    const next = blocks[i + 1];
    const sides = [
      ["inputs", "nextInputs"],
      ["outputs", "nextOutputs"],
    ] as const;
    for (const [side, link] of sides) {
      const own = block[side];
      const [n, m] = own.shape;
      if (own.ndim !== 2 || n !== m)
        throw new ShapeError(where, `${side} of block ${i} must be square, got ${own.toString()}.`);
      const wanted = next === undefined ? undefined : [n!, next[side].shape[0]!];
      const given = block[link];
      if (String(given?.shape) === String(wanted)) continue;
      const got = given === undefined ? "nothing" : given.toString();
      const allowed = wanted === undefined ? "absent, for it is the last" : `[${wanted.join(", ")}]`;
      throw new ShapeError(where, `${link} of block ${i} must be ${allowed}, got ${got}.`);
    }
  });
}
