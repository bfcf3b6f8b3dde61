/**
 * Simulated annealing: chains that go to a neighbour where it is better, and where it is worse with a probability that falls with
 * the temperature (Kirkpatrick, Gelatt and Vecchi 1983; the acceptance of Metropolis et al. 1953).
 *
 *     accept with probability min(1, exp(-(l' - l) / T)),    T ← cooling T,    sigma ← sigma exp(0.1 (accepted - 0.44))
 *
 * 0.44 is the acceptance at which a chain in one dimension mixes best (Gelman, Roberts and Gilks 1996).
 */
import { type Tensor, tensorOf } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requirePositive } from "../errors.ts";
import { type SigmaOptions, requireSigma } from "./options.ts";
import type { Search } from "./search.ts";
import { type VectorRules, type VectorSearchState, numbersOf, vector, vectorSearch } from "./vectorSearch.ts";

export interface SimulatedAnnealingOptions extends SigmaOptions {
  /** Chains, each with a candidate per step. Default 8. */
  population?: number;
  /** First temperature, in units of the loss. Default: the standard deviation of the first losses. */
  temperature?: number;
  /** What is left of the temperature after a step, above 0 and at most 1. Default 0.98. */
  cooling?: number;
}

export interface SimulatedAnnealingState {
  /** Where the chains are, [chains, d]. */
  chains: Tensor;
  /** Infinity before the first step. */
  losses: Tensor;
  sigma: number;
  /** null before it is known. */
  temperature: number | null;
  /** Uniform numbers of this step by which worse candidates are judged, [chains]. */
  chances: Tensor;
}

/**
 * Simulated annealing with normal steps whose size follows the acceptance. Recommends the best candidate so far. All chains
 * begin at the start. Candidates outside of a box are moved to its nearest point. Cost: d draws per candidate.
 */
export function simulatedAnnealing<Theta>(
  options: SimulatedAnnealingOptions = {},
): Search<Theta, VectorSearchState<SimulatedAnnealingState>> {
  requireKnownOptions("simulatedAnnealing", options, [
    "sigma",
    "population",
    "temperature",
    "cooling",
    "box",
  ]);
  return vectorSearch(simulatedAnnealingRules(options), options.box);
}

/** The same over vectors. */
export function simulatedAnnealingRules(
  options: Omit<SimulatedAnnealingOptions, "box">,
): VectorRules<SimulatedAnnealingState> {
  const where = "simulatedAnnealing";
  const { sigma = 0.3, population = 8, temperature, cooling = 0.98 } = options;
  requireSigma(where, sigma);
  requireInteger(where, "population", population, 1);
  if (temperature !== undefined) requirePositive(where, "temperature", temperature);
  if (!(cooling > 0 && cooling <= 1))
    throw new OptionError(where, "cooling", cooling, "above 0 and at most 1");
  return {
    name: where,
    recipe: { sigma, population, temperature: temperature ?? null, cooling },
    bounds: "clip",
    canFail: true,
    init: ({ start }) => ({
      chains: tensorOf(
        Float64Array.from({ length: population * start.length }, (_, i) => start[i % start.length]!),
        [population, start.length],
        "float64",
      ),
      losses: vector(new Float64Array(population).fill(Infinity)),
      sigma,
      temperature: temperature ?? null,
      chances: vector(new Float64Array(population)),
    }),
    ask(own, stream) {
      const candidates = numbersOf(own.chains).map((x) => x + own.sigma * stream.normal());
      const chances = Float64Array.from({ length: population }, () => stream.uniform());
      return { candidates, own: { ...own, chances: vector(chances) } };
    },
    tell(own, candidates, losses) {
      const next = told(own, candidates, losses, cooling);
      return { own: next, metrics: { sigma: next.sigma, temperature: next.temperature! } };
    },
  };
}

function told(
  own: SimulatedAnnealingState,
  candidates: Float64Array,
  losses: Float64Array,
  cooling: number,
): SimulatedAnnealingState {
  const [chains, before, chances] = [numbersOf(own.chains), numbersOf(own.losses), numbersOf(own.chances)];
  const [count, size] = own.chains.shape as [number, number];
  const temperature = own.temperature ?? deviation(losses);
  const isTaken = Array.from(losses, (loss, i) => {
    const rise = loss - before[i]!;
    // A first loss is always taken; Infinity - Infinity is not.
    return rise <= 0 || (temperature > 0 && chances[i]! < Math.exp(-rise / temperature));
  });
  const accepted = isTaken.filter((taken) => taken).length / count;
  const next = chains.map((x, i) => (isTaken[Math.floor(i / size)] ? candidates[i]! : x));
  const largest = next.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return {
    chains: tensorOf(next, [count, size], "float64"),
    losses: vector(before.map((loss, i) => (isTaken[i] ? losses[i]! : loss))),
    sigma: Math.max(own.sigma * Math.exp(0.1 * (accepted - 0.44)), Number.EPSILON * largest, 1e-150),
    temperature: Math.max(cooling * temperature, Number.MIN_VALUE),
    chances: own.chances,
  };
}

/** Of the losses that are finite; that of one alone is its size. */
function deviation(losses: Float64Array): number {
  const finite = losses.filter((loss) => Number.isFinite(loss));
  const mean = finite.reduce((sum, loss) => sum + loss / finite.length, 0);
  const square = finite.reduce((sum, loss) => sum + (loss - mean) ** 2 / finite.length, 0);
  return square > 0 ? Math.sqrt(square) : Math.abs(mean);
}
