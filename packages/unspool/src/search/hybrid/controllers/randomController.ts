import {
  type Controller,
  bestOf,
  joined,
  leastOf,
  type Members,
  noMembers,
  picked,
  stacked,
} from "./controller.ts";
import { randomChoice } from "../choiceSpace.ts";
import { floatsOf } from "../hostTensors.ts";

/** Uniform choices, whatever their losses were: what the others must beat. Recommends the best that it has seen. */
export function randomController(): Controller<Members> {
  return {
    name: "random",
    recipe: {},
    init: ({ size }) => noMembers(size),
    propose: (space, state, random, count) => ({
      choices: stacked(space.size, count, () => randomChoice(space, random)),
      state,
    }),
    feedback: (_space, state, choices, losses) => bestSeen(state, choices, losses),
    best: (_space, state) => bestOf(state),
  };
}

/** One member: the best of those known and new ones. */
export function bestSeen(known: Members, choices: Int32Array, losses: Float64Array): Members {
  const all = joined(known, choices, losses);
  const least = leastOf(floatsOf(all.losses));
  return least < 0 ? known : picked(all, [least]);
}
