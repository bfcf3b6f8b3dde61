/** Every method of the library, and one of a user's own, through the conformance suite and the outer loop. */
import { describe, expect, test } from "vitest";
import {
  type Experiment,
  type Key,
  type HybridPoint,
  type Layer,
  type Layers,
  type Method,
  type SubspaceTheta,
  type Tensor,
  adam,
  askTell,
  bilevel,
  applyMlp,
  augerino,
  bptt,
  choose,
  controllers,
  createSearch,
  categoricalLogits,
  defineExperiment,
  defineProblem,
  denseMatrix,
  descent,
  esEnas,
  esGradients,
  firstOrder,
  hybridLosses,
  hybridSpace,
  implicitKrasulina,
  initTable,
  initMlp,
  lila,
  list,
  lilaTheta,
  lookahead,
  lossScale,
  momentum,
  np,
  objectiveDescent,
  oneOf,
  parallelDescent,
  pes,
  principalSubspace,
  random,
  ringToy,
  rotation2d,
  searches,
  sgd,
  streamingDescent,
  subspaceDescent,
  unrollCandidates,
} from "unspool";
import { methodConformance } from "unspool/conformance";
import { type TrainEvent, memoryStore, resume, train } from "unspool/train";
import { onePlusOne } from "./onePlusOne.ts";

type Theta = { x: Tensor };

const start = (): Theta => ({ x: np.array([1, -2, 0.5, 3]) });
const sphere = ({ x }: Theta): number => x.mul(x).sum().item();

const problem = defineProblem({
  name: "decay",
  horizon: 4,
  init: () => ({ y: np.ones([4]) }),
  step({ x }: Theta, { y }, { key }) {
    const next = y
      .mul(0.5)
      .add(x.mul(0.1))
      .add(random.normal(key, [4]).mul(0.01));
    return { state: { y: next }, loss: next.mul(next).sum() };
  },
});

const objective = { loss: ({ x }: Theta) => x.mul(x).sum() };

const methods: Record<string, () => Method<Theta>> = {
  "descent of pes": () => descent<Theta>(pes(problem, { sigma: 0.1, pairs: 2, truncation: 2 }), adam()),
  "descent of bptt": () =>
    descent<Theta>(bptt(problem), lookahead(sgd({ learningRate: 0.1 }), { k: 2, alpha: 0.5 })),
  "descent that may skip": () =>
    descent<Theta>(pes(problem, { sigma: 0.1, pairs: 2, truncation: 4 }), lossScale(momentum())),
  objectiveDescent: () =>
    objectiveDescent({
      optimizer: firstOrder(momentum({ learningRate: 0.1 })),
      objective: () => objective,
      data: (key) => key,
    }) as Method<Theta>,
  parallelDescent: () =>
    parallelDescent<Theta, Tensor>({
      optimizer: momentum({ learningRate: 0.1 }),
      objective: (part) => ({ loss: ({ x }) => x.sub(part).mul(x.sub(part)).sum(1).mean() }),
      data: (key) => random.normal(key, [8, 4]),
      parts: 4,
    }),
  onePlusOne: () => onePlusOne(sphere) as Method<Theta>,
};

const searchMethods: Record<string, () => Method<Theta>> = Object.fromEntries(
  searches.map(({ name }) => [
    `askTell of ${name}`,
    () =>
      askTell<Theta, unknown>({
        search: createSearch<Theta>(name, { sigma: 0.1, population: 6 }),
        evaluate: unrollCandidates(problem),
      }),
  ]),
);

/** ES-ENAS with every controller and every estimator of gradients, each once. */
const hybrid = hybridSpace({ discrete: list([oneOf(3), choose(2, 4)]), continuous: 3 });
const hybridMethods: Record<string, () => Method<HybridPoint>> = Object.fromEntries(
  [...controllers.names, ...esGradients.names].map((name, i) => [
    `askTell of esEnas, ${name}`,
    () =>
      askTell({
        search: esEnas({
          ...{ space: hybrid, pairs: 3, exactEvaluations: 1, warmUp: 2 },
          ...(i < controllers.names.length
            ? { controller: controllers.create(name, { population: 4 }) }
            : { estimator: esGradients.entry(name).name, ensemble: "orthogonal" }),
        }),
        evaluate: hybridLosses((m, x, noise) => m[0]! + m[1]! * x[0]! + x[1]! ** 2 + noise.normal()),
      }),
  ]),
);

describe.each(Object.entries(hybridMethods))("%s", (name, create) => {
  const checks = methodConformance({ name, create, theta: () => hybrid.point([1, -1, 0.5]) });
  test.each(checks.map((check) => [check.name, check.run] as const))("%s", (_, run) => run());
});

/** Weights w of a line of least squares through points whose heights u are learned. */
const points = np.array([[1, 0, 1], [0, 1, 1]], { dtype: "float64" }); // prettier-ignore
type Heights = { outer: Tensor; weights: { w: Tensor } };
const heights = (): Heights => ({
  outer: np.array([1, 2], { dtype: "float64" }),
  weights: { w: np.array([1, 1, -1], { dtype: "float64" }) },
});
const fit = {
  inner: (u: Tensor, { w }: { w: Tensor }) =>
    np.matmul(points, w).sub(u).mul(np.matmul(points, w).sub(u)).sum(),
  outer: (u: Tensor, { w }: { w: Tensor }, noise: Tensor) =>
    w.sub(noise).mul(w.sub(noise)).sum().add(u.sum().mul(0.1)),
  data: (key: Key) => random.normal(key, [3], { dtype: "float64" }),
  start: (key: Key) => ({ w: random.normal(key, [3], { dtype: "float64" }) }),
  solver: { optimizer: momentum({ learningRate: 0.05 }), steps: 3 },
  retrain: { every: 3, steps: 5 },
};
const bilevelMethods: Record<string, () => Method<Heights>> = {
  "bilevel, warm, series": () => bilevel(fit) as Method<Heights>,
  "bilevel, cold, unrolled": () =>
    bilevel({
      ...fit,
      strategy: "cold",
      reinit: "fresh",
      hypergradient: { kind: "unroll" },
    }) as Method<Heights>,
  "bilevel to a tolerance": () =>
    bilevel({
      ...fit,
      solver: { ...fit.solver, tolerance: 0.1, mostSteps: 40 },
      hypergradient: { kind: "exact" },
    }) as Method<Heights>,
};

describe.each(Object.entries(bilevelMethods))("%s", (name, create) => {
  const checks = methodConformance({ name, create, theta: heights, steps: 4 });
  test.each(checks.map((check) => [check.name, check.run] as const))("%s", (_, run) => run());
});

/** Methods whose theta is a table of features. */
const subspaceMethods: Record<string, () => Method<SubspaceTheta>> = Object.fromEntries(
  (["lissa", "naive++", "explicit"] as const).map((name) => {
    const matrix = denseMatrix(random.normal(random.key(1), [6, 5]));
    const sizes = { dimensions: 2, batch: 4, weightBatch: 4, inverseSamples: 4 };
    const estimator = principalSubspace(matrix, { ...sizes, method: name });
    // The fifth step is measured, and therefore taken alone.
    const options = { measureEvery: 5 };
    return [`subspaceDescent of ${name}`, () => subspaceDescent(estimator, adam(), options)];
  }),
);

describe.each(Object.entries(subspaceMethods))("%s", (name, create) => {
  const theta = (): SubspaceTheta => ({
    features: initTable(random.key(2), 6, 2),
    ...(name.endsWith("explicit") && { weights: initTable(random.key(3), 5, 2) }),
  });
  const checks = methodConformance({ name, create, theta });
  test.each(checks.map((check) => [check.name, check.run] as const))("%s", (_, run) => run());
});

describe.each(Object.entries({ ...methods, ...searchMethods }))("%s", (name, create) => {
  const checks = methodConformance({ name, create, theta: start });
  test.each(checks.map((check) => [check.name, check.run] as const))("%s", (_, run) => run());
});

describe("streamingDescent of implicitKrasulina", () => {
  const checks = methodConformance({
    name: "streamingDescent of implicitKrasulina",
    create: () =>
      streamingDescent(implicitKrasulina({ learningRate: 0.1 }), {
        columns: (key) => random.normal(key, [3, 6]),
      }),
    theta: () => ({ components: initTable(random.key(2), 6, 2).reshape([2, 6]) }),
  });
  test.each(checks.map((check) => [check.name, check.run] as const))("%s", (_, run) => run());
});

describe("methods that learn invariances", () => {
  const network = (layers: Layer[], x: Tensor, on: Layers): Tensor => applyMlp(layers, x, on, np.tanh);
  const parts = { network, likelihood: categoricalLogits, augmentation: rotation2d({ samples: 3 }) };
  const data = ringToy(random.key(1), { n: 12 });
  const weights = (): Layer[] => initMlp(random.key(2), [2, 4, 2]);
  const lilaOptions = { evidence: parts, data, batchSize: 8, burnIn: 1, collapsePatience: 2 };
  const restarted = { ...lilaOptions, onCollapse: "restart", restart: weights } as const;
  const checks = [
    ...methodConformance({
      name: "lila",
      create: () => lila(restarted),
      theta: () => lilaTheta(lilaOptions, { network: weights(), eta: [0.1] }),
      steps: 5,
    }),
    ...methodConformance({
      name: "augerino",
      create: () => augerino({ ...parts, data, batchSize: 8 }),
      theta: () => ({ network: weights(), eta: np.array([0.1]) }),
      steps: 3,
    }),
  ];
  test.each(checks.map((check) => [check.name, check.run] as const))("%s", (_, run) => run());
});

describe("a (1+1)-ES with its step size in its state", () => {
  const experiment = (sigma = 0.3): Experiment =>
    defineExperiment({
      name: "sphere",
      summary: "",
      config: { parse: () => ({}) },
      setup: () => ({ theta: start(), method: onePlusOne(sphere, { sigma }), steps: 300 }),
    }) as Experiment;

  test("minimises, and each step is logged with its own metrics", async () => {
    const { metrics, state } = await train(experiment(), { seed: 1 });
    expect(metrics).toHaveLength(300);
    // On a sphere in n dimensions ln(distance) falls by about 0.2 / n a step (Rechenberg 1973): e^-15 in 300 steps, twice that for the loss; the start is 14.25.
    expect(metrics.at(-1)!.loss).toBeLessThan(14.25 * Math.exp(-15));
    expect(metrics.every(({ loss }, i) => i === 0 || loss <= metrics[i - 1]!.loss)).toBe(true);
    expect(metrics.at(-1)).toMatchObject({ step: 300, innerSteps: 300 });
    expect(metrics.at(-1)).not.toHaveProperty("gradientNorm");
    expect(metrics.at(-1)!["sigma"]).toBe((state.methodState as { sigma: number }).sigma);
  });

  test("resumes to the bit, and not with another step size", async () => {
    const whole = await train(experiment(), { seed: 1, steps: 40 });
    const store = memoryStore();
    await train(experiment(), { seed: 1, steps: 17, store });
    const resumed = await resume(experiment(), store, { steps: 40 });
    expect(resumed.state).toEqual(whole.state);
    const losses = ({ metrics }: typeof whole) => metrics.map(({ loss }) => loss);
    expect(losses(resumed)).toEqual(losses(whole));
    await expect(resume(experiment(0.5), store, { steps: 50 })).rejects.toThrow(
      "onePlusOne.sigma is 0.3 in the run and 0.5 here",
    );
    const warnings: string[] = [];
    const onEvent = (event: TrainEvent) => event.type === "warning" && warnings.push(event.message);
    await resume(experiment(0.5), store, { steps: 50, isForced: true, onEvent });
    expect(warnings.join()).toContain("onePlusOne.sigma");
  });
});

describe("a method that breaks a promise fails the check of it", () => {
  const sound = (): Method<Theta> => onePlusOne(sphere) as Method<Theta>;
  let calls = 0;
  const broken: [string, Partial<Method<Theta>>][] = [
    [
      "same theta, state and key",
      {
        step: (theta, state, key) => {
          const made = sound().step(theta, state, key);
          return { ...made, loss: made.loss! + calls++ };
        },
      },
    ],
    [
      "state goes through a checkpoint",
      {
        init: () => ({ sigma: 0.3, best: Infinity, seen: new Map() }),
      },
    ],
    [
      "theta keeps its structure",
      {
        step: (theta, state, key) => ({
          ...sound().step(theta, state, key),
          theta: { x: np.ones([3]) },
        }),
      },
    ],
    [
      "loss (or null) and metrics are numbers",
      { step: (theta, state, key) => ({ ...sound().step(theta, state, key), metrics: {} as never }) },
    ],
    [
      "several steps in one call",
      {
        several: (theta, state, key, from) => {
          const made = sound().step(theta, state, random.foldIn(key, from + 1));
          const [loss, isFinite] = [np.array([made.loss!], { dtype: "float64" }), np.array([true])];
          return { ...made, steps: 1, loss, isFinite, innerSteps: 1, metrics: {}, thetas: theta };
        },
      },
    ],
    ["the recipe is plain data", { recipe: () => ({ at: np.ones([2]) as never }) }],
    ["the theta to evaluate", { evaluationTheta: () => ({ x: np.ones([2]) }) }],
  ];
  test.each(broken)("%s", (promise, change) => {
    const create = (): Method<Theta> => ({ ...sound(), ...change });
    const checks = methodConformance({ name: "broken", create, theta: start });
    const check = checks.find(({ name }) => name.includes(promise))!;
    expect(() => check.run()).toThrow();
    const whole = methodConformance({ name: "sound", create: sound, theta: start });
    expect(() => whole.find(({ name }) => name.includes(promise))!.run()).not.toThrow();
  });
});
