/** What the three structures of the curvature (full, Kronecker, diagonal) have in common. */
import type { Tensor, Tree } from "../array/index.ts";
import type { LayerBlock } from "../optimizers/index.ts";

/** What a batch says of one layer. Errors are the columns of a root of the curvature of each example's likelihood. */
export interface LayerSample {
  readonly block: LayerBlock;
  /** [n, S, positions, inputs]. */
  readonly inputs: Tensor;
  /** [columns, n, S, positions, outputs]. */
  readonly errors: Tensor;
}

/** The prior precision of the parameters of one layer: scalars, or in the shapes of the parameters. */
export interface LayerPrecision {
  readonly block: LayerBlock;
  /** [] or [inputs, outputs]. */
  readonly weights: Tensor;
  /** [] or [outputs]; undefined for a layer without a bias. */
  readonly bias: Tensor | undefined;
}

/** Where a log determinant is taken: H is h times the curvature, and h the scale of the likelihood (1 / σ²). */
export interface PrecisionAt {
  readonly scale: Tensor;
  readonly layers: readonly LayerPrecision[];
}

/**
 * Curvature of one structure. `measure` and `inner` are made of `np` functions and compiled; `spectrum` may leave the
 * program. All results are trees of tensors.
 */
export interface CurvatureStructure<
  Part extends Tree = Tree,
  Spectrum extends Tree = Tree,
  Contraction extends Tree = Tree,
> {
  readonly name: "full" | "kron" | "diag";
  /** The part of a batch of `examples` in all. */
  measure(samples: readonly LayerSample[], examples: number): Part;
  /** The curvature of all batches. */
  combine(parts: readonly Part[]): Part;
  /** What a log determinant is computed from; differentiable in a trace. */
  spectrum(curvature: Part): Spectrum;
  /** log det(H + P) - log det P for the diagonal prior precision P. */
  logDetRatio(spectrum: Spectrum, at: PrecisionAt): Tensor;
  /** The derivatives of that by the elements of the curvature. */
  contract(spectrum: Spectrum, at: PrecisionAt): Contraction;
  /** ⟨derivatives, part of a batch⟩ without forming the part. */
  inner(contraction: Contraction, samples: readonly LayerSample[], examples: number): Tensor;
}

/** The inputs of an averaged function, [n, positions, inputs]: activations are averaged over copies. */
export function averagedInputs({ inputs }: LayerSample): Tensor {
  return inputs.shape[1] === 1 ? inputs.slice([], 0) : inputs.mean(1);
}

/** Its derivatives, [columns, n, positions, outputs]: they are summed over copies. */
export function summedErrors({ errors }: LayerSample): Tensor {
  return errors.shape[2] === 1 ? errors.slice([], [], 0) : errors.sum(2);
}
