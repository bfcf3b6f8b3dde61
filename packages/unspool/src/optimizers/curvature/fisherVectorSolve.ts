/**
 * Systems and products with the damped Fisher information λ I + F, F = G Gᵀ, by the Woodbury identity: exact, at the cost
 * of a system of as many equations as F has columns. Benzing (ICML 2022), appendix I; as the solution of implicit
 * differentiation (appendix C.3) and in the penalty of elastic weight consolidation (C.2).
 *
 *     (λ I + F)⁻¹ u = u / λ - G (I + GᵀG / λ)⁻¹ Gᵀu / λ²
 *
 * Two large terms are subtracted where λ is small: the relative error is the rounding error times |F| / λ. Below
 * λ = 1e-4 |F| float32 is not enough.
 */
import { Tensor, tree } from "../../array/index.ts";
import { requireKnownOptions, requireOneOf, requirePositive } from "../../errors.ts";
import { asType } from "../hyperparameter.ts";
import { dot, mapFloats, zeros } from "../leaves.ts";
import { shifted, solvePositive } from "./factors.ts";
import { type BlockColumns, type FisherColumns, blockMatrices } from "./fisherColumns.ts";
import { gram, product, transposedProduct } from "./fisherColumns.ts";
import { withBlocks } from "./layerBlocks.ts";
import { type FactorPrecision, factorPrecisions, norm1 } from "./precision.ts";

export interface FisherSolveOptions {
  /** Each layer with its own block of F, without the blocks between layers. Default false. */
  blockDiagonal?: boolean;
  /**
   * In which the system is solved: "auto" takes float64 where λ is below 1e-4 |F| and its numbers are known; in a trace it is
   * the columns' own dtype. Default "auto".
   */
  precision?: FactorPrecision;
}

/**
 * (λ I + F)⁻¹ u, for u in the structure of theta. Parameters outside of layers have no part in F: they are divided by λ.
 * Cost: C² (inputs + outputs) per layer for the products of C columns, C³ / 3 for the system.
 *
 * @example
 * const columns = fisherColumns(objective.network!, theta, { fisher: "full", key });
 * const direction = fisherVectorSolve(columns, grad(objective.loss)(theta), 0.1);
 */
export function fisherVectorSolve<T>(
  { registration, layers }: FisherColumns,
  u: T,
  damping: number | Tensor,
  options: FisherSolveOptions = {},
): T {
  requireKnownOptions("fisherVectorSolve", options, ["blockDiagonal", "precision"]);
  const { blockDiagonal = false, precision = "auto" } = options;
  requireOneOf("fisherVectorSolve", "precision", precision, factorPrecisions);
  if (!Tensor.is(damping)) requirePositive("fisherVectorSolve", "damping", damping);
  const matrices = blockMatrices(registration.blocks, u);
  const products = grams(layers, blockDiagonal);
  const isWide = precision === "float64" || (precision === "auto" && needsFloat64(products, damping));
  const wide = (x: Tensor): Tensor => (isWide ? asType(x, "float64") : x);
  const own = isWide ? tree.map(wide, layers) : layers;
  const solved = woodbury(
    own,
    isWide ? grams(own, blockDiagonal) : products,
    matrices.map(wide),
    damping,
  ).map((x, i) => asType(x, matrices[i]!.dtype));
  const rest = mapFloats((x) => x.div(damping), u);
  return withBlocks(rest, registration.blocks, solved);
}

/** Whether λ is below 1e-4 |F|, as far as numbers are known. */
function needsFloat64(products: readonly Tensor[], damping: number | Tensor): boolean {
  const norms = products.map(norm1);
  if (norms.some(({ isTraced }) => isTraced) || (Tensor.is(damping) && damping.isTraced)) return false;
  const least = Tensor.is(damping) ? damping.item() : damping;
  return norms.some((norm) => least < 1e-4 * norm.item());
}

/** F u, for u in the structure of theta: 0 for parameters outside of layers. */
export function fisherVectorProduct<T>({ registration, layers }: FisherColumns, u: T): T {
  const matrices = blockMatrices(registration.blocks, u);
  const weights = tree.total(layers.map((columns, i) => transposedProduct(columns, matrices[i]!)));
  return withBlocks(
    zeros(u) as T,
    registration.blocks,
    layers.map((columns) => product(columns, weights)),
  );
}

/** uᵀ F u: the penalty of elastic weight consolidation for a move u. */
export function fisherQuadratic(columns: FisherColumns, u: unknown): Tensor {
  return dot(u, fisherVectorProduct(columns, u));
}

/** @internal GᵀG: one for all layers, or one by layer. */
export function grams(layers: readonly BlockColumns[], isByLayer: boolean): Tensor[] {
  const each = layers.map((columns) => gram(columns));
  return isByLayer ? each : [tree.total(each)];
}

/** @internal (λ I + F)⁻¹ of matrices [inputs, outputs] by layer, given the grams. */
export function woodbury(
  layers: readonly BlockColumns[],
  products: readonly Tensor[],
  matrices: readonly Tensor[],
  damping: number | Tensor,
): Tensor[] {
  const parts = layers.map((columns, i) => transposedProduct(columns, matrices[i]!));
  const solve = (product: Tensor, right: Tensor) => solvePositive(shifted(product.div(damping), 1), right);
  const isByLayer = products.length === layers.length;
  const shared = isByLayer ? undefined : solve(products[0]!, tree.total(parts));
  return layers.map((columns, i) => {
    const weights = shared ?? solve(products[i]!, parts[i]!);
    return matrices[i]!.sub(product(columns, weights).div(damping)).div(damping);
  });
}
