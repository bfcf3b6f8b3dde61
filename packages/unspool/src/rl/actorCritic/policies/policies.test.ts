/** Policies against their definitions; shapes by hand. */
import { expect, test } from "vitest";
import { type Tensor, jit, np, random, tree } from "../../../array/index.ts";
import { OptionError } from "../../../errors.ts";
import { boxSpace, discreteSpace } from "../../environments/space.ts";
import { linearPolicy } from "./linearPolicy.ts";
import { networkPolicy } from "./networkPolicy.ts";
import { parameterMap } from "./parameterMap.ts";
import { toeplitz } from "./toeplitz.ts";
import { tunedController } from "./tunedController.ts";

const spaces = {
  observationSpace: boxSpace({ shape: [4] }),
  actionSpace: boxSpace({ low: [-1, 0, -Infinity], high: [1, 10, Infinity] }),
};
const observation = np.array([1, -2, 0.5, 3]);
const key = random.key(3);

test("a Toeplitz matrix has its first column and the rest of its first row", () => {
  const matrix = toeplitz(np.array([1, 2, 3, 4, 5, 6]), 3, 4);
  // scipy.linalg.toeplitz([1, 2, 3], [3, 4, 5, 6]), whose first row's first number is not looked at.
  expect([...matrix.data]).toEqual([1, 4, 5, 6, 2, 1, 4, 5, 3, 2, 1, 4]);
});

test("a linear policy starts at 0 and is W s", () => {
  const policy = linearPolicy(spaces);
  expect([...policy.act(policy.init(key), observation, key).data]).toEqual([0, 0, 0]);
  const weights = np.array([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 1], { shape: [3, 4] });
  expect([...policy.act({ weights }, observation, key).data]).toEqual([1, -2, 4]);
  const short = linearPolicy(spaces, { weights: "toeplitz" });
  expect(short.init(key).weights.shape).toEqual([6]);
  // Diagonals by hand: W = [[0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]].
  const corner = { weights: np.array([0, 0, 0, 0, 0, 1]) };
  expect([...short.act(corner, observation, key).data]).toEqual([3, 0, 0]);
});

test("of choices the largest output is taken", () => {
  const policy = linearPolicy({ ...spaces, actionSpace: discreteSpace(3) });
  const weights = np.array([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 1], { shape: [3, 4] });
  const action = policy.act({ weights }, observation, key);
  expect([action.dtype, action.item()]).toEqual(["int32", 2]);
});

test.each(["dense", "toeplitz", "masked"] as const)(
  "a network of %s weights stays in its bounds",
  (weights) => {
    const policy = networkPolicy(spaces, { weights, hidden: [5, 6] });
    const theta = tree.scale(policy.init(key), 100);
    const [first, second, free] = [...policy.act(theta, observation, key).data];
    expect(Math.abs(first!)).toBeLessThanOrEqual(1);
    expect(second).toBeGreaterThanOrEqual(0);
    expect(second).toBeLessThanOrEqual(10);
    expect(Number.isFinite(free)).toBe(true);
    const compiled = jit((at: typeof theta, s: Tensor) => policy.act(at, s, key))(theta, observation);
    compiled.data.forEach((x: number, i: number) => expect(x).toBeCloseTo([first, second, free][i]!, 4));
  },
);

test("hidden weights are orthogonal with gain 5/3, the output's of a hundredth of it", () => {
  const { layers } = networkPolicy(spaces, { hidden: [5], dtype: "float64" }).init(key);
  const gram = (w: Tensor) => np.matmul(w.transpose(), w) as Tensor;
  const [hidden, output] = [gram(layers[0]!.weights), gram(layers[1]!.weights.transpose())];
  for (const [found, gain] of [
    [hidden, 5 / 3],
    [output, 0.05 / 3],
  ] as const)
    found.data.forEach((x: number, at: number) => {
      const size = found.shape[0]!;
      const expected = Math.floor(at / size) === at % size ? gain ** 2 : 0;
      expect(x).toBeCloseTo(expected, 12);
    });
});

test("layer normalisation: the size of a hidden layer's inputs does not matter", () => {
  const policy = networkPolicy(spaces, { hidden: [8], dtype: "float64" });
  const theta = policy.init(key);
  const near = [...policy.act(theta, observation.mul(1000), key).data];
  const far = [...policy.act(theta, observation.mul(2000), key).data];
  near.forEach((x, i) => expect(x).toBeCloseTo(far[i]!, 6));
});

test("a mask far below the others of its layer takes a weight out, whatever the size of the logits", () => {
  const policy = networkPolicy(spaces, { weights: "masked", hidden: [], dtype: "float64" });
  const [layer] = policy.init(key).layers;
  const ones = np.ones([3, 4], { dtype: "float64" });
  // exp(100 · (8 - 8.3)) is 1e-13 of the others' share; 100 · 8.3 overflows a softmax in float32.
  const mask = np.array([8, 8.3, 8.3, 8.3, ...Array.from({ length: 8 }, () => 8.3)], { shape: [3, 4] });
  const act = (own: Tensor) =>
    policy.act({ layers: [{ ...layer!, weights: ones, mask: own.astype("float64") }] }, observation, key);
  // The third action has no bounds: the sum of the observation.
  expect(act(mask).data[2]).toBeCloseTo(2.5, 12);
  expect(Math.atanh(act(mask).data[0]!)).toBeCloseTo(1.5, 6);
  expect(Math.atanh(act(np.zeros([3, 4])).data[0]!)).toBeCloseTo(2.5, 6);
});

test("parameters of linear and logarithmic ranges", () => {
  const map = parameterMap([
    { low: 0, high: 10 },
    { low: 1e-5, high: 1e3, scale: "log" },
  ]);
  const at = (x: number[]) => [...map.parameters(np.array(x, { dtype: "float64" })).data];
  expect(at([0, 0])[0]).toBe(5);
  expect(at([0, 0])[1]).toBeCloseTo(0.1, 14);
  // Clipped to [-1, 1].
  expect(at([-3, 7])[0]).toBe(0);
  expect(at([-3, 7])[1]! / 1e3).toBeCloseTo(1, 12);
  const back = map.numbers(at([0.3, -0.7]));
  expect(back[0]).toBeCloseTo(0.3, 12);
  expect(back[1]).toBeCloseTo(-0.7, 12);
});

test("a tuned controller has its parameters by name", () => {
  const policy = tunedController({
    name: "PD",
    parameters: { kp: { low: 0, high: 10 }, kd: { low: 0.01, high: 1, scale: "log" } },
    act: ({ kp, kd }, s) =>
      kp
        .mul(s.slice(0))
        .add(kd.mul(s.slice(1)))
        .neg()
        .reshape([1]),
    dtype: "float64",
  });
  const theta = policy.thetaOf({ kp: 2, kd: 0.1 });
  expect(policy.parametersOf(theta).kp).toBeCloseTo(2, 12);
  expect(policy.parametersOf(theta).kd).toBeCloseTo(0.1, 12);
  expect(policy.act(theta, np.array([3, 10]), key).data[0]).toBeCloseTo(-7, 6);
  const { x } = policy.init(key);
  expect([x.shape[0], x.data.every((one: number) => Math.abs(one) <= 1)]).toEqual([2, true]);
});

test("errors say what to give", () => {
  expect(() => parameterMap([{ low: 1, high: 0 }])).toThrow(
    "parameterMap: ranges[0] must be a finite low below a finite high, got [1, 0]. Swap them?",
  );
  expect(() => parameterMap([{ low: 0, high: 1, scale: "log" }])).toThrow(/ranges\[0\].low must be above 0/);
  expect(() => parameterMap([])).toThrow(/at least one range/);
  expect(() => parameterMap([[0, 1] as never])).toThrow(/ranges\[0\] must be a record \{ low, high, scale/);
  expect(() => parameterMap([{ low: 0, hihg: 1 } as never])).toThrow(/Did you mean "high"/);
  const misread = tunedController({
    name: "PD",
    parameters: { kp: { low: 0, high: 1 } },
    act: ({ kd }: never, s) => (kd as Tensor).mul(s),
  });
  expect(() => misread.act(misread.init(key), observation, key)).toThrow(
    'PD: a parameter must be one of "kp", got "kd". Did you mean "kp"?',
  );
  const upside = { name: "PD", parameters: { kp: { low: 1, high: 0 } }, act: () => observation };
  expect(() => tunedController(upside)).toThrow(
    "tunedController: parameters.kp must be a finite low below a finite high, got [1, 0].",
  );
  for (const make of [linearPolicy, networkPolicy]) {
    expect(() => make(undefined as never)).toThrow(
      /Policy: environment must be an environment, got undefined/,
    );
    expect(() => make((() => spaces) as never)).toThrow(OptionError);
  }
  expect(() => networkPolicy(spaces, { hidden: 64 as never })).toThrow(/hidden must be a list, such as/);
  expect(() => networkPolicy(spaces, { hidden: [0] })).toThrow(
    /hidden\[0\] must be an integer of at least 1/,
  );
  expect(() => linearPolicy(spaces, { weights: "sparse" as "dense" })).toThrow(/one of "dense", "toeplitz"/);
});
