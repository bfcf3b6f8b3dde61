import { describe, expect, test } from "vitest";
import { random, randomStream } from "../../array/index.ts";
import {
  choiceBits,
  choose,
  differences,
  distinct,
  inOrder,
  list,
  mask,
  mutated,
  oneOf,
  randomChoice,
  requireChoice,
} from "./choiceSpace.ts";

const stream = (seed: number) => randomStream(random.key(seed).data);
const mixed = list([oneOf(3), choose(2, 5), list([mask(2), oneOf(4)])]);

test("a list has the decisions of its parts, one after the other", () => {
  expect(mixed.size).toBe(6);
  expect(mixed.decisions.map(({ at }) => at)).toEqual([0, 1, 3, 4, 5]);
  // 3 · 10 · 2 · 2 · 4 choices.
  expect(2 ** choiceBits(mixed)).toBeCloseTo(480, 10);
  expect(list([]).size).toBe(0);
});

test("random choices are uniform, sets are rising and have different elements", () => {
  const counts = new Map<string, number>();
  const source = stream(1);
  const space = list([oneOf(2), choose(2, 4)]);
  for (let i = 0; i < 6000; i++) {
    const choice = randomChoice(space, source);
    requireChoice("test", space, choice);
    expect(choice[1]!).toBeLessThan(choice[2]!);
    counts.set(choice.join(), (counts.get(choice.join()) ?? 0) + 1);
  }
  expect(counts.size).toBe(12);
  // 500 of each, standard deviation √(6000 · 1/12 · 11/12) = 21.4.
  for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(4 * 21.4);
});

test("distinct draws every order equally often", () => {
  const counts = new Map<string, number>();
  const source = stream(2);
  for (let i = 0; i < 2400; i++) {
    const drawn = distinct(source, 3, 4).join();
    counts.set(drawn, (counts.get(drawn) ?? 0) + 1);
  }
  expect(counts.size).toBe(24);
  for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(40);
});

test("a mutation draws one number anew, each equally often, and keeps sets sets", () => {
  const choice = Int32Array.of(2, 1, 4, 0, 1, 3);
  const changed = new Float64Array(6);
  const source = stream(3);
  const draws = 6000;
  for (let i = 0; i < draws; i++) {
    const next = mutated(mixed, choice, source);
    requireChoice("test", mixed, next);
    expect(next[1]!).toBeLessThan(next[2]!);
    const count = differences(mixed, choice, next);
    expect(count).toBeLessThanOrEqual(1);
    if (count === 1)
      changed[next[0] !== 2 ? 0 : next[3] !== 0 ? 3 : next[4] !== 1 ? 4 : next[5] !== 3 ? 5 : 1]!++;
  }
  expect(choice).toEqual(Int32Array.of(2, 1, 4, 0, 1, 3));
  // A sixth of mutations each; those that may stay as they are do so in one of 3, 2, 2 and 4; sets always change.
  [2 / 3, 2, 0, 1 / 2, 1 / 2, 3 / 4].forEach((share, i) =>
    expect(Math.abs(changed[i]! - (share * draws) / 6)).toBeLessThan(4 * Math.sqrt(draws / 6)),
  );
});

test("differences count the elements of sets, whatever their order", () => {
  const space = choose(3, 9);
  expect(differences(space, Int32Array.of(1, 5, 7), Int32Array.of(7, 1, 2))).toBe(1);
  expect([...inOrder(space, Int32Array.of(7, 1, 2))]).toEqual([1, 2, 7]);
});

describe("errors", () => {
  test("more to choose than there is", () => {
    expect(() => choose(4, 3)).toThrow(
      "choose: count must be at most 3, as many as there are to choose from, got 4.",
    );
  });
  test("a list of something else", () => {
    expect(() => list([3] as never)).toThrow("list: spaces[0] must be a space, got 3. Make one with oneOf");
    expect(() => (list as (...spaces: unknown[]) => unknown)(oneOf(2), oneOf(3))).toThrow(
      "list: spaces must be a list of spaces",
    );
  });

  test("no values, no numbers", () => {
    expect(() => oneOf(0)).toThrow("oneOf: values must be an integer of at least 1, got 0.");
    expect(() => mask(-1)).toThrow("mask: size must be an integer of at least 1, got -1.");
  });
  test("a choice that is none", () => {
    expect(() => requireChoice("test", mixed, [0, 1])).toThrow("test: a choice has 6 numbers, got 2.");
    expect(() => requireChoice("test", mixed, [3, 0, 1, 0, 0, 0])).toThrow(
      "test: number 0 of a choice must be an integer from 0 to 2, got 3.",
    );
    expect(() => requireChoice("test", choose(2, 5), [3, 3])).toThrow(
      "test: numbers 0 to 1 of a choice must be different ones, got [3, 3]. 3 stands twice.",
    );
  });
});
