/**
 * Evolution with species after NEAT (Stanley, Miikkulainen 2002), as PyGlove has it: members of a generation that are alike
 * form a species, species have offspring by their mean fitness above the worst member, and parents are drawn from the best
 * 60 % of a species. There is no crossover. On flat spaces the distance is
 *
 *     3 · (numbers that differ) / (numbers of a choice),   alike up to 0.4
 */
import { type Tensor } from "../../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requirePositive } from "../../../errors.ts";
import { type ChoiceSpace, differences, mutated, randomChoice } from "../choiceSpace.ts";
import { floatsOf, integers, integersOf } from "../hostTensors.ts";
import {
  type Controller,
  type Members,
  bestOf,
  choiceOf,
  countOf,
  joined,
  noMembers,
  stacked,
} from "./controller.ts";

export interface NeatOptions {
  /** Members of a generation. Default 128. */
  population?: number;
  /** Weight of differing numbers in the distance. Default 3. */
  weight?: number;
  /** Distance up to which members are of one species. Default 0.4. */
  threshold?: number;
  /** Share of a species that may have offspring, above 0 and at most 1. Default 0.6. */
  survivors?: number;
}

export interface NeatState extends Record<string, Tensor | Members> {
  /** The last whole generation; empty in the first. */
  parents: Members;
  /** Members of the present one that are evaluated. */
  evaluated: Members;
  /** Offspring that were not proposed yet, [n, size]. */
  waiting: Tensor;
}

/** Recommends the best member of the last whole generation and of the present one. */
export function neat(options: NeatOptions = {}): Controller<NeatState> {
  requireKnownOptions("neat", options, ["population", "weight", "threshold", "survivors"]);
  const { population = 128, weight = 3, threshold = 0.4, survivors = 0.6 } = options;
  requireInteger("neat", "population", population, 2);
  requirePositive("neat", "weight", weight);
  requirePositive("neat", "threshold", threshold);
  if (!(survivors > 0 && survivors <= 1))
    throw new OptionError("neat", "survivors", survivors, "above 0 and at most 1");
  const speciesOfParents = (space: ChoiceSpace, parents: Members): number[][] =>
    speciesOf(parents, (a, b) => (weight * differences(space, a, b)) / Math.max(1, space.size) <= threshold);
  return {
    name: "neat",
    recipe: { population, weight, threshold, survivors },
    init: ({ size }) => ({
      parents: noMembers(size),
      evaluated: noMembers(size),
      waiting: integers(new Int32Array(0), [0, size]),
    }),
    propose(space, { parents, evaluated, waiting }, random, count) {
      const { size } = space;
      const queue = Array.from(choicesOf(waiting));
      const breed = (): Int32Array[] => {
        if (countOf(parents) === 0)
          return Array.from({ length: population }, () => randomChoice(space, random));
        const losses = floatsOf(parents.losses);
        const species = speciesOfParents(space, parents);
        const offspring = offspringOf(species, losses, population);
        return species.flatMap((of, i) => {
          const ranked = of.toSorted((a, b) => losses[a]! - losses[b]!);
          const able = ranked.slice(0, Math.ceil(survivors * of.length));
          const child = (): Int32Array =>
            mutated(space, choiceOf(parents, able[random.integer(able.length)]!), random);
          return Array.from({ length: offspring[i]! }, child);
        });
      };
      while (queue.length < count) queue.push(...breed());
      const rest = queue.slice(count);
      return {
        choices: stacked(size, count, (i) => queue[i]!),
        state: {
          parents,
          evaluated,
          waiting: integers(
            stacked(size, rest.length, (i) => rest[i]!),
            [rest.length, size],
          ),
        },
      };
    },
    feedback({ size }, { parents, evaluated, waiting }, choices, losses) {
      const all = joined(evaluated, choices, losses);
      if (countOf(all) < population) return { parents, evaluated: all, waiting };
      return { parents: all, evaluated: noMembers(size), waiting: integers(new Int32Array(0), [0, size]) };
    },
    best: (_space, { parents, evaluated }) =>
      bestOf(joined(parents, integersOf(evaluated.choices), floatsOf(evaluated.losses))),
    stats: (space, { parents }) => ({ species: speciesOfParents(space, parents).length }),
  };
}

/** Indices of the members of each species: a member belongs to the first whose first member is like it. */
export function speciesOf(all: Members, isAlike: (a: Int32Array, b: Int32Array) => boolean): number[][] {
  const species: { first: Int32Array; of: number[] }[] = [];
  for (let i = 0; i < countOf(all); i++) {
    const choice = choiceOf(all, i);
    const own = species.find(({ first }) => isAlike(choice, first));
    if (own === undefined) species.push({ first: choice, of: [i] });
    else own.of.push(i);
  }
  return species.map(({ of }) => of);
}

/** How many of `count` offspring each species has: by mean fitness above the worst member of all; the rest in turn. */
export function offspringOf(
  species: readonly (readonly number[])[],
  losses: Float64Array,
  count: number,
): number[] {
  const worst = losses.reduce((most, x) => Math.max(most, x), -Infinity);
  const weights = species.map((of) => of.reduce((sum, i) => sum + (worst - losses[i]!) / of.length, 0));
  const total = weights.reduce((sum, w) => sum + w, 0);
  const counts = weights.map((w) => Math.round(count * (total > 0 ? w / total : 1 / species.length)));
  let missing = count - counts.reduce((sum, n) => sum + n, 0);
  for (let i = 0; missing !== 0; i = (i + 1) % counts.length) {
    if (missing < 0 && counts[i] === 0) continue;
    const step = Math.sign(missing);
    counts[i]! += step;
    missing -= step;
  }
  return counts;
}

function choicesOf(waiting: Tensor): Int32Array[] {
  const [count, size] = waiting.shape as [number, number];
  const all = integersOf(waiting);
  return Array.from({ length: count }, (_, i) => all.slice(i * size, (i + 1) * size));
}
