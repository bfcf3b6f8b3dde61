/**
 * Draws from the Laplace approximation of a posterior, N(theta, Λ⁻¹) with Λ = Λ₀ + D F: diagonal prior precision Λ₀,
 * number of data points D, Fisher information F = G Gᵀ of a batch. Benzing (ICML 2022), appendix C: exact, without a
 * matrix of parameters by parameters.
 *
 *     V = √D Λ₀^(-1/2) G;   y ~ N(0, I);   z ~ N(0, I)
 *     x = y - V (I + VᵀV)⁻¹ (Vᵀy + z);   Λ₀^(-1/2) x ~ N(0, Λ⁻¹)
 */
import { type Key, Tensor, np, random, tree } from "../../array/index.ts";
import { ShapeError, requireKnownOptions, requirePositive } from "../../errors.ts";
import { isFloatLeaf } from "../leaves.ts";
import { shifted, solvePositive } from "./factors.ts";
import { type FisherColumns, blockMatrices, gram } from "./fisherColumns.ts";
import { product, transposedProduct } from "./fisherColumns.ts";
import { withBlocks } from "./layerBlocks.ts";

export interface LaplaceOptions {
  /** Diagonal of Λ₀: one number for all parameters, or a tree like theta. */
  priorPrecision: number | Tensor | object;
  /** D, data points behind the posterior. */
  dataPoints: number;
}

/**
 * One draw around theta. Parameters outside of layers are drawn from the prior around theta. Cost: that of
 * `fisherVectorSolve`; with a tree of precisions all C columns are formed, C · |theta| numbers.
 *
 * @example
 * const columns = fisherColumns(objective.network!, theta, { fisher: "mc", key });
 * const sampled = laplaceSample(key, columns, theta, { priorPrecision: 1, dataPoints: 2000 });
 */
export function laplaceSample<Theta>(
  key: Key,
  columns: FisherColumns,
  theta: Theta,
  options: LaplaceOptions,
): Theta {
  requireKnownOptions("laplaceSample", options, ["priorPrecision", "dataPoints"]);
  const y = tree.mapWithPath((path, leaf) => {
    if (!isFloatLeaf(leaf)) return leaf;
    return random.normal(random.foldIn(key, `y ${path}`), leaf.shape, dtypeOf(leaf));
  }, theta);
  const z = random.normal(random.foldIn(key, "z"), [columns.count], dtypeOf(columns.layers[0]!.errors));
  const move = laplaceMove(columns, { parameters: y, columns: z }, options);
  return tree.map((leaf, x) => (isFloatLeaf(leaf) ? leaf.add(x!) : leaf), theta, move);
}

/** Independent standard normal numbers that a draw is made of. */
export interface LaplaceDraws<T> {
  /** y, in the structure of theta. */
  parameters: T;
  /** z, one for each column of the Fisher information: [C], C being `columns.count`. */
  columns: Tensor;
}

/**
 * The move Λ₀^(-1/2) x from theta to the draw, for draws that are given: Benzing (ICML 2022), appendix C. Linear in them, so
 * that unit vectors give the map T with T Tᵀ = Λ⁻¹, and the same draws at two thetas make correlated samples. Parameters
 * outside of layers get Λ₀^(-1/2) y. In the dtypes of `draws.parameters`. Cost: that of `laplaceSample`.
 *
 * @throws OptionError for `dataPoints` or a `priorPrecision` that is not above 0; ShapeError for draws of other shapes.
 *
 * @example
 * const parameters = tree.map((leaf) => random.normal(key, leaf.shape), theta);
 * const move = laplaceMove(columns, { parameters, columns: np.zeros([columns.count]) }, { priorPrecision: 1, dataPoints: 2000 });
 */
export function laplaceMove<T>(fisher: FisherColumns, draws: LaplaceDraws<T>, options: LaplaceOptions): T {
  requireKnownOptions("laplaceMove", options, ["priorPrecision", "dataPoints"]);
  const { registration, layers, count } = fisher;
  const { blocks } = registration;
  const { parameters: y, columns: z } = draws;
  const { priorPrecision, dataPoints } = options;
  if (String(z.shape) !== String([count])) {
    const what = "one number for each column of the Fisher information";
    throw new ShapeError("laplaceMove", `draws.columns must be [${count}], ${what}, got ${z.toString()}.`);
  }
  requirePositive("laplaceSample", "dataPoints", dataPoints);
  if (typeof priorPrecision === "number") {
    requirePositive("laplaceSample", "priorPrecision", priorPrecision);
  }
  // Λ₀^(-1/2) as a tree like theta.
  const scales = scalesLike(y, priorPrecision);
  const [given, diagonals] = [blockMatrices(blocks, y), blockMatrices(blocks, scales)];
  const isUniform = typeof priorPrecision === "number";
  const inner = tree.total(
    layers.map((columns, i) => {
      if (isUniform) return gram(columns).mul(dataPoints / priorPrecision);
      return gram(columns, diagonals[i]!.mul(diagonals[i]!)).mul(dataPoints);
    }),
  );
  const root = Math.sqrt(dataPoints);
  const right = tree.total(
    layers.map((columns, i) => transposedProduct(columns, given[i]!.mul(diagonals[i]!)).mul(root)),
  );
  const weights = solvePositive(shifted(inner, 1), right.add(z));
  const moves = layers.map((columns, i) => {
    const back = product(columns, weights).mul(diagonals[i]!).mul(root);
    return given[i]!.sub(back).mul(diagonals[i]!);
  });
  const prior = tree.map((leaf, scale) => (isFloatLeaf(leaf) ? leaf.mul(scale!) : leaf), y, scales);
  return withBlocks(prior, blocks, moves);
}

function scalesLike<T>(y: T, precision: LaplaceOptions["priorPrecision"]): T {
  const scale = (leaf: Tensor, of: number | Tensor): Tensor => {
    const ones = np.onesLike(leaf);
    return typeof of === "number" ? ones.div(Math.sqrt(of)) : ones.div(np.sqrt(of));
  };
  const isOne = typeof precision === "number";
  const isBare = Tensor.is(precision) && !Tensor.is(y);
  if (isOne || isBare) return tree.map((leaf) => (isFloatLeaf(leaf) ? scale(leaf, precision) : leaf), y);
  return tree.map((leaf, of) => (isFloatLeaf(leaf) ? scale(leaf, of!) : leaf), y, precision);
}

function dtypeOf(x: Tensor): { dtype: "float32" | "float64" } {
  return { dtype: x.dtype === "float64" ? "float64" : "float32" };
}
