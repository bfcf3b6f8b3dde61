/** FOOF against the toy of appendix F and the tiny network in numpy, and its limits. */
import { describe, expect, test } from "vitest";
import { type Layers, grad, np, plainLayers, random, tree } from "../../array/index.ts";
import { compiledStep } from "../objective/compiledStep.ts";
import { type Objective, networkObjective } from "../objective/objective.ts";
import { foof } from "./foof.ts";
import { kfacSimple } from "./kfacSimple.ts";
import { gaussianLikelihood } from "./likelihoods.ts";
import { expectClose, numbers } from "../testing.ts";
import { convObjective, convTheta, f64, normal, rows, scaledTiny } from "./testing.ts";
import { tinyObjective, tinyTheta, turned } from "./testing.ts";

const key = random.key(0);

/** The published numbers have ten digits. */
const published = 1e-9;

/** Where the first step leads, with learning rate 1. */
function firstStep<Theta>(
  theta: Theta,
  objective: Objective<Theta>,
  options: Parameters<typeof foof>[0],
): Theta {
  const optimizer = foof({ learningRate: 1, ...options });
  return optimizer.step(theta, optimizer.init(theta, objective, key), objective, { key }).theta;
}

describe("the toy of appendix F: inputs (3, 1) and (1, 0), labels 1 and -1, w = 0", () => {
  const theta = { w: rows([[0], [0]]) };
  const toy = (
    turn = rows([
      [1, 0],
      [0, 1],
    ]),
  ) =>
    // prettier-ignore
    networkObjective({
      network: (at: typeof theta, x, layers) => layers.dense({ weights: at.w }, x),
      likelihood: gaussianLikelihood,
      inputs: np.matmul(rows([[3, 1], [1, 0]]), turn), // prettier-ignore
      targets: rows([[1], [-1]]),
    });

  test("undamped, one step with learning rate 1 fits both points", () => {
    const { w } = firstStep(theta, toy(), { damping: 0, allowSingular: true });
    expectClose(w, [-1, 4]);
    expect(toy().loss({ w }).item()).toBeCloseTo(0, 15);
  });

  // Damping of a sum over two examples is half of that of a mean.
  test.each([
    [0.1, [-0.3791469194, 1.9431279621]],
    [1, [0.0769230769, 0.3846153846]],
    [10, [0.0900473934, 0.0663507109]],
  ])("damping %d beside the sum of squares", (damping, wanted) => {
    expectClose(firstStep(theta, toy(), { damping: damping / 2 }).w, wanted, published);
  });

  test("the undamped change of the function is the same for inputs in any coordinates", () => {
    const turn = rows([[2, -1], [0.5, 3]]); // prettier-ignore
    const options = { damping: 0, allowSingular: true, learningRate: 0.3 };
    const [plain, other] = [firstStep(theta, toy(), options), firstStep(theta, toy(turn), options)];
    const points = rows([[3, 1], [1, 0], [-2, 5]]); // prettier-ignore
    expectClose(np.matmul(np.matmul(points, turn), other.w), numbers(np.matmul(points, plain.w)));
  });

  test("damping 0 needs as many rows as inputs, and permission", () => {
    expect(() => foof({ damping: 0 })).toThrow(
      "damping must be a number above 0 (0 only with allowSingular)",
    );
    expect(() =>
      firstStep({ w: normal("wide", [8, 1]) }, wide(), { damping: 0, allowSingular: true }),
    ).toThrow("foof: damping must be above 0 at w, which has 8 inputs, with batches of 2 rows, got 0.");
  });
  const wide = () =>
    networkObjective({
      network: (at: typeof theta, x, layers) => layers.dense({ weights: at.w }, x),
      likelihood: gaussianLikelihood,
      inputs: normal("inputs", [2, 8]),
      targets: rows([[1], [-1]]),
    });
});

describe("the tiny network", () => {
  test("layer 1, damping 0.1", () => {
    const direction = tinyTheta.first.sub(firstStep(tinyTheta, tinyObjective, { damping: 0.1 }).first);
    const wanted = turned([
      [-0.0268332874, 0.0246591478, 0.5938393326],
      [0.2276252214, -0.0353534862, -0.3489222594],
    ]);
    expectClose(direction, numbers(wanted), published);
  });

  test("damping to infinity is gradient descent with learningRate / damping", () => {
    const moved = firstStep(tinyTheta, tinyObjective, { damping: 1e9, learningRate: 1e9 });
    const slope = grad(tinyObjective.loss)(tinyTheta);
    expectClose(tinyTheta.first.sub(moved.first), numbers(slope.first), 1e-8);
    expectClose(tinyTheta.second.sub(moved.second), numbers(slope.second), 1e-8);
  });
});

describe("periods", () => {
  test("T = 4, S = 2: inversions in steps 0, 4, 8, statistics in 2, 3, 6, 7", () => {
    const { phaseAt } = foof({ inversePeriod: 4, covarianceSteps: 2 });
    const due = (name: string) => [0, 1, 2, 3, 4, 5, 6, 7, 8].filter((step) => phaseAt!(step)[name]);
    expect(due("refresh")).toEqual([0, 4, 8]);
    expect(due("covariance")).toEqual([2, 3, 6, 7]);
  });

  test("phases change no bit, and an inverse holds until the next, of statistics until then", () => {
    const optimizer = foof({ learningRate: 0.1, inversePeriod: 3, covarianceSteps: 2, momentum: 0.5 });
    const known = compiledStep(optimizer, scaledTiny);
    const { phaseAt: _, ...withoutPhases } = optimizer;
    const chosen = compiledStep(withoutPhases, scaledTiny);
    let [a, b] = [0, 1].map(() => ({
      theta: tinyTheta,
      state: optimizer.init(tinyTheta, tinyObjective, key),
    }));
    const inverses: number[] = [];
    const weights: number[] = [];
    for (let i = 0; i < 7; i++) {
      const scale = np.array(1 + i, f64);
      a = known(a!.theta, a!.state, scale, key);
      b = chosen(b!.theta, b!.state, scale, key);
      expect(tree.flatten([a.theta, a.state])).toEqual(tree.flatten([b.theta, b.state]));
      inverses.push(a.state.layers[0]!.inverse.data[0]!);
      weights.push(a.state.layers[0]!.inputs.weight.item());
    }
    expect(inverses.map((x, i) => i > 0 && x !== inverses[i - 1])).toEqual([
      false,
      false,
      false,
      true,
      false,
      false,
      true,
    ]);
    // 1 - 0.95^k after k estimates, one of them in init.
    [1, 2, 3, 3, 4, 5, 5].forEach((k, i) => expect(weights[i]).toBeCloseTo(1 - 0.95 ** k, 14));
  });
});

test("observe takes batches into the factor and inverts it; theta's counter stays", () => {
  const optimizer = foof({ ema: 0.5, damping: 0.1 });
  const start = optimizer.init(convTheta, convObjective(5), key);
  const state = optimizer.observe(convTheta, start, convObjective(3), key);
  expect(state.step.item()).toBe(0);
  const [kernel, out] = state.layers;
  expect([kernel!.inverse.shape, out!.inverse.shape]).toEqual([[5, 5], [9, 9]]); // prettier-ignore
  expect(kernel!.inputs.weight.item()).toBeCloseTo(0.75, 15);
  // The constant input of the bias: 4 positions of the convolution, 1 of the dense layer.
  expect(kernel!.inputs.total.data.at(-1)! / 0.75).toBeCloseTo(4, 12);
  expect(out!.inputs.total.data.at(-1)! / 0.75).toBeCloseTo(1, 12);
  const damped = state.layers[1]!.inputs.total.div(0.75).add(np.eye(9).astype("float64").mul(0.1));
  expectClose(np.matmul(damped, out!.inverse), numbers(np.eye(9)));
});

test("weight decay is decoupled, and loose parameters follow their gradient or are named", () => {
  const loose = { ...tinyTheta, gain: np.array(2, f64) };
  const { outputs, likelihood, targets } = tinyObjective.network!;
  const scaled = (theta: typeof loose, layers: Layers) => outputs(theta, layers).mul(theta.gain);
  const objective: Objective<typeof loose> = {
    loss: (theta) => likelihood.loss(scaled(theta, plainLayers), targets).mean(),
    network: { outputs: scaled, likelihood, targets },
  };
  expect(() => firstStep(loose, objective, {})).toThrow(
    'foof: theta at "gain" must be a parameter of a layer',
  );
  const plain = firstStep(loose, objective, { generic: "sgd", learningRate: 0.1 });
  expectClose(loose.gain.sub(plain.gain), [0.1 * grad(objective.loss)(loose).gain.item()]);
  const decayed = firstStep(loose, objective, { generic: "sgd", learningRate: 0.1, weightDecay: 0.5 });
  expectClose(plain.first.sub(decayed.first), numbers(loose.first.mul(0.05)));
});

test.each([
  [{ ema: 1 }, "ema must be a number of at least 0 and below 1, got 1"],
  [{ inversePeriod: 0 }, "inversePeriod must be an integer of at least 1, got 0"],
  [{ inversePeriod: 4, covarianceSteps: 5 }, "covarianceSteps must be at most inversePeriod, 4, got 5"],
  [{ damping: -1 }, "damping must be a number above 0"],
])("option error %j", (options, message) => {
  expect(() => foof(options)).toThrow(`foof: ${message}`);
});

describe("a damping below the precision of float32, on inputs of rank 1", () => {
  // Σ has one eigenvalue of 8 and seven of 0: 1e-12 beside 8 is 0 in float32, and Cholesky's pivots are rounding.
  const theta = { w: np.ones([8, 2]), out: np.ones([2, 1]) };
  const objective = networkObjective({
    network: (at: typeof theta, x, layers) =>
      layers.dense({ weights: at.out }, np.tanh(layers.dense({ weights: at.w }, x))),
    likelihood: gaussianLikelihood,
    inputs: np.ones([4, 8]),
    targets: np.zeros([4, 1]),
  });
  test.each([
    ["foof", foof({ damping: 1e-12, precision: "float32" })],
    ["kfacSimple", kfacSimple({ damping: 1e-24, factorBatch: "previous", precision: "float32" })],
  ] as const)("%s: the layer stands still and is counted, where it was NaN", (_name, optimizer) => {
    const state = optimizer.init(theta, objective, key);
    const { theta: next, metrics, state: after } = optimizer.step(theta, state as never, objective, { key });
    expect(numbers(next.w)).toEqual(numbers(theta.w));
    expect(metrics["frozenLayers"]!.item()).toBeGreaterThanOrEqual(1);
    expect(tree.isFinite(after)).toBe(true);
  });
  test("with damping that float32 has, nothing is frozen", () => {
    const optimizer = foof({ damping: 1e-3 });
    const { theta: next, metrics } = optimizer.step(theta, optimizer.init(theta, objective, key), objective, { key }); // prettier-ignore
    expect(metrics["frozenLayers"]!.item()).toBe(0);
    expect(numbers(next.w)).not.toEqual(numbers(theta.w));
  });
});

test("kfacSimple reports the π of the inverse that the step used, not of the factors of now", () => {
  const optimizer = kfacSimple({ factorBatch: "previous", inversePeriod: 2, ema: 0, damping: 1 });
  const [first, second] = [1, 10].map((factor) => scaledTiny(factor));
  let state = optimizer.init(tinyTheta, first!, key);
  const pis: number[] = [];
  for (const objective of [second!, second!, second!]) {
    const outcome = optimizer.step(tinyTheta, state, objective, { key });
    pis.push(outcome.metrics["pi"]!.item());
    ({ state } = outcome);
  }
  // The first two steps use the inverse of the first batch (refreshed at step 0 from it), the third that of step 2's refresh
  // is not used before step 3.
  expect(pis[1]).toBe(pis[0]);
  expect(pis[2]).toBe(pis[0]);
});

describe("precision", () => {
  // Σ of rank 1 with the eigenvalue 8, beside a damping that float32 does not have: the direction is that of float64.
  const narrow = { w: np.ones([8, 2]).mul(0.1) };
  const inputs = np.ones([4, 8]);
  const targets = np.array([[1, 2], [0, 1], [1, 0], [2, 2]]); // prettier-ignore
  const objectiveOf = (dtype: "float32" | "float64") =>
    networkObjective({
      network: (at: typeof narrow, x, layers) => layers.dense({ weights: at.w }, x),
      likelihood: gaussianLikelihood,
      inputs: inputs.astype(dtype),
      targets: targets.astype(dtype),
    });
  const wide = tree.astype(narrow, "float64");

  test.each([
    ["foof", foof, 1e-9],
    // Each of its factors gets a part of the root.
    ["kfacSimple", kfacSimple, 1e-15],
  ] as const)("%s takes float64 by itself where float32 has too few digits", (_name, make, damping) => {
    const optimizer = make({ damping, learningRate: 1, factorBatch: "same" });
    const run = (theta: typeof narrow, dtype: "float32" | "float64") => {
      const objective = objectiveOf(dtype);
      const state = optimizer.init(theta, objective, key);
      const step = compiledStep(optimizer as ReturnType<typeof foof>, () => objective);
      return step(theta, state as never, {}, key);
    };
    const [own, exact] = [run(narrow, "float32"), run(wide, "float64")];
    expect(own.theta.w.dtype).toBe("float32");
    expect(own.state.layers[0]!.inputs.total.dtype).toBe("float64");
    expectClose(own.theta, numbers(exact.theta), 1e-5);
    expect(own.metrics["frozenLayers"]!.item()).toBe(0);
    expect(own.metrics["conditionNumber"]!.item()).toBeGreaterThan(1e6);
  });

  test("κ is |M|₁ |M⁻¹|₁: of 8 I in all directions of ones and the damping 1 it is by hand", () => {
    // M = 1 1ᵀ + I has column sums 9; its inverse I - 1 1ᵀ / 9 has 8/9 + 7/9.
    const optimizer = foof({ damping: 1 });
    const objective = objectiveOf("float64");
    const state = optimizer.init(wide, objective, key);
    expect(state.layers[0]!.condition.item()).toBeCloseTo(9 * (15 / 9), 12);
    const { layers, table } = optimizer.factorReport(wide, state, objective);
    expect(layers).toEqual([{ name: "w", conditionNumber: state.layers[0]!.condition.item(), isFrozen: false, dtype: "float64", advice: "" }]); // prettier-ignore
    expect(table.split("\n")[1]).toBe("w      1.5e+1     float64");
  });

  test("what not even float64 can invert is refused by layer; asked for float32, it stands still and is told", () => {
    expect(() => foof({ damping: 1e-18 }).init(narrow, objectiveOf("float32"), key)).toThrow(
      /^foof: the condition number of layer "w" with this damping must be at most 1e\+14.*Raise the damping\./,
    );
    const optimizer = foof({ damping: 1e-12, precision: "float32" });
    const objective = objectiveOf("float32");
    const [layer] = optimizer.factorReport(narrow, optimizer.init(narrow, objective, key), objective).layers;
    expect(layer).toMatchObject({ name: "w", isFrozen: true, conditionNumber: 0, dtype: "float32" });
    expect(layer!.advice).toBe('cannot be inverted in float32: precision: "float64", or a larger damping');
  });
});
