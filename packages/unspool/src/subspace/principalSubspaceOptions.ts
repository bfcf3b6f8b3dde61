/** The options of `principalSubspace`, their defaults (those of the authors' code) and checks. */
import { Tensor } from "../array/index.ts";
import {
  OptionError,
  requireInteger,
  requireKnownOptions,
  requireOneOf,
  requirePositive,
  requireRecord,
} from "../errors.ts";
import { type SubspaceMethod, type SubspaceMethodEntry, subspaceMethods } from "./columnWeights.ts";
import { requireKappa } from "./diagnostics/lissaBias.ts";
import { type FeatureMap, requireFewer } from "./featureMap.ts";
import type { SampledMatrix } from "./sampledMatrix.ts";

export interface PrincipalSubspaceOptions<Params> {
  /** d: how many directions are sought. */
  dimensions: number;
  /** φ(x). Default: a table with one line per row, `tableFeatures`. */
  features?: FeatureMap<Params>;
  /** How a column's weights on the features are estimated. Default "lissa", the paper's. */
  method?: SubspaceMethod;
  /** κ, above 0 and below 2: how much of the largest allowed step LISSA takes. Default 1.9. */
  kappa?: number;
  /** J: samples of each estimate of the inverse. Default 32; `samplesForBias` says how many are enough. */
  inverseSamples?: number;
  /** B: rows whose features move in one step. Default 32. */
  batch?: number;
  /** B_w: rows of each estimate of b = E[φ ψ]. Default 32. */
  weightBatch?: number;
  /**
   * The bound of |φ|² that LISSA divides by: over all rows ("all", the default of tables), over the J samples ("batch", the
   * default of networks: slightly biased), or a number that is known. Features beyond a number make the estimate explode;
   * they are counted in the metric `beyondBound`.
   */
  featureNorm?: "all" | "batch" | number;
  /** Added to the diagonal of the Gram matrix that `naive`, `naive++` and `oracle` invert. Default 0. */
  ridge?: number;
  /** Mean over the batch in place of a sum. Default false, as in the authors' code. */
  isMean?: boolean;
  /** With the factor 2 of the square's derivative. Default false, as in the authors' code. */
  hasFactor2?: boolean;
  /**
   * What a row that was drawn several times does: moves once ("overwrite", the default of tables, as in the authors' code),
   * or as often ("add", the default of networks).
   */
  duplicates?: "overwrite" | "add";
}

export interface CheckedOptions<Params> extends Required<PrincipalSubspaceOptions<Params>> {
  entry: SubspaceMethodEntry;
  isTable: boolean;
}

const names = [
  ...(["dimensions", "features", "method", "kappa", "inverseSamples", "batch", "weightBatch"] as const),
  ...(["featureNorm", "ridge", "isMean", "hasFactor2", "duplicates"] as const),
];

/** Options with their defaults. Throws `OptionError` for what cannot work with this matrix. */
export function checkedOptions<Params, Column>(
  where: string,
  matrix: SampledMatrix<Column>,
  options: PrincipalSubspaceOptions<Params>,
  table: FeatureMap<Params>,
): CheckedOptions<Params> {
  requireSampled(where, matrix);
  requireRecord(where, options, names);
  requireKnownOptions(where, options, names);
  const isTable = options.features === undefined;
  const checked = {
    ...{ features: table, method: "lissa" as const, kappa: 1.9, inverseSamples: 32, batch: 32 },
    ...{ weightBatch: 32, featureNorm: isTable ? ("all" as const) : ("batch" as const), ridge: 0 },
    ...{ isMean: false, hasFactor2: false },
    duplicates: isTable ? ("overwrite" as const) : ("add" as const),
    ...defined(options),
    isTable,
  };
  const entry = subspaceMethods.entry(checked.method);
  requireInteger(where, "dimensions", checked.dimensions, 1);
  requireFewer(where, matrix.rows, checked.dimensions);
  requireKappa(where, checked.kappa);
  for (const size of ["inverseSamples", "batch", "weightBatch"] as const)
    requireInteger(where, size, checked[size], 1);
  if (!(Number.isFinite(checked.ridge) && checked.ridge >= 0))
    throw new OptionError(where, "ridge", checked.ridge, "a finite number of at least 0");
  for (const flag of ["isMean", "hasFactor2"] as const)
    if (typeof checked[flag] !== "boolean")
      throw new OptionError(where, flag, checked[flag], "true or false");
  requireOneOf(where, "duplicates", checked.duplicates, ["overwrite", "add"]);
  requireMatrix(where, matrix, { ...checked, entry });
  return { ...checked, entry };
}

/** Throws `OptionError` for a matrix whose entries cannot be sampled: a tensor, or lists. */
function requireSampled(where: string, given: unknown): void {
  if (typeof given === "object" && given !== null && "sampleRows" in given) return;
  const hint = Tensor.is(given)
    ? "Of a tensor psi [S, T] write denseMatrix(psi)."
    : "denseMatrix and defineMatrix make one.";
  throw new OptionError(where, "the matrix", given, "a matrix whose entries can be sampled", hint);
}

function requireMatrix<Params, Column>(
  where: string,
  matrix: SampledMatrix<Column>,
  { entry, dimensions, inverseSamples, featureNorm, isTable, duplicates }: CheckedOptions<Params>,
): void {
  const { name } = entry;
  if (isTable && matrix.rows === undefined)
    throw new OptionError(
      where,
      "features",
      undefined,
      "a function of parameters and rows where rows are drawn from a continuum",
    );
  if (entry.invertsGram && inverseSamples < dimensions)
    throw new OptionError(
      where,
      "inverseSamples",
      inverseSamples,
      `at least dimensions (${dimensions}) for "${name}"`,
      "The Gram matrix of fewer samples has no inverse; twice as many are the least that is useful.",
    );
  if (entry.learnsWeights && matrix.columns === undefined)
    throw new OptionError(
      where,
      "method",
      name,
      "one that needs no weights per column, since this matrix has infinitely many",
      'Choose "lissa".',
    );
  const looksAtAll = entry.needsAllRows || (entry.needsBound && featureNorm === "all");
  if (looksAtAll && matrix.allRows === undefined)
    throw new OptionError(
      where,
      entry.needsAllRows ? "method" : "featureNorm",
      entry.needsAllRows ? name : featureNorm,
      "one that does not look at all rows, since this matrix has no `allRows`",
      entry.needsAllRows ? 'Choose "lissa".' : 'Choose "batch".',
    );
  if (!isTable && duplicates === "overwrite")
    throw new OptionError(where, "duplicates", duplicates, '"add" for features that are not a table');
  if (typeof featureNorm === "number") requirePositive(where, "featureNorm", featureNorm);
  else requireOneOf(where, "featureNorm", featureNorm, ["all", "batch"]);
}

/** Options that are given: undefined takes the default. */
function defined<Options extends object>(options: Options): Options {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Options;
}
