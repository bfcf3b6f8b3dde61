/**
 * Bayesian optimisation: a Gaussian process models the losses so far, and the next candidate is where the expected improvement on
 * the best of them is largest (Močkus 1978; Jones, Schonlau and Welch 1998; Snoek, Larochelle and Adams 2012 for the kernel).
 *
 *     EI(x) = (b - mu) Phi(z) + s phi(z),    z = (b - mu) / s,    mu, s of the process at x, b the least loss
 *
 * Losses are standardised, numbers scaled to the unit cube. Several candidates at once are chosen in turn, each as if those before
 * had the losses that the process expects of them (Ginsbourger, Le Riche and Carraro 2010, "kriging believer").
 */
import { type RandomStream, type Tensor, tensorOf } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../errors.ts";
import { expectedImprovement } from "./expectedImprovement.ts";
import { fitHyperparameters, priorMode } from "./fitHyperparameters.ts";
import { type GaussianProcess, gaussianProcess } from "./gaussianProcess.ts";
import { haltonDimensions, haltonNumber } from "./halton.ts";
import { largestImprovement } from "./largestImprovement.ts";
import { type SigmaOptions, requireSigma } from "./options.ts";
import { ranking } from "./ranks.ts";
import type { Search } from "./search.ts";
import { type VectorRules, type VectorSearchState, numbersOf, vector, vectorSearch } from "./vectorSearch.ts";

export interface BayesianOptimizationOptions extends SigmaOptions {
  /** Without a finite box, that of three of these to each side of the start is searched. Default 0.3. */
  sigma?: number;
  /** Candidates per step. Default 1. */
  population?: number;
  /** Candidates of the first step, the start among them, which fill the box evenly. Default: 2 (d + 1). */
  initial?: number;
  /** Points that the model keeps: the best half and the latest. Default 200. */
  mostPoints?: number;
}

export interface BayesianOptimizationState {
  /** The box that is searched, [d]. */
  low: Tensor;
  high: Tensor;
  start: Tensor;
  /** Points so far in the unit cube, [n, d], and their losses. */
  points: Tensor;
  losses: Tensor;
  /** Hyperparameters of the latest fit, [d + 2]. */
  hyperparameters: Tensor;
  /** Candidates told of, those that the model has let go included. */
  told: number;
  /** Words by which the first points are scrambled. */
  seed: Tensor;
}

/** Numbers of theta above which distances no longer tell points apart. */
export const mostModelNumbers = 20;

/**
 * Bayesian optimisation with expected improvement, for up to 20 numbers and a few hundred evaluations that are dear. Recommends the
 * best candidate so far. Cost: n³ / 3 + 400 n² operations for n points so far, and 10 n³ where the
 * model is fitted again, which it is after each twentieth part more.
 */
export function bayesianOptimization<Theta>(
  options: BayesianOptimizationOptions = {},
): Search<Theta, VectorSearchState<BayesianOptimizationState>> {
  requireKnownOptions("bayesianOptimization", options, [
    "sigma",
    "population",
    "initial",
    "mostPoints",
    "box",
  ]);
  return vectorSearch(bayesianOptimizationRules(options), options.box);
}

/** The same over vectors. */
export function bayesianOptimizationRules(
  options: Omit<BayesianOptimizationOptions, "box">,
): VectorRules<BayesianOptimizationState> {
  const where = "bayesianOptimization";
  const { sigma = 0.3, population = 1, initial, mostPoints = 200 } = options;
  requireSigma(where, sigma);
  requireInteger(where, "population", population, 1);
  if (initial !== undefined) requireInteger(where, "initial", initial, 2);
  requireInteger(where, "mostPoints", mostPoints, 4);
  return {
    name: where,
    recipe: { sigma, population, initial: initial ?? null, mostPoints },
    bounds: "inside",
    canFail: true,
    init({ start, box, stream }) {
      const size = start.length;
      if (size > mostModelNumbers) {
        const allowed = `at most ${mostModelNumbers}: a model of the losses needs too many points in more`;
        throw new OptionError(where, "the size of theta", size, allowed, "Use cmaEs, snes or openaiEs.");
      }
      const bound = (given: number | undefined, other: number): number =>
        given !== undefined && Number.isFinite(given) ? given : other;
      return {
        low: vector(start.map((x, j) => bound(box?.low[j], x - 3 * sigma))),
        high: vector(start.map((x, j) => bound(box?.high[j], x + 3 * sigma))),
        start: vector(start),
        points: tensorOf(new Float64Array(0), [0, size], "float64"),
        losses: vector(new Float64Array(0)),
        hyperparameters: vector(priorMode(size)),
        told: 0,
        seed: vector(Float64Array.of(stream.integer(2 ** 32), stream.integer(2 ** 32))),
      };
    },
    ask(own, stream) {
      const [low, high] = [numbersOf(own.low), numbersOf(own.high)];
      const size = low.length;
      const isFirst = own.losses.size === 0;
      const cube = isFirst
        ? firstPoints(own, initial ?? 2 * (size + 1))
        : nextPoints(own, population, stream);
      const candidates = cube.map((u, i) => low[i % size]! + (high[i % size]! - low[i % size]!) * u);
      return { candidates, own };
    },
    tell(own, candidates, losses) {
      const next = withPoints(own, candidates, losses, mostPoints);
      if (!isRefit(own.told, next.told))
        return { own: next, metrics: { noise: Math.exp(numbersOf(own.hyperparameters).at(-1)!) } };
      const { y } = standardised(numbersOf(next.losses));
      const x = numbersOf(next.points);
      const before = numbersOf(own.hyperparameters);
      // Old hyperparameters are nearly right where one point has come to many.
      const steps = own.losses.size === 0 ? 60 : y.length <= 50 ? 20 : 5;
      const fitted = fitHyperparameters(x, y, before, steps);
      return {
        own: { ...next, hyperparameters: vector(fitted) },
        metrics: { noise: Math.exp(fitted.at(-1)!) },
      };
    },
  };
}

/** After each of the first 20 candidates, then after each twentieth part more: one point to many moves the fit by little. */
function isRefit(before: number, after: number): boolean {
  const every = Math.max(1, Math.floor(after / 20));
  return Math.floor(after / every) > Math.floor(before / every);
}

/** The start, then points of a scrambled Halton sequence, in the unit cube. */
function firstPoints({ low, high, start, seed }: BayesianOptimizationState, count: number): Float64Array {
  const size = start.size;
  const dimensions = haltonDimensions(size, seed.data);
  return Float64Array.from({ length: count * size }, (_, i) => {
    const j = i % size;
    const [from, to] = [low.data[j]!, high.data[j]!];
    return i < size
      ? (start.data[j]! - from) / (to - from)
      : haltonNumber(Math.floor(i / size), dimensions[j]!);
  });
}

/** Losses less their mean in units of their deviation; what has failed counts as the worst. */
function standardised(losses: Float64Array): { y: Float64Array; least: number } {
  const finite = losses.filter((loss) => Number.isFinite(loss));
  const worst = finite.reduce((most, loss) => Math.max(most, loss), -Infinity);
  const held = losses.map((loss) => (Number.isFinite(loss) ? loss : worst));
  const mean = held.reduce((sum, loss) => sum + loss / held.length, 0);
  const deviation = Math.sqrt(held.reduce((sum, loss) => sum + (loss - mean) ** 2 / held.length, 0)) || 1;
  const y = held.map((loss) => (loss - mean) / deviation);
  return { y, least: y.reduce((a, b) => Math.min(a, b), Infinity) };
}

/** The points where the improvement is largest, one after the other. */
function nextPoints(own: BayesianOptimizationState, count: number, stream: RandomStream): Float64Array {
  const h = numbersOf(own.hyperparameters);
  const size = h.length - 2;
  const { y, least } = standardised(numbersOf(own.losses));
  let [x, values] = [numbersOf(own.points), y];
  const chosen: number[] = [];
  for (let i = 0; i < count; i++) {
    const process: GaussianProcess = gaussianProcess(x, values, h);
    const best = ranking(values)[0]!;
    const around = x.slice(best * size, (best + 1) * size);
    const point = largestImprovement((at) => expectedImprovement(process.predict(at), least), around, stream);
    chosen.push(...point);
    x = Float64Array.of(...x, ...point);
    values = Float64Array.of(...values, process.predict(point).mean);
  }
  return Float64Array.from(chosen);
}

/** With the points that were told of; of too many, the best half and the latest stay. */
function withPoints(
  own: BayesianOptimizationState,
  candidates: Float64Array,
  losses: Float64Array,
  most: number,
): BayesianOptimizationState {
  const [low, high] = [numbersOf(own.low), numbersOf(own.high)];
  const size = low.length;
  const cube = candidates.map((x, i) => (x - low[i % size]!) / (high[i % size]! - low[i % size]!));
  const points = Float64Array.of(...numbersOf(own.points), ...cube);
  const all = Float64Array.of(...numbersOf(own.losses), ...losses);
  const best = new Set(ranking(all).slice(0, Math.floor(most / 2)));
  const later = Array.from(all, (_, i) => i).filter((i) => !best.has(i));
  const rows = [...best, ...later.slice(-(most - best.size))].toSorted((i, j) => i - j);
  return {
    ...own,
    told: own.told + losses.length,
    points: tensorOf(
      Float64Array.from(rows.flatMap((i) => [...points.subarray(i * size, (i + 1) * size)])),
      [rows.length, size],
      "float64",
    ),
    losses: vector(Float64Array.from(rows, (i) => all[i]!)),
  };
}
