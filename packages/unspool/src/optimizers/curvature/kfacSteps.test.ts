/** Steps of K-FAC: phases, layers at many positions, parameters in no layer, and the errors that name what is wrong. */
import { describe, expect, test } from "vitest";
import { type Key, type Layers, type Tensor, np, plainLayers, random, tree } from "../../array/index.ts";
import { NonFiniteError, OptionError } from "../../errors.ts";
import { compiled } from "../../unroll/index.ts";
import { compiledStep } from "../objective/compiledStep.ts";
import { requireFiniteStep } from "../objective/finiteStep.ts";
import { type Objective, networkObjective } from "../objective/objective.ts";
import { batchSize } from "./batchSize.ts";
import { kfac } from "./kfac.ts";
import type { KfacOptions } from "./kfacOptions.ts";
import type { KfacState } from "./kfacState.ts";
import * as net from "./kfacTesting.ts";
import { layerTaps } from "./layerTaps.ts";
import { categoricalLogits, gaussianLikelihood } from "./likelihoods.ts";

const draw = (name: string, shape: number[]): Tensor =>
  random.normal(random.foldIn(random.key(5), name), shape, net.f64).mul(0.5);
const size = (of: unknown): number => Math.hypot(...tree.flatten(of));

describe("steps", () => {
  test("each phase does what is due, and a step that chooses by counters does the same", () => {
    const options: KfacOptions = { inverseInterval: 2, gammaInterval: 4, dampingInterval: 2, polyak: 0.9, l2: 0.01 }; // prettier-ignore
    const optimizer = kfac(options);
    expect([0, 2, 3, 4].map((step) => optimizer.phaseAt!(step))).toEqual([
      { refresh: true, adaptGamma: false, adaptDamping: false },
      { refresh: true, adaptGamma: false, adaptDamping: false },
      { refresh: true, adaptGamma: true, adaptDamping: true },
      { refresh: false, adaptGamma: false, adaptDamping: false },
    ]);
    const of = net.objective();
    const { phaseAt: _, ...choosing } = optimizer;
    const [step, chooser] = [optimizer, choosing].map((o) => compiledStep(o, () => of));
    let [theta, state] = [net.theta, optimizer.init(net.theta, of, random.key(0))];
    const thetas = [theta];
    for (let i = 0; i < 9; i++) {
      const key = random.foldIn(random.key(1), i);
      const next = step!(theta, state, {}, key);
      const other = chooser!(theta, state, {}, key);
      const wanted = tree.flatten([other.theta, other.state]);
      tree
        .flatten([next.theta, next.state])
        .forEach((x, k) => expect(Math.abs(x - wanted[k]!)).toBeLessThan(1e-9 * Math.max(1, Math.abs(x))));
      ({ theta, state } = next);
      thetas.push(theta);
    }
    expect(state.damping.item()).not.toBe(1);
    // The mean of all iterates but the first, while 1 - 1/k is below 0.9.
    const mean = tree.map((...all) => all.slice(1).reduce((sum, x) => sum.add(x)).div(9), thetas[0]!, ...thetas.slice(1)); // prettier-ignore
    const kept = optimizer.evaluationTheta!(state, theta);
    expect(size(tree.map((a, b) => a.sub(b), kept, mean))).toBeLessThan(1e-12);
    expect(of.loss(theta).item()).toBeLessThan(of.loss(net.theta).item() / 5);
  });

  test(
    "a rejected step leaves theta and raises λ; a norm constraint bounds α² ∇hᵀ F⁻¹ ∇h",
    { tags: ["long"] },
    () => {
      const of = net.objective();
      const first = (options: KfacOptions) => {
        const optimizer = kfac({ momentum: 0, adaptGamma: false, fisher: "full", ...options });
        return compiledStep(optimizer, () => of)(net.theta, optimizer.init(net.theta, of, random.key(0)), {}, random.key(1)); // prettier-ignore
      };
      const rejected = first({ learningRate: 50, stepRejection: true });
      expect(tree.flatten(rejected.theta)).toEqual(tree.flatten(net.theta));
      expect(rejected.state.damping.item()).toBeCloseTo(1 / 0.7737809375, 9);
      expect(size(rejected.state.previous)).toBe(0);
      const long = first({ learningRate: 1 });
      const short = first({ learningRate: 1, normConstraint: 1e-4 });
      const ratio = size(short.state.previous) / size(long.state.previous);
      const change = tree.flatten(long.state.previous);
      const gradient = tree.flatten(layerTaps(of.network!, net.theta).gradient);
      const square = -change.reduce((sum, x, i) => sum + x * gradient[i]!, 0);
      expect(ratio).toBeCloseTo(Math.sqrt(1e-4 / square), 9);
    },
  );

  test(
    "statistics and model on parts of the batch, or statistics on a batch of their own",
    { tags: ["long"] },
    () => {
      type Batch = { inputs: Tensor; targets: Tensor };
      const objectiveOf = ({ inputs, targets }: Batch): Objective<net.ChainTheta> =>
        networkObjective({ network: net.chain(np.tanh), likelihood: gaussianLikelihood, inputs, targets });
      const batch = { inputs: net.inputs, targets: net.targets };
      const optimizer = kfac({ fisher: "full", adaptGamma: false });
      const start = optimizer.init(net.theta, objectiveOf(batch), random.key(0));
      const step = compiledStep(optimizer, objectiveOf);
      const one = { inputs: net.inputs.slice([0, 1]), targets: net.targets.slice([0, 1]) };
      const own = step(net.theta, start, batch, random.key(2), one).state.factors["layer1.weights"]!;
      expect([...own.inputs.data]).toEqual([1, 2, 1, 2, 4, 2, 1, 2, 1]);
      const half = kfac({ fisher: "full", adaptGamma: false, statisticsPart: 0.25, modelPart: 0.5 });
      const { state } = compiledStep(half, objectiveOf)(net.theta, start, batch, random.key(2));
      const seen = state.factors["layer1.weights"]!.inputs.data.slice(-3, -1);
      // One of the four rows, whose products with 1 are in the last row.
      const rows = [0, 1, 2, 3].map((n) => [...net.inputs.slice(n).data].join());
      expect(rows).toContain([...seen].join());
    },
  );
});

describe("registration", () => {
  const images = {
    inputs: draw("inputs", [5, 2, 4, 4]),
    targets: np.array([0, 1, 1, 0, 1], { dtype: "int32" }),
  };
  const theta = {
    kernel: draw("kernel", [3, 2, 2, 3]),
    shift: draw("shift", [3]),
    shared: { weights: draw("shared", [4, 4]) },
    out: { weights: draw("out", [12, 2]), bias: draw("bias", [2]) },
    gain: np.array([0.5, 1], net.f64),
  };
  const network = (at: typeof theta, x: Tensor, layers: Layers): Tensor => {
    const seen = np.tanh(layers.convolution({ kernel: at.kernel, bias: at.shift }, x, { stride: 2, padding: "same" })); // prettier-ignore
    const once = np.tanh(layers.dense(at.shared, seen.reshape([5, 3, 4])));
    return layers.dense(at.out, once.reshape([5, 12])).mul(at.gain);
  };
  const objective = networkObjective({ network, likelihood: categoricalLogits, ...images });

  test("layers at positions: inputs in the mean, derivatives in the sum over positions", () => {
    const optimizer = kfac({ generic: "sgd", fisher: "empirical" });
    const { factors } = net.observedState(optimizer, theta, objective);
    const taps = compiled("taps", (at: typeof theta) => {
      const { inputs, errors } = layerTaps(objective.network!, at);
      return { inputs, errors };
    })(theta);
    ["kernel", "shared.weights", "out.weights"].forEach((name, b) => {
      const [a, e] = [taps.inputs[b]!, taps.errors[b]!];
      const positions = a.shape[1]!;
      const moment = (x: Tensor, count: number): number[] => {
        const n = x.shape[2]!;
        const sums = Array<number>(n * n).fill(0);
        for (let row = 0; row < x.size / n; row++)
          for (let k = 0; k < n * n; k++)
            sums[k]! += (x.data[row * n + Math.floor(k / n)]! * x.data[row * n + (k % n)]!) / count;
        return sums;
      };
      moment(a, 5 * positions).forEach((x, k) => expect(factors[name]!.inputs.data[k]!).toBeCloseTo(x, 12));
      moment(e, 5).forEach((x, k) => expect(factors[name]!.outputs.data[k]!).toBeCloseTo(x, 12));
    });
  });

  test("steps over all kinds of layers, bases and estimates descend", { tags: ["long"] }, () => {
    for (const options of [
      {},
      { eigenbasis: "ekfac", fisher: "full" },
      { fisher: "cprop", eigenbasis: "exact" },
    ] as const) {
      // prettier-ignore
      const optimizer = kfac({ generic: "diagonal", damping: 0.1, adaptGamma: false, adaptDamping: false, inverseInterval: 1, ...options });
      const step = compiledStep(optimizer, () => objective);
      let [at, state] = [theta, optimizer.init(theta, objective, random.key(0))];
      for (let i = 0; i < 8; i++)
        ({ theta: at, state } = requireFiniteStep(
          "kfac",
          step(at, state, {}, random.foldIn(random.key(3), i)),
        ));
      expect(objective.loss(at).item()).toBeLessThan(objective.loss(theta).item() / 4);
    }
  });

  test("the diagonal of parameters in no layer is that of the Fisher information, in the mean over 400 draws", () => {
    const only = { gain: theta.gain };
    const fixed = networkObjective({
      network: (at: typeof only, x, layers) => network({ ...theta, ...at }, x, layers),
      likelihood: categoricalLogits,
      ...images,
    });
    const optimizer = kfac({ generic: "diagonal", statisticsDecay: 0.99999 });
    const observe = compiled("observe", (at: typeof only, now: KfacState, key: Key) => ({
      state: optimizer.observe(at, now, fixed, key),
      outputs: fixed.network!.outputs(at, plainLayers),
    }));
    let seen = observe(only, optimizer.init(only, fixed, random.key(0)), random.key(9));
    for (let i = 1; i < 400; i++) seen = observe(only, seen.state, random.foldIn(random.key(9), i));
    const { outputs } = seen;
    const diagonal = seen.state.diagonals["gain"]!;
    // z_c = gain_c u_c: F_cc = mean of u_c² p_c (1 - p_c).
    const expected = [0, 0];
    for (let n = 0; n < 5; n++) {
      const [z0, z1] = [outputs.data[2 * n]!, outputs.data[2 * n + 1]!];
      const p = 1 / (1 + Math.exp(z1 - z0));
      [z0 / 0.5, z1 / 1].forEach((u, c) => (expected[c]! += (u * u * p * (1 - p)) / 5));
    }
    // Squares of sums of signs: at most √2 of their mean as deviation, 7 % for 400 of them; four of these.
    expected.forEach((x, c) => expect(Math.abs(diagonal.data[c]! / x - 1)).toBeLessThan(0.28));
  });

  test("the report says which parameter got which block; one without is refused by name", () => {
    const { parameters, blocks, table } = kfac({ generic: "sgd" }).registrationReport(theta, objective);
    expect(blocks.map(({ name, size, inputs, outputs, uses, positions }) => [name, size, inputs, outputs, uses, positions])).toEqual([
      ["kernel", 39, 13, 3, 1, 4],
      ["shared.weights", 16, 4, 4, 1, 3],
      ["out.weights", 26, 13, 2, 1, 1],
    ]); // prettier-ignore
    expect(parameters.map(({ path, treatment, block }) => [path, treatment, block])).toEqual([
      ["gain", "sgd", undefined],
      ["kernel", "kronecker", "kernel"],
      ["out.bias", "kronecker", "out.weights"],
      ["out.weights", "kronecker", "out.weights"],
      ["shared.weights", "kronecker", "shared.weights"],
      ["shift", "kronecker", "kernel"],
    ]);
    expect(table.split("\n")).toHaveLength(7);
    expect(() => kfac().init(theta, objective, random.key(0))).toThrow(/"gain" is in no block/);
  });

  test("a parameter that is used outside of its layer too is marked, and has no rows for the low-rank way", () => {
    const tied = networkObjective({
      network: (at: typeof theta, x, layers) => network(at, x, layers).add(at.out.weights.slice(0)),
      likelihood: categoricalLogits,
      ...images,
    });
    const { parameters } = kfac({ generic: "sgd" }).registrationReport(theta, tied);
    expect(parameters.filter(({ isUsedOutside }) => isUsedOutside).map(({ path }) => path)).toEqual([
      "out.weights",
    ]);
    expect(parameters.find(({ path }) => path === "out.weights")!.why).toMatch(/used outside of layers too/);
    const short = kfac({ generic: "sgd", lowRank: true });
    expect(() => short.init(theta, tied, random.key(0))).toThrow(
      /lowRank must be false .* "out.weights" is in a layer/,
    );
  });

  test("the tridiagonal structure needs a chain, and says which layer is none", () => {
    const tridiagonal = kfac({ structure: "tridiagonal", generic: "sgd" });
    expect(() => tridiagonal.init(theta, objective, random.key(0))).toThrow(/"kernel" is a convolution/);
    const skipping = networkObjective({
      network: (at: net.ChainTheta, x, layers) => {
        const first = np.tanh(layers.dense(at["layer1"]!, x));
        return layers.dense(at["layer3"]!, np.tanh(layers.dense(at["layer2"]!, first)).add(first));
      },
      likelihood: gaussianLikelihood,
      inputs: net.inputs,
      targets: net.targets,
    });
    expect(() => tridiagonal.init(net.theta, skipping, random.key(0))).toThrow(
      /"layer2.weights" is not the only way/,
    );
    expect(tridiagonal.registrationReport(net.theta, net.objective()).parameters).toHaveLength(6);
  });
});

test("numbers that are none are reported with layer and step", () => {
  const of = networkObjective({
    network: net.chain(np.tanh),
    likelihood: gaussianLikelihood,
    inputs: net.inputs,
    targets: net.targets.mul(NaN),
  });
  const optimizer = kfac({ adaptGamma: false, fisher: "empirical" });
  const step = compiledStep(optimizer, () => of);
  const outcome = step(net.theta, optimizer.init(net.theta, of, random.key(0)), {}, random.key(0));
  const { loss: _, ...rest } = outcome;
  const error = (what: typeof outcome): NonFiniteError => {
    try {
      requireFiniteStep("kfac", what);
    } catch (caught) {
      return caught as NonFiniteError;
    }
    throw new Error("nothing was thrown");
  };
  expect(error(outcome).message).toMatch(/^kfac: loss has NaN at step 1/);
  const layered = error({ ...rest, loss: tree.scalar(0) });
  expect(layered.details).toMatchObject({ step: 1, layer: "layer1.weights" });
  expect(layered.message).toMatch(/of layer "layer1.weights" has NaN at step 1/);
});

test.each([
  [{ gammaInterval: 30 }, /gammaInterval must be a multiple of inverseInterval/],
  [{ structure: "tridiagonal", eigenbasis: "exact" }, /eigenbasis/],
  [{ normConstraint: 1 }, /normConstraint/],
  [{ damping: 0 }, /damping must be a number above 0/],
  [{ damping: () => tree.scalar(1) }, /where adaptDamping is true/],
  [{ statisticsPart: 2 }, /statisticsPart/],
  [{ maxDamping: 1e-12 }, /maxDamping/],
  [{ lowRank: true, l2: 0.1 }, /l2 must be 0 with lowRank/],
  [{ lowRank: true, conjugateSteps: 2 }, /conjugateSteps must be 1 with lowRank/],
  [{ conjugateSteps: 0 }, /conjugateSteps must be an integer of at least 1/],
] as [KfacOptions, RegExp][])("options that do not go together are refused: %j", (options, message) => {
  expect(() => kfac(options)).toThrow(OptionError);
  expect(() => kfac(options)).toThrow(message);
});

test("batches grow from 1000 to all 60,000 at step 500, by a factor e every 121.9 steps", () => {
  const sizeAt = batchSize({ full: 60_000 });
  expect([1, 500, 900].map(sizeAt)).toEqual([1000, 60_000, 60_000]);
  // b = 499 / ln 60 = 121.874: at step 1 + 122 it is 1000 exp(122 / 121.874).
  expect(sizeAt(123)).toBe(2721);
});
