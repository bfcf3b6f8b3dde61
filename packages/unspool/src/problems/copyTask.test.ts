import { expect, test } from "vitest";
import { type Tensor, random, tree } from "../array/index.ts";
import { unroll } from "../unroll/index.ts";
import { type CopyTaskState, type CopyTaskTheta, copyScore, copyTask, initCopyTask } from "./index.ts";

const wide = (units: number, seed: number): CopyTaskTheta =>
  tree.map((leaf: Tensor) => leaf.astype("float64"), initCopyTask(random.key(seed), units));

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Losses of one string: an LSTM and a cross-entropy in plain numbers. */
function lossesOf({ cell, readWeights, readBias }: CopyTaskTheta, bits: number[], horizon: number): number[] {
  const units = cell.stateWeights.shape[0]!;
  let h = new Float64Array(units);
  let c = new Float64Array(units);
  return Array.from({ length: horizon }, (_, t) => {
    const symbol = t < bits.length ? bits[t]! : 2;
    const gates = Float64Array.from(
      { length: 4 * units },
      (__, j) =>
        cell.bias.data[j]! +
        cell.inputWeights.data[symbol * 4 * units + j]! +
        h.reduce((sum, x, i) => sum + x * cell.stateWeights.data[i * 4 * units + j]!, 0),
    );
    const at = (gate: number, i: number) => gates[gate * units + i]!;
    c = c.map((x, i) => sigmoid(at(1, i)) * x + sigmoid(at(0, i)) * Math.tanh(at(2, i)));
    h = c.map((x, i) => sigmoid(at(3, i)) * Math.tanh(x));
    const logit = h.reduce((sum, x, i) => sum + x * readWeights.data[i]!, readBias.data[0]!);
    const wanted = bits[t - bits.length];
    if (wanted === undefined) return 0;
    return -Math.log2(wanted === 1 ? sigmoid(logit) : 1 - sigmoid(logit));
  });
}

test("losses are those of plain numbers: nothing while reading, each bit in turn, nothing after", () => {
  const theta = wide(3, 1);
  const problem = copyTask({ length: 5, strings: 2, truncation: 4, spread: 2 });
  expect(problem.horizon).toBe(12);
  const { losses, state } = unroll(problem, theta, { key: random.key(7), particles: 6 });
  const { bits, length } = state as CopyTaskState;
  const lengths = [...length.data];
  expect(new Set(lengths).size).toBeGreaterThan(1);
  for (let i = 0; i < 6; i++) {
    const strings = [0, 1].map((s) => [...bits.data.slice(10 * i + 5 * s, 10 * i + 5 * s + lengths[i]!)]);
    const [first, second] = strings.map((string) => lossesOf(theta, string, 12)) as [number[], number[]];
    first.forEach((loss, t) => expect(losses.data[6 * t + i]).toBeCloseTo((loss + second[t]!) / 2, 10));
  }
});

test("a model that guesses loses one bit per character", () => {
  const zero = tree.map((leaf: Tensor) => leaf.mul(0), wide(2, 1));
  expect(copyScore({ length: 3, strings: 16 })(zero, random.key(0))).toBeCloseTo(1, 12);
});

test("options are checked", () => {
  expect(() => copyTask({ length: 0 })).toThrow(/length/);
  expect(() => copyTask({ length: 2, spread: -1 })).toThrow(/spread/);
  expect(() => copyScore({ length: 2, strings: 0 })).toThrow(/strings/);
});
