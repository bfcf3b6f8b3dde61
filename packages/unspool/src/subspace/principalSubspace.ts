/**
 * Stochastic gradients for principal subspaces from sampled entries (Le Lan, Greaves, Farebrother, Rowland, Pedregosa,
 * Agarwal, Bellemare, "A Novel Stochastic Gradient Descent Algorithm for Learning Principal Subspaces", AISTATS 2023).
 * Features φ(x) of the rows of a matrix Ψ are moved so that their span becomes that of its top d left singular vectors:
 *
 *     L = E_t min_w E_x (φ(x)ᵀ w - ψ_t(x))²,    ∇_{φ(x)} L = 2 E_t (φ(x)ᵀ w_t* - ψ_t(x)) w_t*      (Danskin)
 *
 * In each step: B rows, one column, two independent estimates of its weights w* = C⁻¹ E[φ ψ_t], and
 *
 *     G_i = (φ(x_i)ᵀ w⁽¹⁾ - ψ_t(x_i)) w⁽²⁾,    pulled back to the parameters of φ.
 */
import { type Key, type Tensor, np, random, tree, vjp } from "../array/index.ts";
import { NonFiniteError, ShapeError } from "../errors.ts";
import type { Estimate, GradientEstimator } from "../estimators/index.ts";
import { compiled } from "../unroll/index.ts";
import type { ColumnWeights } from "./columnWeights.ts";
import { type FeatureMap, tableFeatures } from "./featureMap.ts";
import { squaredLengths } from "./lissa.ts";
import {
  type CheckedOptions,
  type PrincipalSubspaceOptions,
  checkedOptions,
} from "./principalSubspaceOptions.ts";
import type { SampledMatrix } from "./sampledMatrix.ts";

/** Parameters of the features, and of `explicit` the weights of each column. */
export interface SubspaceTheta<Params = Tensor> {
  features: Params;
  /** [columns, d]: of `explicit` only. */
  weights?: Tensor;
}

/** What one step computes, all tensors. */
export interface SubspaceUpdate<Params> {
  /** Mean over the batch of (φᵀ w⁽¹⁾ - ψ)²: of the sampled weights, so that it is above the loss at the best ones. */
  loss: Tensor;
  gradient: SubspaceTheta<Params>;
  weights: ColumnWeights;
}

/** An estimator whose estimate is also a function that can be compiled into something larger. */
export interface SubspaceEstimator<Params = Tensor> extends GradientEstimator<
  SubspaceTheta<Params>,
  Record<string, never>
> {
  /** φ of rows [n, …]: [n, d]. */
  features: FeatureMap<Params>;
  /** Options with their defaults. */
  readonly options: Readonly<CheckedOptions<Params>>;
  /** Rows that are looked at in one step: how many features are computed. */
  readonly featuresPerStep: number;
  /** Every row, where they are finitely many. */
  readonly allRows?: Tensor;
  /** Throws `ShapeError`, `OptionError` or `NonFiniteError` for a theta that this estimator cannot start from. */
  requireTheta(theta: SubspaceTheta<Params>): void;
  /** The estimate, made of `np` functions. */
  update(theta: SubspaceTheta<Params>, key: Key): SubspaceUpdate<Params>;
}

const where = "principalSubspace";

/**
 * Estimates the gradient of the representation loss by sampled entries. The loss it reports is a sampled one, and biased
 * upward. Metrics: `innerSteps` (features computed), `scale` (κ' of LISSA) and `beyondBound` (sampled features that were
 * longer than their bound).
 *
 * @example
 * const estimator = principalSubspace(denseMatrix(psi), { dimensions: 4, inverseSamples: 40 });
 * const method = subspaceDescent(estimator, adam({ learningRate: 5e-3 }));
 *
 * Cost: B + 2 J + 2 B_w features and B + 2 B_w entries per step with "lissa".
 */
export function principalSubspace<Column>(
  matrix: SampledMatrix<Column>,
  options: PrincipalSubspaceOptions<Tensor>,
): SubspaceEstimator;
export function principalSubspace<Column, Params>(
  matrix: SampledMatrix<Column>,
  options: PrincipalSubspaceOptions<Params> & { features: FeatureMap<Params> },
): SubspaceEstimator<Params>;
export function principalSubspace<Column, Params>(
  matrix: SampledMatrix<Column>,
  given: PrincipalSubspaceOptions<Params>,
): SubspaceEstimator<Params> {
  // Without `features` the overloads say that parameters are a table.
  const options = checkedOptions(where, matrix, given, tableFeatures as FeatureMap<Params>);
  const update = updateOf(matrix, options);
  const featuresPerStep = featuresOf(matrix, options);
  const step = compiled(where, (theta: SubspaceTheta<Params>, key: Key) => {
    const { loss, gradient, weights } = update(theta, key);
    return { loss, gradient, metrics: weightMetrics(weights) };
  });
  return {
    name: where,
    options,
    featuresPerStep,
    features: options.features,
    ...(matrix.allRows !== undefined && { allRows: matrix.allRows }),
    update,
    requireTheta: (theta) => requireTheta(matrix, options, theta),
    init(theta) {
      requireTheta(matrix, options, theta);
      return {};
    },
    estimate(theta, state, key): Estimate<SubspaceTheta<Params>, Record<string, never>> {
      const { loss, gradient, metrics } = step(theta, key);
      const numbers = Object.fromEntries(Object.entries(metrics).map(([name, x]) => [name, x.item()]));
      return {
        loss: loss.item(),
        gradient,
        state,
        metrics: { innerSteps: featuresPerStep, ...numbers },
      };
    },
  };
}

/** What records of a step say of the weights. */
export function weightMetrics({ scale, beyondBound }: ColumnWeights): Record<string, Tensor> {
  return { ...(scale && { scale }), ...(beyondBound && { beyondBound }) };
}

/** B of the source, and of each draw J and B_w. */
function featuresOf<Params, Column>(
  { allRows }: SampledMatrix<Column>,
  { entry, batch, inverseSamples, weightBatch }: CheckedOptions<Params>,
): number {
  const drawn = entry.draws * (inverseSamples + weightBatch);
  return batch + drawn + (entry.needsAllRows ? allRows!.shape[0]! : 0);
}

function updateOf<Params, Column>(
  matrix: SampledMatrix<Column>,
  options: CheckedOptions<Params>,
): SubspaceEstimator<Params>["update"] {
  const { features, entry, batch, dimensions: d, isMean, hasFactor2 } = options;
  return ({ features: params, weights: table }, key) => {
    const rows = matrix.sampleRows(random.foldIn(key, "rows"), batch);
    const column = matrix.sampleColumn(random.foldIn(key, "column"));
    const weights = entry.create({
      ...{ matrix, column, key, kappa: options.kappa, ridge: options.ridge },
      ...{ inverseSamples: options.inverseSamples, weightBatch: options.weightBatch },
      features: (at) => requireFeatures(features(params, at), at.shape[0]!, d),
      bound: (sampled) => boundOf(matrix, options, params, sampled),
      ...(entry.learnsWeights && { learned: learnedWeights(table!, column) }),
    });
    const phi = requireFeatures(features(params, rows), batch, d);
    const predicted = (np.matmul(phi, weights.first.reshape([d, 1])) as Tensor).reshape([batch]);
    const errors = predicted.sub(matrix.entries(rows, column).astype(phi.dtype));
    const factor = (hasFactor2 ? 2 : 1) / (isMean ? batch : 1);
    const scaled = errors.mul(factor).reshape([batch, 1]);
    const ofRows = scaled.mul(weights.second.reshape([1, d]));
    const gradient: SubspaceTheta<Params> = { features: pullBack(options, params, rows, ofRows) };
    if (entry.learnsWeights) gradient.weights = weightGradient(table!, column, phi.mul(scaled).sum(0));
    return { loss: errors.mul(errors).mean(), gradient, weights };
  };
}

/** The gradient by the parameters of the features' gradient G [B, d]. */
function pullBack<Params>(
  { features, duplicates }: CheckedOptions<Params>,
  params: Params,
  rows: Tensor,
  gradient: Tensor,
): Params {
  if (duplicates === "overwrite") {
    // A row's error depends on nothing but the row: its copies carry the same numbers, and any of them will do.
    const table = params as Tensor;
    const [S, B] = [table.shape[0]!, gradient.shape[0]!];
    const place = np
      .zeros([S], { dtype: "int32" })
      .at(rows)
      .set(np.arange(1, B + 1));
    const lines = np.take(gradient, np.maximum(place.sub(1), 0) as Tensor, 0) as Tensor;
    return np.where(place.greater(0).reshape([S, 1]), lines, 0) as Params;
  }
  return vjp((p: Params) => features(p, rows), [params], gradient)[1][0] as Params;
}

function boundOf<Params, Column>(
  matrix: SampledMatrix<Column>,
  { featureNorm, features }: CheckedOptions<Params>,
  params: Params,
  sampled: Tensor,
): Tensor {
  if (typeof featureNorm === "number") return np.array(featureNorm, { dtype: sampled.dtype });
  if (featureNorm === "all") return squaredLengths(features(params, matrix.allRows!)).max() as Tensor;
  // Of each of the n estimates its own.
  return squaredLengths(sampled).max(0) as Tensor;
}

/** The weights [d] of a column, of which `explicit` knows that it is a number. */
const learnedWeights = (table: Tensor, column: unknown): Tensor =>
  (np.take(table, (column as Tensor).reshape([1]), 0) as Tensor).reshape([table.shape[1]!]);

/** All columns have a gradient, 0 but for one: an optimizer with moments moves all of them. */
function weightGradient(table: Tensor, column: unknown, gradient: Tensor): Tensor {
  const [T, d] = table.shape as [number, number];
  const isColumn = np
    .arange(T)
    .equal(column as Tensor)
    .reshape([T, 1]);
  return np.where(isColumn, gradient.reshape([1, d]), 0) as Tensor;
}

function requireFeatures(features: Tensor, count: number, d: number): Tensor {
  if (features.ndim === 2 && features.shape[0] === count && features.shape[1] === d) return features;
  throw new ShapeError(
    where,
    `features of ${count} rows must be [${count}, ${d}], got ${features.toString()}. Dimensions are the last axis of what \`features\` returns.`,
  );
}

function requireTheta<Params, Column>(
  matrix: SampledMatrix<Column>,
  { isTable, dimensions, entry }: CheckedOptions<Params>,
  theta: SubspaceTheta<Params>,
): void {
  const { features, weights } = theta;
  if (features === undefined)
    throw new ShapeError(where, "theta must be { features }, the parameters of the features.");
  const requireShape = (what: string, given: unknown, shape: number[]): void => {
    const found = tree.entries(given);
    if (found.length === 1 && found[0]![0] === "" && found[0]![1].shape.join() === shape.join()) return;
    throw new ShapeError(
      where,
      `theta.${what} must be a table [${shape.join(", ")}], got ${found.length === 1 ? found[0]![1].toString() : "a tree"}.`,
    );
  };
  if (isTable) requireShape("features", features, [matrix.rows!, dimensions]);
  if (entry.learnsWeights) {
    if (weights === undefined)
      throw new ShapeError(
        where,
        `"explicit" needs theta.weights, one vector per column: [${matrix.columns}, ${dimensions}]. initTable makes one.`,
      );
    requireShape("weights", weights, [matrix.columns!, dimensions]);
  } else if (weights !== undefined)
    throw new ShapeError(
      where,
      `theta.weights are of "explicit" only; "${entry.name}" would never move them.`,
    );
  for (const [path, leaf] of tree.entries(theta)) {
    if (tree.isFinite(leaf)) continue;
    throw new NonFiniteError(where, `theta at "${path}" is not finite. Start from finite features.`, {
      quantity: path,
    });
  }
}
