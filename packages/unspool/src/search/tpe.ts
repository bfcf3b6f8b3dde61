/**
 * A tree-structured Parzen estimator: densities of the better tenth of the candidates so far and of the others, number by
 * number, and the next candidate is where the first is largest against the second (Bergstra, Bardenet, Bengio and Kégl 2011,
 * "Algorithms for Hyper-Parameter Optimization", section 4). It takes categories.
 *
 *     x = argmax over draws from l of  l(x) / g(x),    l of the best min(ceil(n / 10), 25) candidates, g of the others
 *
 * Windows, weights and numbers are those of optuna 5.0, whose sampler takes each number by itself too where it is univariate.
 */
import { type RandomStream, type Tensor, tensorOf } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../errors.ts";
import { type SigmaOptions, requireSigma } from "./options.ts";
import { type ParzenEstimator, parzenCategories, parzenNumbers } from "./parzenEstimator.ts";
import { ranking } from "./ranks.ts";
import type { Search } from "./search.ts";
import { type VectorRules, type VectorSearchState, numbersOf, vector, vectorSearch } from "./vectorSearch.ts";

export interface TpeOptions extends SigmaOptions {
  /** Without a finite box, that of three of these to each side of the start is searched. Default 0.3. */
  sigma?: number;
  /** Candidates per step. Default 1. */
  population?: number;
  /** Candidates that are drawn evenly before the densities are used. Default 10. */
  initial?: number;
  /** Draws from the density of the better candidates, of which the best is asked for. Default 24. */
  draws?: number;
  /** Of each number of theta how many categories it counts, from 0 on; 0 of one that is no category. Default: none is one. */
  categories?: readonly number[];
}

export interface TpeState {
  /** The box that is searched, [d]. */
  low: Tensor;
  high: Tensor;
  /** Candidates so far from the oldest on, [n, d], and their losses. */
  points: Tensor;
  losses: Tensor;
}

/**
 * A tree-structured Parzen estimator. Recommends the best candidate so far. Numbers are taken each by itself. Cost: 24 d n
 * operations per candidate after n of them.
 */
export function tpe<Theta>(options: TpeOptions = {}): Search<Theta, VectorSearchState<TpeState>> {
  requireKnownOptions("tpe", options, ["sigma", "population", "initial", "draws", "categories", "box"]);
  return vectorSearch(tpeRules(options), options.box);
}

/** The same over vectors. */
export function tpeRules(options: Omit<TpeOptions, "box">): VectorRules<TpeState> {
  const where = "tpe";
  const { sigma = 0.3, population = 1, initial = 10, draws = 24, categories } = options;
  requireSigma(where, sigma);
  requireInteger(where, "population", population, 1);
  requireInteger(where, "initial", initial, 1);
  requireInteger(where, "draws", draws, 1);
  requireCategories(where, categories);
  const categoriesOf = (j: number): number => categories?.[j] ?? 0;
  return {
    name: where,
    recipe: {
      sigma,
      population,
      initial,
      draws,
      categories: categories === undefined ? null : [...categories],
    },
    bounds: "inside",
    canFail: true,
    init({ start, box }) {
      const size = start.length;
      if (categories !== undefined && categories.length !== size)
        throw new OptionError(
          where,
          "categories",
          categories,
          `a list of ${size}, one for each number of theta`,
        );
      const bound = (j: number, given: number | undefined, other: number, category: number): number => {
        if (categoriesOf(j) > 0) return category;
        return given !== undefined && Number.isFinite(given) ? given : other;
      };
      return {
        low: vector(start.map((x, j) => bound(j, box?.low[j], x - 3 * sigma, 0))),
        high: vector(start.map((x, j) => bound(j, box?.high[j], x + 3 * sigma, categoriesOf(j) - 1))),
        points: tensorOf(new Float64Array(0), [0, size], "float64"),
        losses: vector(new Float64Array(0)),
      };
    },
    ask(own, stream) {
      const size = own.low.size;
      const isFirst = own.losses.size < initial;
      const next = isFirst ? undefined : densities(own, categoriesOf);
      const candidates = Float64Array.from({ length: population * size }, (_, i) => {
        const j = i % size;
        if (next !== undefined) return largestRatio(next[j]!, draws, stream);
        const [low, high] = [own.low.data[j]!, own.high.data[j]!];
        return categoriesOf(j) > 0
          ? stream.integer(categoriesOf(j))
          : Math.min(high, low + (high - low) * stream.uniform());
      });
      return { candidates, own };
    },
    tell(own, candidates, losses) {
      const size = own.low.size;
      const points = Float64Array.of(...numbersOf(own.points), ...candidates);
      const all = Float64Array.of(...numbersOf(own.losses), ...losses);
      return {
        own: { ...own, points: tensorOf(points, [all.length, size], "float64"), losses: vector(all) },
      };
    },
  };
}

interface Densities {
  better: ParzenEstimator;
  others: ParzenEstimator;
}

/** Of each number, those of the better candidates and of the others. */
function densities(own: TpeState, categoriesOf: (j: number) => number): Densities[] {
  const [low, high, points] = [numbersOf(own.low), numbersOf(own.high), numbersOf(own.points)];
  const [n, size] = own.points.shape as [number, number];
  const order = [...ranking(numbersOf(own.losses))];
  const count = Math.min(Math.ceil(n / 10), 25);
  const oldestFirst = (rows: number[]): number[] => rows.toSorted((a, b) => a - b);
  const [better, others] = [oldestFirst(order.slice(0, count)), oldestFirst(order.slice(count))];
  return Array.from({ length: size }, (_, j) => {
    const of = (rows: readonly number[]): ParzenEstimator => {
      const observed = rows.map((row) => points[row * size + j]!);
      const categories = categoriesOf(j);
      return categories > 0
        ? parzenCategories(observed, categories)
        : parzenNumbers(observed, low[j]!, high[j]!);
    };
    return { better: of(better), others: of(others) };
  });
}

/** Of so many draws from the density of the better ones, the one where it is largest against the other. */
function largestRatio({ better, others }: Densities, draws: number, stream: RandomStream): number {
  let [best, most] = [Number.NaN, -Infinity];
  for (let i = 0; i < draws; i++) {
    const x = better.sample(stream);
    const ratio = better.logDensity(x) - others.logDensity(x);
    if (i === 0 || ratio > most) [best, most] = [x, ratio];
  }
  return best;
}

function requireCategories(where: string, categories: readonly number[] | undefined): void {
  if (categories === undefined) return;
  const isRight = Array.isArray(categories) && categories.every((count) => Number.isSafeInteger(count) && count >= 0 && count !== 1); // prettier-ignore
  if (!isRight)
    throw new OptionError(
      where,
      "categories",
      categories,
      "for each number of theta 0, or 2 and more categories",
    );
}
