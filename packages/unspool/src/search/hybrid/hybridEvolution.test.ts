import { expect, test } from "vitest";
import { type Key, random } from "../../array/index.ts";
import { choose, differences, list, oneOf, requireChoice } from "./choiceSpace.ts";
import { hybridEvolution } from "./hybridEvolution.ts";
import { hybridLosses } from "./hybridLosses.ts";
import { hybridSpace } from "./hybridSpace.ts";

const discrete = list([oneOf(4), choose(2, 5)]);
const space = hybridSpace({ discrete, continuous: 3, box: { low: -1, high: 2 } });
const goal = Int32Array.of(2, 1, 4);
const evaluate = hybridLosses(
  (choice, theta) => differences(discrete, choice, goal) + theta.reduce((sum, x) => sum + (x - 1) ** 2, 0),
);
const key = (i: number): Key => random.foldIn(random.key(3), i);

test.each(["one", "gaussian", "all"] as const)(
  '"%s" finds choice and numbers of a small space',
  (mutation) => {
    const search = hybridEvolution({ space, mutation, population: 30, candidates: 20 });
    let state = search.init(space.point(), random.key(0));
    for (let i = 0; i < 60; i++) {
      const asked = search.ask(state, key(i));
      const { choice, theta } = asked.candidates;
      for (let row = 0; row < 20; row++) requireChoice("test", discrete, choice.slice(row).data);
      for (const x of theta.data) expect(Math.abs(x - 0.5)).toBeLessThanOrEqual(1.5);
      state = search.tell(asked.state, evaluate(asked.candidates, key(i)).losses).state;
    }
    expect(state.losses.shape[0]).toBe(30);
    // The start has 3 + 3; blind draws come within 1 of the goal.
    expect(state.bestLoss).toBeLessThan(mutation === "all" ? 1.5 : 0.1);
    const { losses } = evaluate(
      {
        choice: search.incumbent(state).choice.reshape([1, 3]),
        theta: search.incumbent(state).theta.reshape([1, 3]),
      },
      key(0),
    );
    expect(losses[0]).toBe(state.bestLoss);
  },
);

test("errors", () => {
  const open = hybridSpace({ discrete, continuous: 3 });
  expect(() => hybridEvolution({ space: open, mutation: "one" })).toThrow(
    'space.box must be finite: "one" draws uniformly in it',
  );
  expect(() => hybridEvolution({ space, population: 8, tournament: 9 })).toThrow(
    "tournament must be an integer from 2 to the population, 8, got 9.",
  );
  const search = hybridEvolution({ space, candidates: 2 });
  const { state } = search.ask(search.init(space.point(), random.key(0)), key(0));
  expect(() => search.tell(state, [1])).toThrow(
    "one loss for each of the 2 candidates that were asked for, got 1.",
  );
  expect(() => search.tell(state, [NaN, Infinity])).toThrow("the losses of all 2 candidates are not finite.");
  // One that has failed is forgotten.
  expect(search.tell(state, [NaN, 1]).state.losses.shape).toEqual([1]);
});
