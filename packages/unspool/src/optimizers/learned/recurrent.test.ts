/** Recurrent optimizers and their linear relatives. Numbers of the GRU were computed in NumPy in float64. */
import { describe, expect, test } from "vitest";
import { np, random, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { compiled } from "../../unroll/index.ts";
import { aggMo } from "./aggMo.ts";
import type { ComponentwiseOptimizer } from "./componentwise.ts";
import { gradientGram } from "./gradientGram.ts";
import { lds } from "./lds.ts";
import { linearDifferences } from "./linearDifferences.ts";
import { linearHistory } from "./linearHistory.ts";
import { cwRnn } from "./recurrent.ts";
import { wavyGru } from "./testing.ts";

const f64 = { dtype: "float64" } as const;

/** Changes of one parameter under a sequence of gradients. */
function changes<Meta>(learned: ComponentwiseOptimizer<Meta>, meta: Meta, gradients: number[]): number[] {
  const optimizer = learned.optimizer(meta);
  let theta = np.array([0], f64);
  let state = optimizer.init(theta);
  return gradients.map((g) => {
    const before = theta.data[0]!;
    ({ theta, state } = optimizer.update(np.array([g], f64), state, theta));
    return theta.data[0]! - before;
  });
}

describe("cwRnn", () => {
  test("moves as the authors' GRU does", () => {
    const { rule } = cwRnn({ units: 3 });
    const meta = wavyGru(3);
    const next = rule.next(meta, np.array([0.3], f64), np.array([[0.1, -0.2, 0.3]], f64));
    const wanted = [0.11091547468606158, -0.233504444277898, -0.017894096997353698];
    wanted.forEach((x, i) => expect(next.data[i]).toBeCloseTo(x, 14));
    expect(rule.readout(meta, next, np.array([0.3], f64)).data[0]).toBeCloseTo(0.02513336575747139, 14);
  });

  test("trains a quadratic in two dimensions as the authors' GRU does", () => {
    const optimizer = cwRnn({ units: 3 }).optimizer(wavyGru(3));
    const update = compiled("update", (g: { x: typeof x }, s: typeof state, at: { x: typeof x }) =>
      optimizer.update(g, s, at),
    );
    let x = np.array([1, -1], f64);
    let state = optimizer.init({ x });
    const losses: number[] = [];
    for (let t = 0; t < 20; t++) {
      const [a, b] = x.data as unknown as [number, number];
      // The offset makes the minimum 0: the minimum is at (-0.5, 1), where ½ v·x is -0.275.
      losses.push(0.5 * (a * a + 0.4 * a * b + 0.5 * b * b) + 0.3 * a - 0.4 * b + 0.275);
      const gradient = { x: np.array([a + 0.2 * b + 0.3, 0.2 * a + 0.5 * b - 0.4], f64) };
      const moved = update(gradient, state, { x });
      [x, state] = [moved.theta.x, moved.state];
    }
    expect(x.data[0]).toBeCloseTo(-0.25633345492483667, 12);
    expect(x.data[1]).toBeCloseTo(2.4766314540888263, 12);
    expect(losses[0]).toBeCloseTo(1.525, 12);
    expect(losses[19]).toBeCloseTo(0.6334815408175802, 12);
    expect(losses.reduce((sum, f) => sum + f / losses[0]! / 20, 0)).toBeCloseTo(0.34261765100836394, 12);
  });

  test.each(["gru", "ugrnn", "vanilla", "lstm"] as const)("%s does nothing before it is trained", (cell) => {
    const learned = cwRnn({ cell, units: 4 });
    const meta = learned.init(random.key(0));
    expect(changes(learned, tree.tensors(meta, "float64") as typeof meta, [1, -2])).toEqual([0, 0]);
    expect(meta.start.shape).toEqual([cell === "lstm" ? 8 : 4]);
  });

  test("a UGRNN and an LSTM of one unit, by hand", () => {
    const gate = (a: number, w: number, b: number) => ({
      input: np.array([[a]], f64),
      state: np.array([[w]], f64),
      bias: np.array([b], f64),
    });
    const read = { readWeights: np.array([2], f64), readBias: np.array(0.1, f64) };
    const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
    const ugrnn = cwRnn({ cell: "ugrnn", units: 1, gateBias: 0.5, inputScale: 3, outputScale: 0.1 });
    const gates = { update: gate(0.2, 0.3, 0.4), candidate: gate(-0.6, 0.7, 0.8) };
    const [moved] = changes(ugrnn, { start: np.array([0.5], f64), gates, ...read }, [0.1]);
    const u = sigmoid(0.2 * 0.3 + 0.3 * 0.5 + 0.4 + 0.5);
    const h = u * 0.5 + (1 - u) * Math.tanh(-0.6 * 0.3 + 0.7 * 0.5 + 0.8);
    expect(moved).toBeCloseTo(0.1 * (2 * h + 0.1), 14);

    const lstm = cwRnn({ cell: "lstm", units: 1 });
    const four = {
      input: gate(0.1, 0.2, 0.3),
      candidate: gate(0.4, 0.5, 0.6),
      forget: gate(0.7, 0.8, 0.9),
      output: gate(-0.1, -0.2, -0.3),
    };
    const [step] = changes(lstm, { start: np.array([0.5, -0.25], f64), gates: four, ...read }, [2]);
    const keep = sigmoid(0.7 * 2 + 0.8 * 0.5 + 0.9 + 1);
    const fresh = sigmoid(0.1 * 2 + 0.2 * 0.5 + 0.3) * Math.tanh(0.4 * 2 + 0.5 * 0.5 + 0.6);
    const out = sigmoid(-0.1 * 2 - 0.2 * 0.5 - 0.3) * Math.tanh(keep * -0.25 + fresh);
    expect(step).toBeCloseTo(2 * out + 0.1, 14);
  });

  test('sees size and sign of a gradient with "log1p"', () => {
    const learned = cwRnn({ cell: "vanilla", units: 1, inputScale: "log1p" });
    const meta = {
      start: np.array([0], f64),
      gates: {
        candidate: {
          input: np.array([[0.5], [0.25]], f64),
          state: np.array([[0]], f64),
          bias: np.array([0], f64),
        },
      },
      readWeights: np.array([1], f64),
      readBias: np.array(0, f64),
    };
    const [moved] = changes(learned, meta, [-3]);
    expect(moved).toBeCloseTo(Math.tanh(0.5 * Math.log(4) - 0.25), 14);
  });

  test("two layers of one vanilla unit, and of an LSTM, by hand", () => {
    const gate = (a: number, w: number, b: number) => ({
      input: np.array([[a]], f64),
      state: np.array([[w]], f64),
      bias: np.array([b], f64),
    });
    const read = { readWeights: np.array([2], f64), readBias: np.array(0.1, f64) };
    const vanilla = cwRnn({ cell: "vanilla", units: 1, layers: 2 });
    const gates = { candidate: gate(0.5, 0.3, 0.1), candidate2: gate(-0.7, 0.2, 0.4) };
    const gradients = [0.6, -1];
    let [low, high] = [0.2, -0.3];
    changes(vanilla, { start: np.array([low, high], f64), gates, ...read }, gradients).forEach((x, t) => {
      low = Math.tanh(0.5 * gradients[t]! + 0.3 * low + 0.1);
      high = Math.tanh(-0.7 * low + 0.2 * high + 0.4);
      expect(x).toBeCloseTo(2 * high + 0.1, 13);
    });
    const lstm = cwRnn({ cell: "lstm", units: 4, layers: 3 });
    const meta = lstm.init(random.key(0));
    expect(meta.start.shape).toEqual([24]);
    expect(meta.gates["forget3"]!.input.shape).toEqual([4, 4]);
    expect(Object.keys(meta.gates)).toHaveLength(12);
    const readable = { ...meta, readWeights: np.array([1, 1, 1, 1]) };
    expect(changes(lstm, tree.tensors(readable, "float64") as typeof meta, [1])[0]).not.toBe(0);
    expect(() => cwRnn({ layers: 0 })).toThrow("layers");
  });

  test("refuses an unknown cell and names the nearest", () => {
    expect(() => cwRnn({ cell: "grus" as never })).toThrow(OptionError);
    expect(() => cwRnn({ cell: "grus" as never })).toThrow('Did you mean "gru"?');
    expect(() => cwRnn({ inputScale: Number.NaN })).toThrow("inputScale");
    expect(() => cwRnn({ units: 0 })).toThrow("units");
  });
});

describe("linear models", () => {
  test("a complex velocity of aggMo swings: 0.5 i has period 4", () => {
    const learned = aggMo({ velocities: 1, isComplex: true });
    const meta = {
      start: np.zeros([2], f64),
      rates: np.array([0.1, 0], f64),
      decays: np.array([0, 0.5], f64),
    };
    const wanted = [-0.1, 0, 0.025, 0, -0.00625];
    changes(learned, meta, [1, 0, 0, 0, 0]).forEach((x, k) => expect(x).toBeCloseTo(wanted[k]!, 15));
  });

  test("real velocities of aggMo decay each at its own rate", () => {
    const learned = aggMo({ learningRate: 0.3 });
    const meta = tree.tensors(learned.init(random.key(0)), "float64") as ReturnType<typeof learned.init>;
    const wanted = [0, 1, 2].map((k) => -0.1 * (0 ** k + 0.9 ** k + 0.99 ** k));
    changes(learned, meta, [1, 0, 0]).forEach((x, k) => expect(x).toBeCloseTo(wanted[k]!, 7));
  });

  test("linearHistory weighs the last gradients", () => {
    const learned = linearHistory({ length: 3 });
    const found = changes(learned, { weights: np.array([0.5, 0.25, 2], f64) }, [1, 10, 100, 0]);
    [-0.5, -5.25, -54.5, -45].forEach((x, k) => expect(found[k]).toBeCloseTo(x, 12));
  });

  test("linearDifferences with one gradient and one change is heavy ball", () => {
    const learned = linearDifferences({ length: 1, changes: 1 });
    const meta = { weights: np.array([0.1], f64), changeWeights: np.array([0.9], f64) };
    const gradients = [1, 0.5, -2, 0];
    let velocity = 0;
    changes(learned, meta, gradients).forEach((x, k) => {
      velocity = 0.9 * velocity - 0.1 * gradients[k]!;
      expect(x).toBeCloseTo(velocity, 14);
    });
  });

  test("linearDifferences weighs gradients and changes of before", () => {
    const learned = linearDifferences({ length: 2, changes: 3 });
    const meta = { weights: np.array([0.5, 0.25], f64), changeWeights: np.array([0.1, 0, 2], f64) };
    const [gradients, wanted]: [number[], number[]] = [[1, -1, 2, 0, 3], []];
    gradients.forEach((g, t) => {
      const of = (list: number[], back: number): number => list[t - back] ?? 0;
      const made = 0.1 * of(wanted, 1) + 2 * of(wanted, 3);
      wanted.push(made - 0.5 * g - 0.25 * of(gradients, 1));
    });
    changes(learned, meta, gradients).forEach((x, k) => expect(x).toBeCloseTo(wanted[k]!, 13));
    expect(changes(learned, learned.init(random.key(0)), [1, 2])).toEqual([0, 0]);
  });

  test("gradientGram weighs gradients by how they lie to each other", () => {
    // The authors' formula in NumPy, float64: gradients of a vector of two, w = (0.5, 0.25, 0), v = (1, -2, 0.5).
    const learned = gradientGram({ length: 3 });
    const optimizer = learned.optimizer({
      weights: np.array([0.5, 0.25, 0], f64),
      gramWeights: np.array([1, -2, 0.5], f64),
    });
    let theta = { x: np.array([0, 0], f64) };
    let state = optimizer.init(theta);
    const wanted = [
      [-0.15536242974194558, -0.31072485948389117],
      [-0.7062313778008334, -1.355941767815323],
      [0.5142977166325572, -1.1691026816939107],
      [-0.23791273613740083, -2.0248156350047415],
    ];
    [[1, 2], [-1, 0.5], [0, 3], [2, 2]].forEach((g, t) => {
      ({ theta, state } = optimizer.update({ x: np.array(g, f64) }, state, theta));
      wanted[t]!.forEach((x, i) => expect(theta.x.data[i]).toBeCloseTo(x, 12));
    }); // prettier-ignore
  });

  test("lds with one state is momentum", () => {
    const learned = lds({ units: 1 });
    const one = (x: number) => np.array([x], f64);
    const meta = {
      ...(tree.tensors(learned.init(random.key(0)), "float64") as ReturnType<typeof learned.init>),
      matrix: np.array([[0.9]], f64),
      input: one(1),
      readWeights: one(-0.1),
    };
    const found = changes(learned, meta, [1, 0, -2]);
    [-0.1, -0.09, 0.119].forEach((x, k) => expect(found[k]).toBeCloseTo(x, 14));
  });
});
