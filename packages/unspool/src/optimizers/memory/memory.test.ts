/** Short states, half precision and shared memory against their definitions. */
import { describe, expect, test } from "vitest";
import { type Tensor, grad, np, random, tree } from "../../array/index.ts";
import { compiled } from "../../unroll/index.ts";
import { adam } from "../rules/adam.ts";
import { clipByGlobalNorm } from "../wrappers/clipByGlobalNorm.ts";
import { lookahead } from "../wrappers/lookahead.ts";
import { momentum } from "../rules/momentum.ts";
import { optimizerNames } from "../registry.ts";
import { sgd } from "../rules/sgd.ts";
import {
  expectClose,
  expectSameBits,
  f32,
  f64,
  mixedGradient,
  mixedTheta,
  numbers,
  trajectory,
} from "../testing.ts";
import { type BlockCode, decode, dynamicTable, encode, linearTable } from "./blockCodes.ts";
import { type LossScaleState, lossScale } from "./lossScale.ts";
import { mixedPrecision } from "./mixedPrecision.ts";
import { type QuantizedState, quantizedState } from "./quantizedState.ts";
import { roundToBfloat16, roundToFloat16 } from "./rounding.ts";
import { shardedState } from "./shardedState.ts";
import { stateBytes } from "./stateBytes.ts";
import { shardedStateBytes, stateCopies, stateMemoryTable } from "./stateMemory.ts";

describe("bfloat16 and float16", () => {
  test("round to the nearest, ties to even", () => {
    // 1.00390625 is half-way between 1 and 1.0078125, and 1.01171875 between that and 1.015625.
    expectClose(
      roundToBfloat16(f32([1.005, 1.00390625, Math.PI, 1.01171875, -1.005, 0])),
      [1.0078125, 1, 3.140625, 1.015625, -1.0078125, 0],
      0,
    );
    expect(roundToBfloat16(f64([1.005])).dtype).toBe("float64");
  });
  test("float16 has 11 bits, subnormals of 2^-24, and infinity from 65520", () => {
    const tiny = 2 ** -24;
    const given = [
      1 / 3,
      1 + 2 ** -11,
      1 + 3 * 2 ** -11,
      65504,
      65519,
      -65520,
      1e-8,
      1e-8 * 2 ** 16,
      2.5 * tiny,
      -3.5 * tiny,
    ];
    // Ties to even: 1 + 2^-11 down to 1, 1 + 3 · 2^-11 up to 1 + 2^-9, 2.5 and 3.5 least steps to 2 and 4.
    // 1e-8 · 2^16 lies at 1374.4 · 2^-21.
    expect(numbers(roundToFloat16(f32(given)))).toEqual([
      0.333251953125,
      1,
      1 + 2 ** -9,
      65504,
      65504,
      -Infinity,
      0,
      1374 * 2 ** -21,
      2 * tiny,
      -4 * tiny,
    ]);
  });
  test("keep what is not finite, and have the derivative of the identity", () => {
    for (const round of [roundToBfloat16, roundToFloat16]) {
      expect(numbers(round(f32([NaN, Infinity, -Infinity])))).toEqual([NaN, Infinity, -Infinity]);
      expectClose(grad((x: Tensor) => round(x).mul(3).sum())(f32([0.3, 0])), [3, 3], 0);
    }
  });
});

describe("codes of blocks", () => {
  test("8-bit integers with an absolute maximum: (3, -71, 47, 127) / 127 of (.02, -.5, .33, .9)", () => {
    const code: BlockCode = { bits: 8, block: 2048, table: linearTable(8) };
    const x = f32([0.02, -0.5, 0.33, 0.9]);
    const coded = encode(code, x);
    const bytes = [0, 8, 16, 24].map((shift) => (coded.words.item() >>> shift) & 255);
    // Place 128 stands for 0.
    expect(bytes.map((place) => place - 128)).toEqual([3, -71, 47, 127]);
    expectClose(
      decode(code, coded, x),
      [3, -71, 47, 127].map((k) => (k / 127) * Math.fround(0.9)),
      1e-7,
    );
  });
  test("tables are ascending, hold 0 and ±1 at the ends, and the dynamic one has 7 decades in 8 bits", () => {
    for (const table of [linearTable(8), dynamicTable(8), dynamicTable(4), linearTable(4)]) {
      expect([...table].toSorted((a, b) => a - b)).toEqual([...table]);
      expect(table.includes(0)).toBe(true);
      expect(table.at(-1)).toBe(1);
    }
    expect(dynamicTable(8)).toHaveLength(256);
    expect(dynamicTable(4)).toHaveLength(16);
    const positive = [...dynamicTable(8)].filter((x) => x > 0);
    expectClose([positive[0]!, positive.at(-2)!], [5.5e-7, 0.1 + (0.9 * 63.5) / 64], 1e-7);
  });
  test.each([
    ["linear", 8, linearTable(8)],
    ["dynamic", 8, dynamicTable(8)],
    ["linear", 4, linearTable(4)],
  ] as const)(
    "%s, %i bits: the nearest of the table, block by block, for sizes that do not divide",
    (_, bits, table) => {
      const code: BlockCode = { bits, block: 64, table };
      const x = random.normal(random.key(4), [3, 67]);
      const back = numbers(decode(code, encode(code, x), x));
      const values = numbers(x);
      for (let from = 0; from < values.length; from += 64) {
        const block = values.slice(from, from + 64);
        const scale = Math.max(...block.map(Math.abs));
        block.forEach((value, i) => {
          const nearest = Math.min(...[...table].map((t) => Math.abs(t - value / scale)));
          expect(Math.abs(back[from + i]! / scale - value / scale)).toBeLessThanOrEqual(nearest + 1e-6);
        });
      }
      expectClose(decode(code, encode(code, np.zeros([5])), np.zeros([5])), [0, 0, 0, 0, 0], 0);
    },
  );
});

describe("quantizedState", () => {
  const theta = { weights: random.normal(random.key(5), [64, 80]), bias: np.zeros([7]) };
  test("keeps Adam's moments in a quarter of the memory and two scales per block of 2048", () => {
    const optimizer = quantizedState(adam());
    const state = optimizer.init(theta);
    const weights = 64 * 80;
    expect(stateBytes(state)).toBe(2 * (weights + 4 * Math.ceil(weights / 2048)) + 2 * 4 * 7);
    expect(state.coded["firstMoment.weights"]!.words.dtype).toBe("uint32");
    expect(stateCopies(optimizer)).toBeCloseTo(0.5 + (2 * 4) / (2048 * 4), 12);
    expect(stateCopies(quantizedState(adam(), { bits: 4 }))).toBeCloseTo(0.25 + 8 / 8192, 12);
  });
  test("a step is that of the inner optimizer on the decoded state, and the state goes on from there", () => {
    const optimizer = quantizedState(momentum({ learningRate: 0.1 }), {
      smallest: 1,
      code: "linear",
      block: 4,
    });
    const start = f32([1, 2, 3, 4]);
    const first = optimizer.update(f32([0.02, -0.5, 0.33, 0.9]), optimizer.init(start), start);
    const velocity = [3, -71, 47, 127].map((k) => (k / 127) * Math.fround(0.9));
    const second = optimizer.update(f32([0, 0, 0, 0]), first.state, first.theta);
    const moved = numbers(first.theta.sub(second.theta));
    expectClose(
      moved,
      velocity.map((v) => 0.1 * 0.9 * v),
      1e-6,
    );
  });
  test("Adam with 8-bit moments follows Adam on a quadratic, with the dynamic code", () => {
    const start = random.normal(random.key(6), [64]);
    const curvature = np.linspace(0.1, 3, 64);
    const losses = [
      adam({ learningRate: 0.05 }),
      quantizedState(adam({ learningRate: 0.05 }), { smallest: 1 }),
    ].map((optimizer) => {
      const step = compiled("step", (x: Tensor, state: QuantizedState) =>
        optimizer.update(x.mul(curvature), state as never, x),
      );
      let [x, state] = [start, optimizer.init(start) as QuantizedState];
      for (let t = 0; t < 40; t++)
        ({ theta: x, state } = step(x, state) as { theta: Tensor; state: QuantizedState });
      return x.mul(x).mul(curvature).sum().item();
    });
    const before = start.mul(start).mul(curvature).sum().item();
    expect(losses[0]).toBeLessThan(0.1 * before);
    expect(Math.abs(losses[1]! / losses[0]! - 1)).toBeLessThan(0.2);
  });
  test("refuses optimizers that hold positions, and other numbers of bits", () => {
    expect(() => quantizedState(lookahead(sgd()) as never)).toThrow(/holds no positions/);
    expect(() => quantizedState(adam(), { bits: 5 as never })).toThrow(/bits/);
  });
});

describe("lossScale", () => {
  test("skips what is not finite without counting it, halves S, and doubles it after so many good steps", () => {
    const optimizer = lossScale(adam({ learningRate: 0.1 }), { scale: 8, growthSteps: 2 });
    const known = adam({ learningRate: 0.1 });
    let point = { theta: f32([1, -2]), state: optimizer.init(f32([1, -2])) as LossScaleState };
    let plain = { theta: point.theta, state: known.init(point.theta) };
    const scales: number[] = [];
    for (const factor of [1, NaN, 1, 1, Infinity, 1, 1]) {
      const gradient = point.theta.mul(factor);
      point = optimizer.update(gradient, point.state as never, point.theta) as typeof point;
      if (Number.isFinite(factor)) plain = known.update(plain.theta, plain.state, plain.theta);
      scales.push(point.state.scale.item());
      expectSameBits(point.theta, plain.theta);
    }
    expect(scales).toEqual([8, 4, 4, 8, 4, 4, 8]);
    expectSameBits(point.state.inner, plain.state);
    expect([point.state.step.item(), point.state.skipped.item()]).toEqual([7, 2]);
  });
  test("in float16 a gradient of 1e-8 is lost without a scale, and kept with 2^16", () => {
    const moved = (scale: number) => {
      const optimizer = lossScale(sgd({ learningRate: 1 }), { format: "float16", scale });
      return optimizer.update(f32([1e-8]), optimizer.init(f32([0])), f32([0])).theta.item();
    };
    expect(Math.abs(moved(1))).toBe(0);
    expect(moved(2 ** 16) / -1e-8).toBeCloseTo(1, 3);
  });
  test("a gradient that overflows in float16 lowers S until it fits", () => {
    const optimizer = mixedPrecision({ scale: 2 ** 20, optimizer: sgd({ learningRate: 0.1 }) });
    const objective = { loss: (x: Tensor) => x.mul(x).sum().mul(0.5) };
    let [theta, state] = [f32([1]), optimizer.init(f32([1]), objective, random.key(0))];
    const scales = Array.from({ length: 7 }, () => {
      const outcome = optimizer.step(theta, state, objective, { key: random.key(0) });
      ({ theta, state } = outcome);
      return [Math.log2(outcome.metrics["lossScale"]!.item()), theta.item()];
    });
    // 1 · 2^16 and more is infinite in float16.
    expect(scales.slice(0, 5)).toEqual([19, 18, 17, 16, 15].map((log) => [log, 1]));
    expect(scales[5]![1]).toBeCloseTo(0.9, 6);
    // The second gradient is that of 0.9 rounded to float16.
    expect(scales[6]![1]).toBeCloseTo(0.9 - 0.1 * 0.89990234375, 6);
  });
});

describe("shared memory", () => {
  test("a state in parts gives the updates of the whole, for every kind of leaf", () => {
    const gradient = (theta: ReturnType<typeof mixedTheta>, t: number) => mixedGradient(theta, t);
    const whole = trajectory(adam({ learningRate: 0.1 }), mixedTheta(), gradient, 3).at(-1)!;
    const parts = trajectory(
      shardedState(adam({ learningRate: 0.1 }), { workers: 4 }),
      mixedTheta(),
      gradient,
      3,
    );
    expectClose(parts.at(-1)!.theta, numbers(whole.theta), 1e-6);
    const { inner } = parts.at(-1)!.state as { inner: { firstMoment: Tensor } };
    // 11 numbers in 4 parts of 3.
    expect(inner.firstMoment.shape).toEqual([4, 3]);
  });
  test("bytes per parameter under ZeRO with half-precision Adam: 16, 4 + 12/W, 2 + 14/W, 16/W", () => {
    const bytes = ([0, 1, 2, 3] as const).map((stage) => shardedStateBytes(stage, 4));
    expect(bytes).toEqual([16, 4 + 12 / 4, 2 + 14 / 4, 16 / 4]);
    expect(shardedStateBytes(1, 1)).toBe(16);
    expect(() => shardedStateBytes(4 as never, 2)).toThrow(/stage/);
  });
  test("copies of theta in the state of every optimizer", () => {
    const table = new Map(stateMemoryTable().map(({ name, copies }) => [name, copies]));
    expect([...table.keys()]).toEqual(optimizerNames);
    expect(
      ["sgd", "momentum", "adam", "adamw", "rmsprop", "adagrad", "lookahead"].map((name) => table.get(name)),
    ).toEqual([0, 1, 2, 2, 1, 1, 1]);
    expect(stateCopies(clipByGlobalNorm(adam()))).toBe(2);
    // Two counters, two moments, two weights.
    expect(tree.leaves(adam().init(f32([1]))).length).toBe(6);
  });
});
