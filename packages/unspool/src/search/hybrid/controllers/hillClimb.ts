import { mutated, randomChoice } from "../choiceSpace.ts";
import {
  type Controller,
  type Members,
  bestOf,
  choiceOf,
  countOf,
  noMembers,
  stacked,
} from "./controller.ts";
import { bestSeen } from "./randomController.ts";

/**
 * Hill climbing in batches: mutations of the best choice ever seen. It was seen with another theta, and where losses are
 * noisy it may have been luck: `regularizedEvolution` forgets.
 */
export function hillClimb(): Controller<Members> {
  return {
    name: "hillClimb",
    recipe: {},
    init: ({ size }) => noMembers(size),
    propose(space, state, random, count) {
      const make = (): Int32Array =>
        countOf(state) === 0 ? randomChoice(space, random) : mutated(space, choiceOf(state, 0), random);
      return { choices: stacked(space.size, count, make), state };
    },
    feedback: (_space, state, choices, losses) => bestSeen(state, choices, losses),
    best: (_space, state) => bestOf(state),
  };
}
