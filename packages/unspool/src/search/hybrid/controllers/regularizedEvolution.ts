/**
 * Regularised evolution (Real, Aggarwal, Huang, Le, "Regularized Evolution for Image Classifier Architecture Search", AAAI
 * 2019): the best of a random tournament is mutated, and the oldest members are dropped, not the worst. Losses of old
 * members refer to an old theta, so that what is good has to prove it again and again.
 */
import { type Tensor, np } from "../../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../../errors.ts";
import { distinct, mutated, randomChoice } from "../choiceSpace.ts";
import { floatsOf } from "../hostTensors.ts";
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

export interface RegularizedEvolutionOptions {
  /** Members that are remembered, and random ones at the start. Default 128. */
  population?: number;
  /** Members of which the best is mutated, from 2 to `population`. Default ⌊√population⌋, at least 2. */
  tournament?: number;
}

export interface RegularizedEvolutionState extends Record<string, Tensor | Members> {
  population: Members;
  /** Choices proposed so far. */
  proposed: Tensor;
}

/** Recommends the best member of the population. */
export function regularizedEvolution(
  options: RegularizedEvolutionOptions = {},
): Controller<RegularizedEvolutionState> {
  const where = "regularizedEvolution";
  requireKnownOptions(where, options, ["population", "tournament"]);
  const { population: most = 128 } = options;
  requireInteger(where, "population", most, 2);
  const tournament = options.tournament ?? Math.max(2, Math.floor(Math.sqrt(most)));
  if (!Number.isInteger(tournament) || tournament < 2 || tournament > most)
    throw new OptionError(where, "tournament", tournament, `an integer from 2 to the population, ${most}`);
  return {
    name: where,
    recipe: { population: most, tournament },
    init: ({ size }) => ({ population: noMembers(size), proposed: np.array(0, { dtype: "int32" }) }),
    propose(space, { population, proposed }, random, count) {
      const before = proposed.item();
      const known = countOf(population);
      const losses = floatsOf(population.losses);
      const make = (i: number): Int32Array => {
        if (before + i < most || known === 0) return randomChoice(space, random);
        const entrants = distinct(random, Math.min(tournament, known), known);
        const winner = entrants.reduce((best, one) => (losses[one]! < losses[best]! ? one : best));
        return mutated(space, choiceOf(population, winner), random);
      };
      const choices = stacked(space.size, count, make);
      // Counted no further than it matters.
      const next = np.array(Math.min(before + count, most), { dtype: "int32" });
      return { choices, state: { population, proposed: next } };
    },
    feedback: (_space, { population, proposed }, choices, losses) => ({
      population: joined(population, choices, losses, most),
      proposed,
    }),
    best: (_space, { population }) => bestOf(population),
    stats: (_space, { population }) => ({ population: countOf(population) }),
  };
}
