/**
 * CMA-ES: a normal distribution whose mean, step size and full covariance matrix follow the better candidates (Hansen
 * 2016, "The CMA Evolution Strategy: A Tutorial", arXiv:1604.00772; the active update of Hansen and Ros 2010).
 *
 *     x_k = m + sigma C^{1/2} z_k,    m ← sum over i ≤ mu of w_i x_{i:lambda},    y_i = (x_{i:lambda} - m) / sigma
 *     C ← (1 - c_1 - c_mu sum w_i) C + c_1 p_c p_cᵀ + c_mu sum over all i of w_i y_i y_iᵀ
 *     sigma ← sigma exp((c_sigma / d_sigma) (|p_sigma| / E|N(0, I)| - 1))
 *
 * C^{1/2} is the symmetric root, so that no sign of an eigenvector enters the candidates; it is taken again every
 * 1 / (10 d (c_1 + c_mu)) generations. Values are those of pycma 4.4 with the same normals.
 */
import type { Tensor } from "../array/index.ts";
import { OptionError, requireKnownOptions } from "../errors.ts";
import { cmaMove, keptSigma, weightedMean } from "./cmaPaths.ts";
import { type CmaConstants, cmaConstants, defaultCandidates } from "./cmaWeights.ts";
import { type SigmaOptions, requireCandidates, requireSigma } from "./options.ts";
import { ranking } from "./ranks.ts";
import type { Search } from "./search.ts";
import { symmetricRoot, timesVector } from "./symmetricRoot.ts";
import { type VectorRules, type VectorSearchState, numbersOf, vector, vectorSearch } from "./vectorSearch.ts";

export interface CmaEsOptions extends SigmaOptions {
  /** Candidates per generation, lambda. Default: 4 + floor(3 ln d). */
  population?: number;
  /** The worse half repels C (active CMA-ES). Default true. */
  isActive?: boolean;
}

export interface CmaEsState {
  generation: number;
  mean: Tensor;
  sigma: number;
  sigmaPath: Tensor;
  path: Tensor;
  /** C, [d · d]. */
  covariance: Tensor;
  /** C^{1/2} and C^{-1/2} of the generation `rootOf`. */
  root: Tensor;
  inverseRoot: Tensor;
  rootOf: number;
  /** Square roots of the smallest and of the largest eigenvalue of C there. */
  least: number;
  most: number;
}

/** Numbers of theta above which a full matrix, and a root of it per generation, is no longer sensible. */
export const mostFullNumbers = 1000;

/**
 * CMA-ES with a full covariance matrix, for up to 1000 numbers. Recommends the mean. A box is a transformation of theta. Cost:
 * d² operations per candidate, and 10 d³ for the root of C.
 */
export function cmaEs<Theta>(options: CmaEsOptions = {}): Search<Theta, VectorSearchState<CmaEsState>> {
  requireKnownOptions("cmaEs", options, ["sigma", "population", "isActive", "box"]);
  return vectorSearch(cmaEsRules("cmaEs", options), options.box);
}

/** The same over vectors, by whatever name it is called. */
export function cmaEsRules(name: string, options: Omit<CmaEsOptions, "box">): VectorRules<CmaEsState> {
  const { sigma = 0.3, population, isActive = true } = options;
  requireSigma(name, sigma);
  requireCandidates(name, population);
  const known = new Map<number, CmaConstants>();
  const constantsOf = (size: number): CmaConstants => {
    const found =
      known.get(size) ??
      cmaConstants(size, population ?? defaultCandidates(size), { isActive, isSeparable: false });
    known.set(size, found);
    return found;
  };
  return {
    name,
    recipe: { sigma, population: population ?? null, isActive },
    bounds: "transform",
    init({ start }) {
      const size = start.length;
      if (size > mostFullNumbers) {
        throw new OptionError(
          name,
          "the size of theta",
          size,
          `at most ${mostFullNumbers}: it learns a full covariance matrix`,
          "Use sepCmaEs, snes or openaiEs.",
        );
      }
      const unit = new Float64Array(size * size);
      for (let i = 0; i < size; i++) unit[i * size + i] = 1;
      return {
        generation: 0,
        mean: vector(start),
        sigma,
        sigmaPath: vector(new Float64Array(size)),
        path: vector(new Float64Array(size)),
        covariance: vector(unit),
        root: vector(unit),
        inverseRoot: vector(unit),
        rootOf: 0,
        least: 1,
        most: 1,
      };
    },
    ask(own, stream) {
      const size = own.mean.size;
      const next = withRoot(own, constantsOf(size));
      const { population: count } = constantsOf(size);
      const [mean, root] = [numbersOf(next.mean), numbersOf(next.root)];
      const z = Float64Array.from({ length: count * size }, () => stream.normal());
      const candidates = new Float64Array(count * size);
      for (let k = 0; k < count; k++) {
        const y = timesVector(root, z, k * size);
        for (let j = 0; j < size; j++) candidates[k * size + j] = mean[j]! + next.sigma * y[j]!;
      }
      return { candidates, own: next };
    },
    tell(own, candidates, losses) {
      const next = told(constantsOf(own.mean.size), own, candidates, losses);
      return { own: next, metrics: { sigma: next.sigma, axisRatio: next.most / next.least } };
    },
    center: ({ mean }) => numbersOf(mean),
  };
}

/** With the roots of C, if those that it has are too old. */
function withRoot(own: CmaEsState, { cOne, cMu }: CmaConstants): CmaEsState {
  const size = own.mean.size;
  const gap = 1 / (cOne + cMu + 1e-23) / size / 10;
  if (own.generation === own.rootOf || own.generation < own.rootOf + gap) return own;
  const { root, inverse, least, most } = symmetricRoot(numbersOf(own.covariance), size);
  return { ...own, root: vector(root), inverseRoot: vector(inverse), rootOf: own.generation, least, most };
}

function told(
  constants: CmaConstants,
  own: CmaEsState,
  candidates: Float64Array,
  losses: Float64Array,
): CmaEsState {
  const { weights, parents } = constants;
  const size = own.mean.size;
  const [mean, inverse] = [numbersOf(own.mean), numbersOf(own.inverseRoot)];
  const order = ranking(losses);
  const before = {
    generation: own.generation,
    mean,
    sigma: own.sigma,
    sigmaPath: numbersOf(own.sigmaPath),
    path: numbersOf(own.path),
  };
  const next = cmaMove(constants, before, weightedMean(candidates, order, weights, parents, size), (x) =>
    timesVector(inverse, x),
  );
  const y = Float64Array.from(candidates, (x, i) => (x - mean[i % size]!) / own.sigma);
  const covariance = adapted(constants, own, next, y, order);
  return {
    ...own,
    generation: next.generation,
    mean: vector(next.mean),
    sigma: keptSigma(next.sigma, own.most, next.mean),
    sigmaPath: vector(next.sigmaPath),
    path: vector(next.path),
    covariance: vector(covariance),
  };
}

/** The next C. Rows of `y` with negative weights are cut to the length sqrt(d), by which C stays positive. */
function adapted(
  { weights, cOne, cMu }: CmaConstants,
  own: CmaEsState,
  { path, decayOne }: { path: Float64Array; decayOne: number },
  y: Float64Array,
  order: readonly number[],
): Float64Array {
  const size = path.length;
  const inverse = numbersOf(own.inverseRoot);
  const total = weights.reduce((all, w) => all + w, 0);
  const decay = 1 - decayOne - cMu * total;
  const c = numbersOf(own.covariance).map((x) => decay * x);
  addOuter(c, path, 0, cOne);
  order.forEach((candidate, rank) => {
    let weight = cMu * weights[rank]!;
    if (weight < 0) {
      const white = timesVector(inverse, y, candidate * size);
      const length = Math.sqrt(white.reduce((all, x) => all + x * x, 0));
      weight *= size / (length + 1e-9) ** 2;
    }
    if (weight !== 0) addOuter(c, y, candidate * size, weight);
  });
  for (let i = 0; i < size; i++) for (let j = 0; j < i; j++) c[j * size + i] = c[i * size + j]!;
  return c;
}

/** Adds weight · x xᵀ to the lower triangle, x the vector at `from`. */
function addOuter(c: Float64Array, x: Float64Array, from: number, weight: number): void {
  const size = Math.sqrt(c.length);
  for (let i = 0; i < size; i++) {
    const scaled = weight * x[from + i]!;
    for (let j = 0; j <= i; j++) c[i * size + j]! += scaled * x[from + j]!;
  }
}
