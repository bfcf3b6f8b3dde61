import { expect, test } from "vitest";
import { type Tensor, random, tree } from "../array/index.ts";
import { bptt } from "../estimators/index.ts";
import { unroll } from "../unroll/index.ts";
import { characterModel, initCharacterModel, lstmCell, markovText } from "./index.ts";

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

test("an LSTM cell is that of its equations, unit by unit in plain numbers", () => {
  const [inputs, units] = [2, 3];
  const draw = (name: string, shape: number[]) => random.normal(random.foldIn(random.key(5), name), shape);
  const weights = {
    inputWeights: draw("w", [inputs, 4 * units]),
    stateWeights: draw("u", [units, 4 * units]),
    bias: draw("b", [4 * units]),
  };
  const [x, h, c] = [draw("x", [1, inputs]), draw("h", [1, units]), draw("c", [1, units])];
  const next = lstmCell(weights, x, { h, c });
  for (let unit = 0; unit < units; unit++) {
    const gate = (which: number): number => {
      const column = which * units + unit;
      const { inputWeights: w, stateWeights: u, bias } = weights;
      let sum = bias.data[column]!;
      for (let i = 0; i < inputs; i++) sum += x.data[i]! * w.data[i * 4 * units + column]!;
      for (let i = 0; i < units; i++) sum += h.data[i]! * u.data[i * 4 * units + column]!;
      return sum;
    };
    const cell = sigmoid(gate(1)) * c.data[unit]! + sigmoid(gate(0)) * Math.tanh(gate(2));
    expect(next.c.data[unit]).toBeCloseTo(cell, 5);
    expect(next.h.data[unit]).toBeCloseTo(sigmoid(gate(3)) * Math.tanh(cell), 5);
  }
});

test("the gradient of a character model is that of central differences in float64", () => {
  const { text } = markovText({ length: 13, symbols: 6, key: random.key(1) });
  const problem = characterModel({ text, symbols: 6, horizon: 12 });
  const small = initCharacterModel(random.key(2), { symbols: 6, embedding: 2, units: 3 });
  const theta = tree.map((leaf: Tensor) => leaf.astype("float64"), small);
  const whole = bptt(problem, { objective: "sum" });
  const { gradient } = whole.estimate(theta, whole.init(theta, random.key(0)), random.key(0));
  const [path, direction] = tree
    .entries(gradient)
    .map(([name, leaf]) => [name, leaf] as const)
    .find(([name]) => name.endsWith("stateWeights"))!;
  expect(path).toBe("cell.stateWeights");
  const loss = (step: number): number => {
    const moved = {
      ...theta,
      cell: { ...theta.cell, stateWeights: theta.cell.stateWeights.add(direction.mul(step)) },
    };
    return unroll(problem, moved, { key: random.key(0) })
      .losses.sum()
      .item();
  };
  const slope = (loss(1e-5) - loss(-1e-5)) / 2e-5;
  // Along the gradient the derivative is its squared length.
  expect(slope / direction.mul(direction).sum().item()).toBeCloseTo(1, 7);
});

test("trajectories begin at random places of a longer text, at its first character otherwise", () => {
  const text = Int32Array.from({ length: 50 }, (_, i) => i % 5);
  const starts = (length: number) => {
    const problem = characterModel({ text: text.slice(0, length), symbols: 5, horizon: 10 });
    const theta = initCharacterModel(random.key(0), { symbols: 5 });
    const { state } = unroll(problem, theta, { key: random.key(1), particles: 200, steps: 1 });
    return [...(state as { start: Tensor }).start.data];
  };
  expect(new Set(starts(11))).toEqual(new Set([0]));
  expect(Math.min(...starts(50))).toBe(0);
  expect(Math.max(...starts(50))).toBe(39);
});

test("a Markov text is as unpredictable as its entropy says", () => {
  const { text, entropy } = markovText({ length: 100_000, symbols: 8, key: random.key(4) });
  const counts = Array.from({ length: 8 }, () => new Float64Array(8));
  for (let t = 1; t < text.length; t++) counts[text[t - 1]!]![text[t]!]! += 1;
  let loss = 0;
  for (const row of counts) {
    const sum = row.reduce((x, y) => x + y, 0);
    for (const count of row) if (count > 0) loss -= (count * Math.log(count / sum)) / (text.length - 1);
  }
  // The fit of 56 free probabilities to 1e5 characters gains 56 / 2e5; the rest is sampling: about 0.003.
  expect(Math.abs(loss - entropy)).toBeLessThan(0.012);
  expect(markovText({ length: 5, skew: 0, structure: 0, key: random.key(4) }).entropy).toBeCloseTo(
    Math.log(27),
    9,
  );
});

test("texts that do not fit are refused", () => {
  expect(() => characterModel({ text: new Int32Array(10), horizon: 10 })).toThrow(
    /longer than the horizon 10/,
  );
  expect(() => characterModel({ text: Int32Array.of(0, 1, 5), symbols: 3, horizon: 2 })).toThrow(
    /from 0 to 2/,
  );
  expect(() => markovText({ length: 0, key: random.key(0) })).toThrow(/length/);
});
