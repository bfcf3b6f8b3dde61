/** The block-tridiagonal inverse inside of K-FAC: the factors are damped, so that 1 - s_A s_Gᵀ is above 0 but for rounding. */
import { type Tensor, np } from "../../array/index.ts";
import { asType } from "../hyperparameter.ts";
import type { Factors } from "./dampedFactors.ts";
import type { BlockFactors, BlockInverse } from "./kfacState.ts";
import { type ChainInverse, applyChain, linkInverse } from "./tridiagonalSolver.ts";

type Sizes = { inputs: number; outputs: number };

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
export function neighbourInverse(factors: BlockFactors, own: Factors, next: Factors): BlockInverse {
  const { dtype } = factors.inputs;
  const wide = (matrix: Tensor): Tensor => asType(matrix, "float64");
  const link = linkInverse(
    {
      inputs: wide(own.inputs),
      outputs: wide(own.outputs),
      nextInputs: wide(factors.nextInputs!),
      nextOutputs: wide(factors.nextOutputs!),
    },
    { inputs: wide(next.inputs), outputs: wide(next.outputs) },
    (gap) => np.maximum(gap, smallestGap),
  );
  return Object.fromEntries(Object.entries(link).map(([name, x]) => [name, asType(x, dtype)]));
}

/** The inverse applied to the gradients of all blocks in the order of the chain. */
export function applyTridiagonal(inverses: readonly BlockInverse[], gradients: readonly Tensor[]): Tensor[] {
  return applyChain(inverses as readonly ChainInverse[], gradients);
}
