/** A small experiment for the tests of this room: a quadratic, a hand-written estimator, and momentum. */
import { type Tensor, type Tensors, type Tree, np, random, tree } from "../array/index.ts";
import type { GradientEstimator } from "../estimators/estimator.ts";
import type { Optimizer } from "../optimizers/optimizer.ts";
import { type DescentSetup, type Experiment, type StepRecord, defineExperiment } from "./experiment.ts";
import { encodeState } from "./stateCodec.ts";

export interface QuadraticConfig {
  rate: number;
  steps: number;
  noise: number;
  /** The loss of this outer step (1 is the first) is NaN. */
  failAt: number;
  clip: number;
}

export interface QuadraticTheta {
  layers: { weights: Tensor; bias: Tensor }[];
  scale: Tensor;
}

const defaults: QuadraticConfig = { rate: 0.1, steps: 6, noise: 0.1, failAt: -1, clip: Infinity };

/** State with every kind of data that a checkpoint must hold. */
export type NoisyState = {
  noise: Tensor;
  isOdd: Tensor;
  counters: [Tensor, Tensor];
  calls: number;
  best: number;
  label: string;
  history: { loss: number; isLower: boolean }[];
  nested: { nothing: null; "dotted.key": { $odd: number }; minusZero: number };
};

/** Gradient of |theta - 1|^2 / 2 plus noise that remembers: the last noise is mixed into the next. */
export function noisyQuadratic(config: QuadraticConfig): GradientEstimator<QuadraticTheta, NoisyState> {
  return {
    name: "noisyQuadratic",
    init: (theta, key) => ({
      noise: random.normal(key, [tree.size(theta)]),
      isOdd: np.array([false, true, false]),
      counters: [np.array([1], { dtype: "int32" }), random.bits(key, [2])],
      calls: 0,
      best: Infinity,
      label: "start",
      history: [],
      nested: { nothing: null, "dotted.key": { $odd: 1 }, minusZero: -0 },
    }),
    estimate(theta, state, key) {
      const fresh = random.normal(key, [state.noise.size]);
      const noise = state.noise.mul(0.5).add(fresh);
      let offset = 0;
      const gradient = tree.map((leaf) => {
        const part = noise.slice([offset, (offset += leaf.size)]).reshape([...leaf.shape]);
        return leaf.sub(1).add(part.astype(leaf.dtype).mul(config.noise));
      }, theta);
      const squares = tree.flatten(theta).map((x) => (x - 1) ** 2 / 2);
      const calls = state.calls + 1;
      const loss = calls === config.failAt ? NaN : squares.reduce((sum, x) => sum + x, 0);
      return {
        loss,
        gradient: gradient as Tensors<QuadraticTheta>,
        state: {
          noise,
          isOdd: np.logicalNot(state.isOdd),
          counters: [state.counters[0].add(1), random.foldIn(state.counters[1], calls)],
          calls,
          best: Math.min(state.best, loss),
          label: `after "${calls}"`,
          history: [...state.history.slice(-2), { loss, isLower: loss < state.best }],
          nested: state.nested,
        },
        metrics: { innerSteps: 10 + calls, lossDifferenceStd: calls % 2 === 0 ? NaN : calls },
      };
    },
  };
}

type MomentumState = { step: Tensor; velocity: Tree };

/** Heavy ball, with a counter as all optimizers here have. */
export function momentum(rate: number): Optimizer<MomentumState> {
  return {
    name: "momentum",
    init: (theta) => ({
      step: np.array(0, { dtype: "int32" }),
      velocity: tree.map(np.zerosLike, theta) as Tree,
    }),
    update(gradient, state, theta) {
      const velocity = tree.map((v, g) => v.mul(0.9).add(g), state.velocity, gradient);
      return {
        theta: tree.map((x, v) => x.sub(v.mul(rate)), theta, velocity),
        state: { step: state.step.add(1), velocity },
      };
    },
    evaluationTheta: (state, theta) => tree.map((x, v) => x.sub(v.mul(0.01)), theta, state.velocity),
  };
}

const momenta = new Map<number, Optimizer<MomentumState>>();

/** The same for a rate: its update is compiled once, however often a run is set up. */
function sharedMomentum(rate: number): Optimizer<MomentumState> {
  const known = momenta.get(rate) ?? momentum(rate);
  momenta.set(rate, known);
  return known;
}

export function quadraticSetup(
  config: QuadraticConfig,
  dtype: "float32" | "float64" = "float32",
): DescentSetup<QuadraticTheta> {
  const theta: QuadraticTheta = {
    layers: [0, 1].map((i) => ({
      weights: np.array([i, 2, -3], { dtype }),
      bias: np.full([2, 2], i - 0.5, { dtype }),
    })),
    scale: np.array(4, { dtype }),
  };
  return {
    theta,
    estimator: noisyQuadratic(config),
    optimizer: sharedMomentum(config.rate),
    steps: config.steps,
    evaluate: (found, initial) => ({
      metrics: { final: squaredDistance(found), initial: squaredDistance(initial) },
    }),
    figures: (run) => [
      {
        id: "loss",
        title: "Loss",
        caption: "Falls.",
        x: { label: "outer step" },
        y: { label: "loss" },
        series: [
          { name: "loss", x: run.metrics.map(({ step }) => step), y: run.metrics.map(({ loss }) => loss) },
        ],
      },
    ],
  };
}

export function squaredDistance(theta: unknown): number {
  return tree.flatten(theta).reduce((sum, x) => sum + (x - 1) ** 2, 0);
}

export const quadratic: Experiment<QuadraticConfig> = defineExperiment({
  name: "quadratic",
  summary: "A quadratic for tests.",
  config: { parse: (value) => ({ ...defaults, ...(value as Partial<QuadraticConfig>) }) },
  setup: (config) => quadraticSetup(config),
});

/** Everything in a tree of data, down to the bits: for comparisons. */
export function bits(state: unknown): unknown {
  const { structure, tensors } = encodeState(state);
  const raw = [...tensors].map(([name, { dtype, shape, data }]) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return { name, dtype, shape: [...shape], bytes: Array.from(bytes) };
  });
  return { structure: JSON.stringify(structure), raw };
}

/** Metrics without times, which differ from run to run. */
export function withoutTimes(metrics: readonly StepRecord[]): unknown {
  return metrics.map((record) => ({ ...record, durationMs: 0 }));
}
