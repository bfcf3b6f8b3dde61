/**
 * The weights of one column on the features, twice: the first for the error, the second for the direction,
 *
 *     update of φ(x) = (φ(x)ᵀ w⁽¹⁾ - ψ_t(x)) w⁽²⁾
 *
 * The product has the mean of a gradient where the two are independent and each has the least-squares weights
 * w* = C⁻¹ E[φ ψ_t] as its mean. Methods differ in how they come to them (Le Lan et al. 2023, section 4; names of the authors' code).
 */
import { type Key, type Tensor, linalg, np, random } from "../array/index.ts";
import { type Registry, type RegistryEntry, registry } from "../registry.ts";
import { lissaVectors, squaredLengths } from "./lissa.ts";
import type { SampledMatrix } from "./sampledMatrix.ts";

/** What the weights are estimated from: everything is a tensor, traced where the step is compiled. */
export interface WeightContext<Column> {
  matrix: SampledMatrix<Column>;
  column: Column;
  /** φ at rows [n, …]: [n, d]. Not differentiated: the weights are those of the inner minimum. */
  features(rows: Tensor): Tensor;
  /** A bound of |φ|² for features [J, n, d] of n estimates: a scalar, or one for each. */
  bound(features: Tensor): Tensor;
  /** Key of this step; each draw has a stream of its own by name. */
  key: Key;
  kappa: number;
  /** J. */
  inverseSamples: number;
  /** B_w. */
  weightBatch: number;
  /** Added to the diagonal of a Gram matrix before it is inverted. */
  ridge: number;
  /** The column's own weights [d], where theta holds some. */
  learned?: Tensor;
}

export interface ColumnWeights {
  /** [d]. */
  first: Tensor;
  /** [d]. */
  second: Tensor;
  /** κ' of LISSA, the smaller of two. */
  scale?: Tensor;
  /** Sampled features that were longer than their bound: int32. */
  beyondBound?: Tensor;
}

export type SubspaceMethod = "lissa" | "oracle" | "naive" | "naive++" | "explicit" | "lissa-shared";

interface Draw {
  /** Features [J, n, d] for n inverses. */
  inverse: Tensor;
  /** b = E[φ ψ_t], estimated n times: [n, d]. */
  b: Tensor;
}

/** `count` independent draws for an inverse, and for b. */
function draws<Column>(context: WeightContext<Column>, count: number): Draw {
  const { matrix, column, key, inverseSamples, weightBatch } = context;
  const rowsOf = (name: string, size: number): Tensor[] =>
    Array.from({ length: count }, (_, i) => matrix.sampleRows(random.foldIn(key, `${name} ${i + 1}`), size));
  const forInverse = rowsOf("inverse", inverseSamples);
  const forWeights = rowsOf("weights", weightBatch);
  // One evaluation of the features for all of them.
  const phi = context.features(np.concatenate([...forInverse, ...forWeights], 0) as Tensor);
  const d = phi.shape[1]!;
  const inverse = phi.slice([0, count * inverseSamples]).reshape([count, inverseSamples, d]);
  const forB = phi.slice([count * inverseSamples, null]).reshape([count, weightBatch, d]);
  const entries = np.stack(forWeights.map((rows) => matrix.entries(rows, column))).astype(phi.dtype);
  const b = forB
    .mul(entries.reshape([count, weightBatch, 1]))
    .sum(1)
    .div(weightBatch);
  return { inverse: np.transpose(inverse, [1, 0, 2]) as Tensor, b };
}

function lissa<Column>(context: WeightContext<Column>, count: number): ColumnWeights {
  const { inverse, b } = draws(context, count);
  const bound = context.bound(inverse);
  const scale = np.reciprocal(bound).mul(context.kappa) as Tensor;
  const weights = lissaVectors(inverse, b, scale);
  const lengths = squaredLengths(inverse);
  // One rounding above the bound is what the longest row itself may be.
  const isBeyond = lengths.greater(bound.mul(1 + 1e-5));
  return {
    first: weights.slice(0),
    second: weights.slice(count - 1),
    scale: scale.ndim === 0 ? scale : (scale.min() as Tensor),
    beyondBound: isBeyond.astype("int32").sum() as Tensor,
  };
}

/** b times the inverse of a Gram matrix of J samples, over J. */
function naive<Column>(context: WeightContext<Column>, count: number): ColumnWeights {
  const { inverse, b } = draws(context, count);
  const weights = Array.from({ length: count }, (_, i) => {
    const phi = inverse.slice([], i);
    const gram = (np.matmul(np.transpose(phi) as Tensor, phi) as Tensor).div(context.inverseSamples);
    return pseudoSolve(gram, b.slice(i), context.ridge);
  });
  return { first: weights[0]!, second: weights[count - 1]! };
}

function oracle<Column>({ matrix, column, features, ridge }: WeightContext<Column>): ColumnWeights {
  const rows = matrix.allRows!;
  const count = rows.shape[0]!;
  const phi = features(rows);
  const psi = matrix.entries(rows, column).astype(phi.dtype);
  const covariance = (np.matmul(np.transpose(phi) as Tensor, phi) as Tensor).div(count);
  const b = phi
    .mul(psi.reshape([count, 1]))
    .sum(0)
    .div(count);
  const weights = pseudoSolve(covariance, b, ridge);
  return { first: weights, second: weights };
}

/**
 * (A + ridge I)⁺ b for a symmetric positive A [d, d] and b [d]: eigenvalues below 10 d times the precision of the dtype,
 * over the largest, count as 0.
 */
export function pseudoSolve(matrix: Tensor, b: Tensor, ridge = 0): Tensor {
  const d = b.shape[0]!;
  const regular = ridge === 0 ? matrix : matrix.add(np.eye(d, d, { dtype: matrix.dtype }).mul(ridge));
  const [values, vectors] = linalg.eigh(regular);
  const precision = matrix.dtype === "float64" ? 2 ** -52 : 2 ** -23;
  const isZero = values.lessEqual((values.max() as Tensor).mul(10 * d * precision));
  const inverse = np.where(isZero, 0, np.reciprocal(np.where(isZero, 1, values) as Tensor)) as Tensor;
  const along = (np.matmul(b.reshape([1, d]), vectors) as Tensor).mul(inverse.reshape([1, d]));
  return (np.matmul(along, np.transpose(vectors) as Tensor) as Tensor).reshape([d]);
}

export interface SubspaceMethodEntry extends RegistryEntry {
  readonly name: SubspaceMethod;
  /** The update has the mean of the gradient, but for what a finite J leaves out. */
  readonly isUnbiased: boolean;
  /** Draws of J and of B_w samples in one step. */
  readonly draws: number;
  /** Whether it inverts the Gram matrix of J samples, which then have to be d at least. */
  readonly invertsGram: boolean;
  /** In words: what of the matrix it needs. */
  readonly needs: string;
  /** Features that one step computes, with the paper's symbols. */
  readonly cost: string;
  /** Needs a bound of |φ|². */
  readonly needsBound: boolean;
  /** Needs `allRows` of the matrix. */
  readonly needsAllRows: boolean;
  /** Learns a weight vector per column, so that columns have to be finitely many. */
  readonly learnsWeights: boolean;
  create<Column>(context: WeightContext<Column>): ColumnWeights;
}

const entry = (
  name: SubspaceMethod,
  summary: string,
  traits: Partial<SubspaceMethodEntry> & Pick<SubspaceMethodEntry, "create" | "needs" | "cost">,
): SubspaceMethodEntry => ({
  ...{ name, summary, draws: 0 },
  ...{ isUnbiased: false, invertsGram: false, needsBound: false, needsAllRows: false, learnsWeights: false },
  ...traits,
});

/** The methods of `principalSubspace`, by name. */
export const subspaceMethods: Registry<SubspaceMethodEntry> = registry<SubspaceMethodEntry>(
  "principalSubspace",
  [
    entry("lissa", "two independent LISSA inverses, each times an independent estimate of b", {
      ...{ isUnbiased: true, draws: 2, needsBound: true },
      needs: "entries",
      cost: "B + 2 J + 2 B_w",
      create: (context) => lissa(context, 2),
    }),
    entry("oracle", "least squares over all rows", {
      ...{ isUnbiased: true, needsAllRows: true },
      needs: "all rows",
      cost: "B + S",
      create: oracle,
    }),
    entry("naive", "inverse of a sampled Gram matrix, the same weights twice", {
      ...{ draws: 1, invertsGram: true },
      needs: "J of at least d, better 2 d",
      cost: "B + J + B_w",
      create: (context) => naive(context, 1),
    }),
    entry("naive++", "the same with a draw of its own for each of the two weights", {
      ...{ draws: 2, invertsGram: true },
      needs: "J of at least d, better 2 d",
      cost: "B + 2 J + 2 B_w",
      create: (context) => naive(context, 2),
    }),
    entry("explicit", "a learned weight vector per column, moved by the same optimizer", {
      learnsWeights: true,
      needs: "finitely many columns, whose d T weights an optimizer with moments moves in every step",
      cost: "B",
      create: ({ learned }) => ({ first: learned!, second: learned! }),
    }),
    entry("lissa-shared", "one LISSA draw for both weights: biased, what independence is for", {
      ...{ draws: 1, needsBound: true },
      needs: "entries",
      cost: "B + J + B_w",
      create: (context) => lissa(context, 1),
    }),
  ],
);
