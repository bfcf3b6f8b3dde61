/**
 * CMA-ES that begins again where it has converged or stalled: what IPOP and BIPOP have in common. A run ends as in Auger and
 * Hansen 2005 (section 2) and Hansen 2009 (section 3): equal losses, no more movement, a matrix that is no longer known, or
 * its number of generations used up.
 */
import type { RandomStream, Tensor } from "../array/index.ts";
import { OptionError, requireInteger } from "../errors.ts";
import { type CmaEsState, cmaEsRules } from "./cmaEs.ts";
import { defaultCandidates } from "./cmaWeights.ts";
import { type SigmaOptions, requireCandidates, requireSigma } from "./options.ts";
import { type VectorRules, numbersOf, vector } from "./vectorSearch.ts";

export interface RestartOptions extends SigmaOptions {
  /** Candidates per generation of the first run. Default: 4 + floor(3 ln d). */
  population?: number;
  /** By what the population grows from one large run to the next. Default 2. */
  growth?: number;
  /** Populations do not grow beyond this. Default: 64 times the first. */
  mostPopulation?: number;
  /** The worse half repels C. Default true. */
  isActive?: boolean;
  /** A run ends when losses differ by less than this. Default 1e-12. */
  lossTolerance?: number;
  /** A run ends when all steps are below this part of sigma. Default 1e-12. */
  stepTolerance?: number;
}

export const restartOptionNames = [
  "sigma",
  "population",
  "growth",
  "mostPopulation",
  "isActive",
  "lossTolerance",
  "stepTolerance",
  "box",
] as const;

/** What a run is made with, and what it has been. */
export interface CmaRun {
  population: number;
  sigma: number;
  /** Its evaluations count for the small populations: as those of the first run do. */
  isSmall: boolean;
  /** Candidates that it may ask for; Infinity for no limit but that of generations. */
  budget: number;
}

export interface RestartState {
  start: Tensor;
  /** Where runs begin uniformly, where there is a finite box. */
  low: Tensor | null;
  high: Tensor | null;
  run: CmaRun;
  cma: CmaEsState;
  /** Least losses of the latest generations of this run. */
  recent: number[];
  /** Candidates of this run, and of all runs before with large and with small populations. */
  asked: number;
  largeBefore: number;
  smallBefore: number;
  /** Runs before this one; those with large populations, with this one if it has. */
  restarts: number;
  largeRuns: number;
}

/** How the next run follows from those before; `uniform` are draws. */
export type NextRun = (
  state: RestartState,
  given: { population: number; sigma: number; growth: number },
  uniform: () => number,
) => CmaRun;

/** The rules of CMA-ES with restarts. */
export function restartRules(
  name: string,
  options: Omit<RestartOptions, "box">,
  nextRun: NextRun,
): VectorRules<RestartState> {
  const { sigma = 0.3, population, growth = 2, mostPopulation, isActive = true } = options;
  const { lossTolerance = 1e-12, stepTolerance = 1e-12 } = options;
  requireSigma(name, sigma);
  requireCandidates(name, population);
  if (mostPopulation !== undefined) requireInteger(name, "mostPopulation", mostPopulation, population ?? 2);
  if (!(growth > 1 && Number.isFinite(growth)))
    throw new OptionError(name, "growth", growth, "a finite number above 1");
  for (const [option, value] of Object.entries({ lossTolerance, stepTolerance })) {
    if (!(value >= 0 && Number.isFinite(value)))
      throw new OptionError(name, option, value, "a finite number of at least 0");
  }
  const rulesOf = (run: CmaRun): VectorRules<CmaEsState> =>
    cmaEsRules(name, { sigma: run.sigma, population: run.population, isActive });
  const firstOf = (size: number): CmaRun => ({
    population: population ?? defaultCandidates(size),
    sigma,
    isSmall: true,
    budget: Infinity,
  });
  const begin = (run: CmaRun, start: Float64Array, stream: RandomStream): CmaEsState =>
    rulesOf(run).init({ start, box: undefined, stream });
  return {
    name,
    recipe: {
      sigma,
      population: population ?? null,
      growth,
      mostPopulation: mostPopulation ?? null,
      isActive,
      lossTolerance,
      stepTolerance,
    },
    bounds: "transform",
    init({ start, box, stream }) {
      const run = firstOf(start.length);
      return {
        start: vector(start),
        low: box ? vector(box.low) : null,
        high: box ? vector(box.high) : null,
        run,
        cma: begin(run, start, stream),
        recent: [],
        asked: 0,
        largeBefore: 0,
        smallBefore: 0,
        restarts: 0,
        largeRuns: 0,
      };
    },
    ask(own, stream) {
      let state = own;
      if (hasEnded(own, { lossTolerance, stepTolerance })) {
        const uniform = (): number => stream.uniform();
        const { isSmall } = own.run;
        const after = {
          ...own,
          recent: [],
          asked: 0,
          largeBefore: own.largeBefore + (isSmall ? 0 : own.asked),
          smallBefore: own.smallBefore + (isSmall ? own.asked : 0),
          restarts: own.restarts + 1,
        };
        const first = firstOf(own.start.size);
        const most = mostPopulation ?? 64 * first.population;
        const wanted = nextRun(after, { ...first, growth }, uniform);
        const run = { ...wanted, population: Math.min(wanted.population, most) };
        const largeRuns = own.largeRuns + (run.isSmall ? 0 : 1);
        state = { ...after, largeRuns, run, cma: begin(run, anotherStart(own, sigma, stream), stream) };
      }
      const { candidates, own: cma } = rulesOf(state.run).ask(state.cma, stream);
      return { candidates, own: { ...state, cma } };
    },
    tell(own, candidates, losses) {
      const { own: cma, metrics } = rulesOf(own.run).tell(own.cma, candidates, losses);
      const least = losses.reduce((a, b) => Math.min(a, b), Infinity);
      const length = 10 + Math.ceil((30 * own.start.size) / own.run.population);
      const recent = [...own.recent, least].slice(-length);
      const next = { ...own, cma, recent, asked: own.asked + losses.length };
      return {
        own: next,
        metrics: { ...metrics, restarts: own.restarts, population: own.run.population },
      };
    },
  };
}

/** Uniform in the box, or around the first start. */
function anotherStart({ start, low, high }: RestartState, sigma: number, stream: RandomStream): Float64Array {
  return numbersOf(start).map((x, j) => {
    const [from, to] = [low?.data[j] ?? -Infinity, high?.data[j] ?? Infinity];
    return Number.isFinite(to - from) ? from + (to - from) * stream.uniform() : x + sigma * stream.normal();
  });
}

interface Tolerances {
  lossTolerance: number;
  stepTolerance: number;
}

function hasEnded(
  { cma, recent, run, asked, start }: RestartState,
  { lossTolerance, stepTolerance }: Tolerances,
): boolean {
  const size = start.size;
  const length = 10 + Math.ceil((30 * size) / run.population);
  if (recent.length >= length && Math.max(...recent) - Math.min(...recent) <= lossTolerance) return true;
  const spread = cma.sigma * cma.most;
  if (spread < stepTolerance * run.sigma) return true;
  if (cma.most / cma.least > 1e7) return true;
  const mean = numbersOf(cma.mean);
  const stands = mean.some((m, j) => {
    const deviation = cma.sigma * Math.sqrt(cma.covariance.data[j * size + j]!);
    return m === m + 0.2 * deviation;
  });
  const mostGenerations = 100 + (50 * (size + 3) ** 2) / Math.sqrt(run.population);
  return stands || cma.generation >= mostGenerations || asked >= run.budget;
}
