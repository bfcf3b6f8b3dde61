/**
 * NSGA-II (Deb, Pratap, Agarwal, Meyarivan 2002), as PyGlove has it: the loss against costs of the choice itself (edges of a
 * network, distinct weights). Elites are the fronts that no member dominates, one behind the other, each with its loneliest
 * members first; they are mutated in turn. Of equal choices the newest is kept.
 */
import { type Tensor, np } from "../../../array/index.ts";
import { NonFiniteError, requireInteger, requireKnownOptions } from "../../../errors.ts";
import { mutated, randomChoice } from "../choiceSpace.ts";
import { floatsOf, integersOf } from "../hostTensors.ts";
import {
  type Controller,
  type Members,
  bestOf,
  choiceOf,
  countOf,
  joined,
  noMembers,
  picked,
  stacked,
} from "./controller.ts";

export interface Nsga2Options {
  /** Elites; twice as many random choices come first. Default 64. */
  population?: number;
  /** What else is to be small, of a choice [size]. Default: nothing, and the front is the member of least loss. */
  costs?: readonly ((choice: Int32Array) => number)[];
}

export interface Nsga2State extends Record<string, Tensor | Members> {
  elites: Members;
  /** Evaluated since the elites were chosen. */
  evaluated: Members;
  /** Choices proposed so far: the next elite's turn. */
  proposed: Tensor;
}

/** Recommends the elite of least loss; `stats` counts the members of the first front. */
export function nsga2(options: Nsga2Options = {}): Controller<Nsga2State> {
  requireKnownOptions("nsga2", options, ["population", "costs"]);
  const { population = 64, costs = [] } = options;
  requireInteger("nsga2", "population", population, 1);
  const objectivesOf = (all: Members): number[][] => {
    const losses = floatsOf(all.losses);
    return Array.from(losses, (loss, i) => {
      const choice = choiceOf(all, i);
      const found = costs.map((cost) => cost(choice));
      if (!found.every(Number.isFinite))
        throw new NonFiniteError(
          "nsga2",
          `the costs of choice ${choice.join(", ")} are ${found.join(", ")}.`,
        );
      return [loss, ...found];
    });
  };
  return {
    name: "nsga2",
    recipe: { population, costs: costs.map(({ name }) => name) },
    init: ({ size }) => ({
      elites: noMembers(size),
      evaluated: noMembers(size),
      proposed: np.array(0, { dtype: "int32" }),
    }),
    propose(space, state, random, count) {
      const before = state.proposed.item();
      const known = countOf(state.elites);
      const make = (i: number): Int32Array =>
        known === 0 || before + i < 2 * population
          ? randomChoice(space, random)
          : mutated(space, choiceOf(state.elites, (before + i) % known), random);
      // Where it stands in the round, beyond the random ones.
      const next =
        before + count < 2 ** 30 ? before + count : 2 * population + ((before + count) % population);
      return {
        choices: stacked(space.size, count, make),
        state: { ...state, proposed: np.array(next, { dtype: "int32" }) },
      };
    },
    feedback({ size }, state, choices, losses) {
      const evaluated = joined(state.evaluated, choices, losses);
      const wanted = countOf(state.elites) === 0 ? 2 * population : population;
      if (countOf(evaluated) < wanted) return { ...state, evaluated };
      const all = newest(joined(state.elites, integersOf(evaluated.choices), floatsOf(evaluated.losses)));
      const objectives = objectivesOf(all);
      const order = frontsOf(objectives).flatMap((front) => byCrowding(front, objectives));
      return { ...state, elites: picked(all, order.slice(0, population)), evaluated: noMembers(size) };
    },
    best: (_space, { elites, evaluated }) => bestOf(countOf(elites) > 0 ? elites : evaluated),
    stats: (_space, { elites }) => ({ front: frontsOf(objectivesOf(elites))[0]?.length ?? 0 }),
  };
}

/** Of equal choices the last: its loss is that of the latest theta, and copies would crowd out the rest of the front. */
function newest(all: Members): Members {
  const last = new Map<string, number>();
  for (let i = 0; i < countOf(all); i++) last.set(choiceOf(all, i).join(), i);
  return picked(all, [...last.values()]);
}

const dominates = (a: readonly number[], b: readonly number[]): boolean =>
  a.every((x, k) => x <= b[k]!) && a.some((x, k) => x < b[k]!);

/** Indices by front: the first is dominated by none, the second by the first only, and so on. Lesser is better. */
export function frontsOf(objectives: readonly (readonly number[])[]): number[][] {
  let rest = objectives.map((_, i) => i);
  const fronts: number[][] = [];
  while (rest.length > 0) {
    const front = rest.filter((i) => !rest.some((j) => dominates(objectives[j]!, objectives[i]!)));
    fronts.push(front);
    const taken = new Set(front);
    rest = rest.filter((i) => !taken.has(i));
  }
  return fronts;
}

/**
 * A front, its loneliest members first: by the sum over objectives of the gap between their neighbours, over the range of
 * the front. The ends of an objective have as much as there are objectives.
 */
export function byCrowding(front: readonly number[], objectives: readonly (readonly number[])[]): number[] {
  const count = objectives[0]?.length ?? 0;
  const distance = new Map(front.map((i) => [i, 0]));
  for (let k = 0; k < count; k++) {
    const order = front.toSorted((a, b) => objectives[a]![k]! - objectives[b]![k]!);
    const at = (i: number): number => objectives[order[i]!]![k]!;
    const range = at(order.length - 1) - at(0);
    order.forEach((member, i) => {
      const isEnd = i === 0 || i === order.length - 1;
      const gap = isEnd ? count : range > 0 ? (at(i + 1) - at(i - 1)) / range : 0;
      distance.set(member, distance.get(member)! + gap);
    });
  }
  return front.toSorted((a, b) => distance.get(b)! - distance.get(a)!);
}
