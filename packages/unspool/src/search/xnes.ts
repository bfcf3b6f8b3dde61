/**
 * xNES: a normal distribution with a full covariance matrix, moved along the natural gradient in exponential coordinates
 * (Glasmachers, Schaul, Sun, Wierstra and Schmidhuber 2010, "Exponential Natural Evolution Strategies", algorithm 1).
 *
 *     x_k = m + sigma B z_k,    m ← m + etaMean sigma B sum of u_k z_k
 *     G = sum of u_k (z_k z_kᵀ - I),    sigma ← sigma exp(etaSigma / 2 · tr G / d),    B ← B exp(etaShape / 2 · (G - tr G / d I))
 */
import type { Tensor } from "../array/index.ts";
import { OptionError, requireKnownOptions, requirePositive } from "../errors.ts";
import { mostFullNumbers } from "./cmaEs.ts";
import { defaultCandidates } from "./cmaWeights.ts";
import { matrixExponential, timesMatrix } from "./matrixExponential.ts";
import { nesUtilities } from "./nesUtilities.ts";
import { type SigmaOptions, requireCandidates, requireSigma } from "./options.ts";
import type { Search } from "./search.ts";
import { timesVector } from "./symmetricRoot.ts";
import {
  type VectorRules,
  type VectorSearchState,
  keptSpread,
  numbersOf,
  vector,
  vectorSearch,
} from "./vectorSearch.ts";

export interface XnesOptions extends SigmaOptions {
  /** Candidates per generation. Default: 4 + floor(3 ln d). */
  population?: number;
  /** Learning rate of the mean. Default 1. */
  meanRate?: number;
  /** Learning rate of sigma. Default: 3 (3 + ln d) / (5 d sqrt(d)). */
  sigmaRate?: number;
  /** Learning rate of the shape B. Default: that of sigma. */
  shapeRate?: number;
}

export interface XnesState {
  mean: Tensor;
  sigma: number;
  /** B, of determinant 1, [d · d]. */
  shape: Tensor;
  /** The normals of the candidates that were asked for, [n · d]. */
  drawn: Tensor;
}

/**
 * Exponential NES with a full covariance matrix, for up to 1000 numbers. Recommends the mean. A box is a transformation of
 * theta. Cost: d² operations per candidate and 14 d³ per generation.
 */
export function xnes<Theta>(options: XnesOptions = {}): Search<Theta, VectorSearchState<XnesState>> {
  requireKnownOptions("xnes", options, ["sigma", "population", "meanRate", "sigmaRate", "shapeRate", "box"]);
  return vectorSearch(xnesRules(options), options.box);
}

/** The same over vectors. */
export function xnesRules(options: Omit<XnesOptions, "box">): VectorRules<XnesState> {
  const { sigma = 0.3, population, meanRate = 1, sigmaRate, shapeRate } = options;
  requireSigma("xnes", sigma);
  requireCandidates("xnes", population);
  requirePositive("xnes", "meanRate", meanRate);
  for (const [name, value] of Object.entries({ sigmaRate, shapeRate }))
    if (value !== undefined) requirePositive("xnes", name, value);
  return {
    name: "xnes",
    recipe: {
      sigma,
      population: population ?? null,
      meanRate,
      sigmaRate: sigmaRate ?? null,
      shapeRate: shapeRate ?? null,
    },
    bounds: "transform",
    init({ start }) {
      const size = start.length;
      if (size > mostFullNumbers) {
        const allowed = `at most ${mostFullNumbers}: it learns a full matrix`;
        throw new OptionError("xnes", "the size of theta", size, allowed, "Use snes or openaiEs.");
      }
      const shape = new Float64Array(size * size);
      for (let i = 0; i < size; i++) shape[i * size + i] = 1;
      return { mean: vector(start), sigma, shape: vector(shape), drawn: vector(new Float64Array(0)) };
    },
    ask(own, stream) {
      const [mean, shape] = [numbersOf(own.mean), numbersOf(own.shape)];
      const size = mean.length;
      const count = population ?? defaultCandidates(size);
      const drawn = Float64Array.from({ length: count * size }, () => stream.normal());
      const candidates = new Float64Array(count * size);
      for (let k = 0; k < count; k++) {
        const step = timesVector(shape, drawn, k * size);
        for (let j = 0; j < size; j++) candidates[k * size + j] = mean[j]! + own.sigma * step[j]!;
      }
      return { candidates, own: { ...own, drawn: vector(drawn) } };
    },
    tell(own, _candidates, losses) {
      const next = told(own, nesUtilities(losses), { meanRate, sigmaRate, shapeRate });
      return { own: next, metrics: { sigma: next.sigma } };
    },
    center: ({ mean }) => numbersOf(mean),
  };
}

interface Rates {
  meanRate: number;
  sigmaRate: number | undefined;
  shapeRate: number | undefined;
}

function told(own: XnesState, utilities: Float64Array, rates: Rates): XnesState {
  const [mean, shape, z] = [numbersOf(own.mean), numbersOf(own.shape), numbersOf(own.drawn)];
  const size = mean.length;
  const usual = (3 * (3 + Math.log(size))) / (5 * size * Math.sqrt(size));
  const { meanRate, sigmaRate = usual, shapeRate = usual } = rates;
  const along = new Float64Array(size);
  // Utilities sum to 0, so that the identity of z zᵀ - I drops out.
  const gradient = new Float64Array(size * size);
  utilities.forEach((u, k) => {
    for (let i = 0; i < size; i++) {
      const scaled = u * z[k * size + i]!;
      along[i]! += scaled;
      for (let j = 0; j < size; j++) gradient[i * size + j]! += scaled * z[k * size + j]!;
    }
  });
  const step = timesVector(shape, along, 0);
  let trace = 0;
  for (let i = 0; i < size; i++) trace += gradient[i * size + i]! / size;
  for (let i = 0; i < size; i++) gradient[i * size + i]! -= trace;
  const grown = matrixExponential(
    gradient.map((g) => (shapeRate / 2) * g),
    size,
  );
  const next = mean.map((m, j) => m + meanRate * own.sigma * step[j]!);
  const largest = next.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return {
    mean: vector(next),
    sigma: keptSpread(own.sigma * Math.exp((sigmaRate / 2) * trace), largest),
    shape: vector(timesMatrix(shape, grown, size)),
    drawn: vector(new Float64Array(0)),
  };
}
