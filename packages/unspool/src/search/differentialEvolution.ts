/**
 * Differential evolution: every member is challenged by a point made of the differences of others, and replaced where that is
 * no worse (Storn and Price 1997, "Differential Evolution: A Simple and Efficient Heuristic").
 *
 *     v = x_a + F (x_b - x_c),    u_j = v_j where U_j < CR or j is a random index, else x_j
 *
 * a is another member ("rand") or the best one ("best"); all trial points of a generation are made of the members before it.
 */
import type { RandomStream, Tensor } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requireOneOf } from "../errors.ts";
import { tensorOf } from "../array/index.ts";
import { firstPoints } from "./firstPoints.ts";
import { type SigmaOptions, requireSigma } from "./options.ts";
import type { Search } from "./search.ts";
import { type VectorRules, type VectorSearchState, numbersOf, vector, vectorSearch } from "./vectorSearch.ts";

export interface DifferentialEvolutionOptions extends SigmaOptions {
  /** Members, NP, each with a candidate per generation. Default: 10 d, at least 10 and at most 100. */
  population?: number;
  /** What differences are added to: a random member or the best one. Default "rand". */
  base?: "rand" | "best";
  /** Weight of the differences, F, from 0 to 2. Default 0.5. */
  weight?: number;
  /** Probability of a number to come from the differences, CR, from 0 to 1. Default 0.9. */
  crossover?: number;
}

export interface DifferentialEvolutionState {
  /** [members, d]. */
  members: Tensor;
  /** Infinity before a member was evaluated. */
  losses: Tensor;
}

/**
 * Differential evolution, rand/1/bin or best/1/bin. Recommends the best candidate so far. First members are uniform in a finite
 * box, otherwise normal around the start, which is one of them. Cost: d operations per candidate.
 */
export function differentialEvolution<Theta>(
  options: DifferentialEvolutionOptions = {},
): Search<Theta, VectorSearchState<DifferentialEvolutionState>> {
  requireKnownOptions("differentialEvolution", options, [
    "sigma",
    "population",
    "base",
    "weight",
    "crossover",
    "box",
  ]);
  return vectorSearch(differentialEvolutionRules(options), options.box);
}

/** The same over vectors. */
export function differentialEvolutionRules(
  options: Omit<DifferentialEvolutionOptions, "box">,
): VectorRules<DifferentialEvolutionState> {
  const where = "differentialEvolution";
  const { sigma = 0.3, population, base = "rand", weight = 0.5, crossover = 0.9 } = options;
  requireSigma(where, sigma);
  if (population !== undefined) requireInteger(where, "population", population, 4);
  requireOneOf(where, "base", base, ["rand", "best"]);
  if (!(weight > 0 && weight <= 2)) throw new OptionError(where, "weight", weight, "above 0 and at most 2");
  if (!(crossover >= 0 && crossover <= 1))
    throw new OptionError(where, "crossover", crossover, "a probability from 0 to 1");
  return {
    name: where,
    recipe: { sigma, population: population ?? null, base, weight, crossover },
    bounds: "clip",
    canFail: true,
    init(given) {
      const size = given.start.length;
      const count = population ?? Math.min(100, Math.max(10, 10 * size));
      return {
        members: tensorOf(firstPoints(given, count, sigma), [count, size], "float64"),
        losses: vector(new Float64Array(count).fill(Infinity)),
      };
    },
    ask(own, stream) {
      const losses = numbersOf(own.losses);
      const isFirst = losses.every((loss) => loss === Infinity);
      const candidates = isFirst
        ? numbersOf(own.members).slice()
        : trials(own, { base, weight, crossover }, stream);
      return { candidates, own };
    },
    tell(own, candidates, losses) {
      const [members, before] = [numbersOf(own.members), numbersOf(own.losses)];
      const [count, size] = own.members.shape as [number, number];
      const isKept = (member: number): boolean => losses[member]! > before[member]!;
      const next = members.map((x, i) => (isKept(Math.floor(i / size)) ? x : candidates[i]!));
      const kept = before.map((loss, i) => (isKept(i) ? loss : losses[i]!));
      return {
        own: { members: tensorOf(next, [count, size], "float64"), losses: vector(kept) },
        metrics: { memberLoss: kept.reduce((sum, loss) => sum + loss / count, 0) },
      };
    },
  };
}

type Mix = Required<Pick<DifferentialEvolutionOptions, "base" | "weight" | "crossover">>;

/** One trial point for each member, in turn: three others, the random index, then d uniform numbers. */
function trials(
  own: DifferentialEvolutionState,
  { base, weight, crossover }: Mix,
  stream: RandomStream,
): Float64Array {
  const [members, losses] = [numbersOf(own.members), numbersOf(own.losses)];
  const [count, size] = own.members.shape as [number, number];
  const best = losses.reduce((least, loss, i) => (loss < losses[least]! ? i : least), 0);
  const out = new Float64Array(count * size);
  for (let member = 0; member < count; member++) {
    const chosen = [member];
    const another = (): number => {
      for (;;) {
        const i = stream.integer(count);
        if (!chosen.includes(i)) return (chosen.push(i), i);
      }
    };
    const [a, b, c] = [another(), another(), another()];
    const from = base === "best" ? best : a;
    const always = stream.integer(size);
    for (let j = 0; j < size; j++) {
      const isMixed = stream.uniform() < crossover || j === always;
      const mixed = members[from * size + j]! + weight * (members[b * size + j]! - members[c * size + j]!);
      out[member * size + j] = isMixed ? mixed : members[member * size + j]!;
    }
  }
  return out;
}
