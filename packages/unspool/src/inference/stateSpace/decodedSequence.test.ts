import { expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { decodedSequence } from "./decodedSequence.ts";

const model = decodedSequence({
  ...{ stateSize: 2, frameSize: 3, blocks: 2, hidden: 4, stateSd: 0.2, frameSd: 0.5 },
  decoder: (x: Tensor) => np.concatenate([x, x.slice([], [0, 1]).mul(x.slice([], [1, 2]))], 1),
});
const theta = model.init(random.key(1));
const t = tree.scalar(1, "int32");

test("the mean of a step adds each block in turn, of one state and of many", () => {
  const x = [0.5, -1];
  const wanted = theta.blocks.reduce((at, { layers, scale }) => {
    const [first, second] = layers as [(typeof layers)[0], (typeof layers)[0]];
    const inner = Array.from({ length: 4 }, (_, j) =>
      Math.max(0, at[0]! * first.weights.slice(0, j).item() + at[1]! * first.weights.slice(1, j).item()),
    );
    return at.map(
      (value, i) =>
        value + scale.item() * inner.reduce((sum, h, j) => sum + h * second.weights.slice(j, i).item(), 0),
    );
  }, x);
  const one = model.transition(theta, np.array(x, { dtype: "float64" }), t);
  expect(one.batchShape).toEqual([]);
  const many = model.transition(theta, np.array([[[0, 0], x]], { dtype: "float64" }), t);
  expect(many.batchShape).toEqual([1, 2]);
  wanted.forEach((value, i) => {
    expect(one.mean().slice(i).item()).toBeCloseTo(value, 12);
    expect(many.mean().slice(0, 1, i).item()).toBeCloseTo(value, 12);
  });
});

test("frames are the decoder's, with noise of one spread", () => {
  const frames = model.emission(theta, np.array([[2, 3]], { dtype: "float64" }), t);
  expect([...frames.mean().data].map(Number)).toEqual([2, 3, 6]);
  expect([...frames.variance().data].map(Number)).toEqual([0.25, 0.25, 0.25]);
});

test("options are checked", () => {
  const options = { stateSize: 2, frameSize: 3, decoder: (x: Tensor) => x };
  expect(() => decodedSequence({ ...options, blocks: 0 })).toThrow(OptionError);
  expect(() => decodedSequence({ ...options, decoder: 3 as never })).toThrow(/a function/);
});
