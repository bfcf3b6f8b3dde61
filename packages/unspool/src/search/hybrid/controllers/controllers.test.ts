import { describe, expect, test } from "vitest";
import { type Tree, random, randomStream, tree } from "../../../array/index.ts";
import { type ChoiceSpace, choose, differences, list, mask, oneOf, requireChoice } from "../choiceSpace.ts";
import { floats } from "../hostTensors.ts";
import { choiceOf, countOf, members } from "./controller.ts";
import { neat, offspringOf, speciesOf } from "./neat.ts";
import { byCrowding, frontsOf, nsga2 } from "./nsga2.ts";
import { addScore, policyGradient } from "./policyGradient.ts";
import { controllers } from "./registry.ts";
import { regularizedEvolution } from "./regularizedEvolution.ts";

const stream = (seed: number) => randomStream(random.key(seed).data);
const mixed = list([oneOf(6), choose(3, 8), mask(3)]);
const target = Int32Array.of(4, 1, 2, 7, 0, 1, 1);
const loss = (choice: Int32Array): number => differences(mixed, choice, target);
const rowOf = (choices: Int32Array, i: number, size: number) => choices.slice(i * size, (i + 1) * size);

describe.each(controllers.entries)("$name", (entry) => {
  const walk = (seed: number, batches: number) => {
    const controller = entry.create({ population: 40 });
    const source = stream(seed);
    let state = controller.init(mixed);
    const found: number[] = [];
    for (let batch = 0; batch < batches; batch++) {
      const before = JSON.stringify(plain(state));
      const proposed = controller.propose(mixed, state, source, 20);
      expect(JSON.stringify(plain(state)), "propose leaves its state as it was").toBe(before);
      for (let i = 0; i < 20; i++) requireChoice("test", mixed, rowOf(proposed.choices, i, mixed.size));
      const losses = Float64Array.from({ length: 20 }, (_, i) =>
        loss(rowOf(proposed.choices, i, mixed.size)),
      );
      const after = JSON.stringify(plain(proposed.state));
      state = controller.feedback(mixed, proposed.state, proposed.choices, losses);
      expect(JSON.stringify(plain(proposed.state)), "feedback leaves its state as it was").toBe(after);
      found.push(losses.reduce((sum, x) => sum + x / 20, 0));
    }
    return { controller, state, found };
  };

  test("proposes choices of the space, the same for the same stream, and leaves what it was given", () => {
    const [a, b] = [walk(1, 8), walk(1, 8)];
    expect(plain(a.state)).toEqual(plain(b.state));
    for (const [, leaf] of tree.entries(a.state)) expect(["int32", "float64"]).toContain(leaf.dtype);
  });

  test("recommends something good after 1500 proposals", () => {
    const { controller, state } = walk(2, 75);
    const best = controller.best(mixed, state)!;
    requireChoice("test", mixed, best);
    // There are 6 · 56 · 8 choices with a mean loss of 4.2, of which 24 have at most 1.
    expect(loss(best)).toBeLessThanOrEqual(1);
  });

  test.skipIf(entry.name === "random")("proposes better ones than at the start", () => {
    const { found } = walk(3, 60);
    expect(found.at(-1)!).toBeLessThan(found[0]! - 1);
  });

  test("takes no feedback at all", () => {
    const controller = entry.create({ population: 4 });
    const state = controller.feedback(mixed, controller.init(mixed), new Int32Array(0), new Float64Array(0));
    expect(controller.propose(mixed, state, stream(1), 5).choices).toHaveLength(5 * mixed.size);
  });
});

const plain = (state: Tree): unknown =>
  tree.entries(state).map(([path, leaf]) => [path, leaf.shape, [...leaf.data]]);

describe("regularizedEvolution", () => {
  const space = oneOf(1000);
  test("the first of them are random, and then the best of the latest is mutated", () => {
    const controller = regularizedEvolution({ population: 10, tournament: 10 });
    const wide = list(Array.from({ length: 8 }, () => space));
    const source = stream(4);
    let state = controller.init(wide);
    const told = (choices: Int32Array, losses: number[]) =>
      (state = controller.feedback(wide, state, choices, Float64Array.from(losses)));
    const first = controller.propose(wide, state, source, 10);
    state = first.state;
    told(first.choices, [5, 1, 9, 9, 9, 9, 9, 9, 9, 9]);
    const best = rowOf(first.choices, 1, 8);
    const second = controller.propose(wide, state, source, 10);
    state = second.state;
    for (let i = 0; i < 10; i++)
      expect(differences(wide, rowOf(second.choices, i, 8), best)).toBeLessThanOrEqual(1);
    // The best is dropped once it is old, though nothing was better.
    told(second.choices, [3, 4, 4, 4, 4, 4, 4, 4, 4, 4]);
    expect([...controller.best(wide, state)!]).toEqual([...rowOf(second.choices, 0, 8)]);
    expect(countOf(state.population)).toBe(10);
  });

  test("errors", () => {
    expect(() => regularizedEvolution({ population: 10, tournament: 11 })).toThrow(
      "regularizedEvolution: tournament must be an integer from 2 to the population, 10, got 11.",
    );
    expect(() => regularizedEvolution({ tournament: 1 })).toThrow("tournament must be an integer from 2 to");
    expect(() => regularizedEvolution({ population: 1 })).toThrow(
      "population must be an integer of at least 2",
    );
  });
});

describe("neat", () => {
  test("species by distance to their first member, offspring by mean fitness above the worst", () => {
    const four = list([oneOf(9), oneOf(9), oneOf(9), oneOf(9), oneOf(9), oneOf(9), oneOf(9), oneOf(9)]);
    const isAlike = (a: Int32Array, b: Int32Array) => (3 * differences(four, a, b)) / four.size <= 0.4;
    const rows = [
      [0, 0, 0, 0, 0, 0, 0, 0],
      [0, 0, 0, 0, 0, 0, 0, 1], // one of eight differs: 0.375
      [0, 0, 0, 0, 0, 0, 2, 1], // two: 0.75
      [0, 0, 0, 0, 0, 0, 2, 2],
    ];
    const all = members(8, Int32Array.from(rows.flat()), Float64Array.of(1, 3, 4, 2));
    const species = speciesOf(all, isAlike);
    expect(species).toEqual([
      [0, 1],
      [2, 3],
    ]);
    // Above the worst, 4: (3 + 1) / 2 = 2 and (0 + 2) / 2 = 1.
    expect(offspringOf(species, Float64Array.of(1, 3, 4, 2), 9)).toEqual([6, 3]);
    // 6.67 and 3.33 of 10 round to 7 and 3; 2/3 and 1/3 of 4 to 3 and 1; 0.67 and 0.33 of 1 to 1 and 0.
    expect(offspringOf(species, Float64Array.of(1, 3, 4, 2), 4)).toEqual([3, 1]);
    expect(offspringOf(species, Float64Array.of(1, 1, 1, 1), 5)).toEqual([2, 3]);
  });

  test("errors", () => {
    expect(() => neat({ survivors: 0 })).toThrow("neat: survivors must be above 0 and at most 1, got 0.");
  });
});

describe("nsga2", () => {
  test("fronts and crowding distances of points of two objectives", () => {
    const points = [
      [1, 5],
      [2, 3],
      [4, 1],
      [3, 4],
      [5, 5],
      [2, 3],
    ];
    expect(frontsOf(points)).toEqual([[0, 1, 2, 5], [3], [4]]);
    // Ends have 2 + 2; between 0 and 2 lies (4 - 1) / 3 + (5 - 1) / 4 = 2.
    const front = [
      [0, 10],
      [1, 9],
      [6, 3],
      [10, 0],
    ];
    // Of member 1: 6/10 + 7/10; of member 2: 9/10 + 9/10.
    expect(byCrowding([0, 1, 2, 3], front)).toEqual([0, 3, 2, 1]);
  });

  test("keeps the front of loss against a cost of the choice", () => {
    const space = mask(8);
    const ones = (choice: Int32Array) => choice.reduce((sum, bit) => sum + bit, 0);
    const controller = nsga2({ population: 9, costs: [ones] });
    const source = stream(5);
    let state = controller.init(space);
    for (let batch = 0; batch < 80; batch++) {
      const proposed = controller.propose(space, state, source, 9);
      // Each bit helps, the first most: 2^-i.
      const losses = Float64Array.from(
        { length: 9 },
        (_, i) => -rowOf(proposed.choices, i, 8).reduce((sum, bit, j) => sum + bit * 2 ** -j, 0),
      );
      state = controller.feedback(space, proposed.state, proposed.choices, losses);
    }
    const found = Array.from({ length: 9 }, (_, i) => choiceOf(state.elites, i).join("")).toSorted();
    const best = Array.from({ length: 9 }, (_, n) => "1".repeat(n) + "0".repeat(8 - n)).toSorted();
    expect(found).toEqual(best);
    expect(controller.stats!(space, state)).toEqual({ front: 9 });
  });
});

describe("policyGradient", () => {
  /** Σ p(m) R(m) ∇ log p(m) over all choices. */
  function exact(
    space: ChoiceSpace,
    logits: Float64Array,
    choices: number[][],
    reward: (m: number[]) => number,
  ) {
    const gradient = new Float64Array(logits.length);
    let value = 0;
    for (const choice of choices) {
      const p = probability(space, logits, choice);
      value += p * reward(choice);
      addScore(space, logits, Int32Array.from(choice), p * reward(choice), gradient);
    }
    return { value, gradient };
  }

  function probability(space: ChoiceSpace, logits: Float64Array, choice: number[]): number {
    let [p, from] = [1, 0];
    for (const { values, count, at } of space.decisions) {
      const left = new Set(Array.from({ length: values }, (_, i) => i));
      for (let i = at; i < at + count; i++) {
        const total = [...left].reduce((sum, k) => sum + Math.exp(logits[from + k]!), 0);
        p *= Math.exp(logits[from + choice[i]!]!) / total;
        left.delete(choice[i]!);
      }
      from += values;
    }
    return p;
  }

  test("oracle: value and gradient of two decisions, NumPy", () => {
    const rewards = [
      [1, 2],
      [0, -1],
      [3, 0.5],
    ];
    const choices = [0, 1, 2].flatMap((a) => [0, 1].map((b) => [a, b]));
    const logits = Float64Array.of(0.2, -0.1, 0.5, 0, 0.3);
    const { value, gradient } = exact(
      list([oneOf(3), oneOf(2)]),
      logits,
      choices,
      ([a, b]) => rewards[a!]![b!]!,
    );
    expect(value).toBeCloseTo(1.054759426377, 11);
    const wanted = [0.168145388756, -0.390510711294, 0.222365322538, 0.24641894499, -0.24641894499];
    wanted.forEach((x, i) => expect(gradient[i]).toBeCloseTo(x, 11));
  });

  test("draws without replacement: the gradient is the derivative of the expectation", () => {
    const space = choose(2, 4);
    const orders = [0, 1, 2, 3].flatMap((a) => [0, 1, 2, 3].filter((b) => b !== a).map((b) => [a, b]));
    const reward = ([a, b]: number[]): number => a! * 3 + b! * 3 + a! * b!;
    const logits = Float64Array.of(0.3, -0.2, 0.8, 0.1);
    expect(orders.reduce((sum, order) => sum + probability(space, logits, order), 0)).toBeCloseTo(1, 14);
    const { gradient } = exact(space, logits, orders, reward);
    logits.forEach((l, i) => {
      const at = (x: number) => exact(space, logits.with(i, x), orders, reward).value;
      expect(gradient[i]).toBeCloseTo((at(l + 1e-5) - at(l - 1e-5)) / 2e-5, 8);
    });
  });

  test("proposals follow the probabilities", () => {
    const space = choose(2, 3);
    const controller = policyGradient();
    const logits = Float64Array.of(0.5, 0, -1);
    const state = { ...controller.init(space), logits: floats(logits) };
    const { choices } = controller.propose(space, state, stream(6), 8000);
    for (const order of [
      [0, 1],
      [1, 0],
      [0, 2],
      [2, 0],
      [1, 2],
      [2, 1],
    ]) {
      let count = 0;
      for (let i = 0; i < 8000; i++)
        if (choices[2 * i] === order[0] && choices[2 * i + 1] === order[1]) count++;
      const p = probability(space, logits, order);
      expect(Math.abs(count - 8000 * p)).toBeLessThan(4 * Math.sqrt(8000 * p * (1 - p)));
    }
  });

  test("errors", () => {
    expect(() => policyGradient({ learningRate: 0 })).toThrow("policyGradient: learningRate must be");
  });
});
