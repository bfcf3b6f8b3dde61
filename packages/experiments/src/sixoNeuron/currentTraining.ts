/** The current into a Hodgkin-Huxley neuron, learned from voltages that are seen now and then. */
import {
  type Evaluation,
  type Experiment,
  type HodgkinHuxleyTheta,
  type Key,
  type Measure,
  type Method,
  type ObservedSeries,
  type ParticleBound,
  type ParticleTheta,
  type Proposal,
  type StateSpaceModel,
  type Tensor,
  adam,
  backwardRecurrentTwist,
  bootstrap,
  compiled,
  defineExperiment,
  descent,
  hodgkinHuxley,
  np,
  particleBound,
  particleBoundEstimator,
  partsOptimizer,
  random,
  recurrentProposal,
  simulate,
  sixo,
  usableTrace,
  vmap,
} from "unspool";
import { z } from "zod";
import { boundOf } from "../shared/boundOf.ts";
import { mean } from "../shared/series.ts";
import { currentFigures } from "./currentFigures.ts";

export const currentMethods = ["fivo", "sixo"] as const;
export type CurrentMethod = (typeof currentMethods)[number];

const config = z.strictObject({
  method: z.enum(currentMethods).default("sixo"),
  proposal: z
    .enum(["bootstrap", "filtering", "smoothing"])
    .default("bootstrap")
    .describe("what particles are drawn by: the transition, or networks of what was or will be seen"),
  steps: z.int().min(1).default(300).describe("updates of model and proposal"),
  horizon: z.int().min(2).default(401).describe("steps of 0.02 ms (the paper: 2001)"),
  every: z.int().min(1).default(50).describe("steps between observations"),
  observationSd: z.number().positive().default(5).describe("mV"),
  startError: z.number().default(0.5).describe("the current starts at 13 (1 + this)"),
  learns: z.boolean().default(true).describe("whether the current is learned, or known"),
  particles: z.int().min(1).default(32).describe("with 4 (the paper) few of them meet the first spike"),
  testParticles: z.int().min(1).default(256).describe("of the bootstrap filter that judges the model"),
  series: z.int().min(1).default(32),
  batch: z.int().min(1).default(4),
  twistBatch: z.int().min(1).default(16),
  modelBlock: z.int().min(1).default(50).describe("updates of model and proposal in a row"),
  twistBlock: z.int().min(1).default(50).describe("updates of the twist in a row"),
  comparedParticles: z
    .array(z.int().min(1))
    .default([4, 8, 16, 32, 64])
    .describe("of a figure: the trained bound and a bootstrap filter (the paper: 8 to 256)"),
  learningRate: z.number().positive().default(0.05).describe("of the current"),
  proposalRate: z.number().positive().default(5e-4),
  twistRate: z.number().positive().default(2e-3),
});

type CurrentConfig = z.infer<typeof config>;
export type CurrentTheta = ParticleTheta<HodgkinHuxleyTheta, unknown, unknown>;
export type CurrentBound = ParticleBound<HodgkinHuxleyTheta, unknown, unknown>;

const trueCurrent = 13;

/** Series of the true current, observed at steps 0, every, 2 every, …: states [N, T, 4] beside them. */
function drawn(
  { horizon, every, observationSd }: CurrentConfig,
  key: Key,
  count: number,
): { data: ObservedSeries; x: Tensor } {
  const model = hodgkinHuxley({ current: trueCurrent, observationSd });
  const truth = model.init(key);
  const draw = compiled("neurons", (keys: Tensor) =>
    vmap((own: Key) => simulate(model, truth, own, horizon))(keys),
  );
  const { x, y } = draw(random.split(key, count));
  const observed = observedSteps(horizon, every);
  const all = np.broadcastTo(observed, [count, horizon]) as Tensor;
  return { data: { y, observed: all }, x };
}

/** bool [T]. */
export const observedSteps = (horizon: number, every: number): Tensor =>
  np.array(
    Array.from({ length: horizon }, (_, t) => t % every === 0),
    { dtype: "bool" },
  );

function proposalOf({ proposal, horizon, every }: CurrentConfig): Proposal<HodgkinHuxleyTheta, unknown> {
  if (proposal === "bootstrap") return bootstrap();
  return recurrentProposal({
    ...{ steps: horizon, stateSize: 4, observationSize: 1, every },
    ...{ sees: proposal === "filtering" ? ("past" as const) : ("all" as const) },
    position: { length: 16, base: 50 },
    // Wide against the noise of a step: at first particles move as the neuron does.
    startSd: 10,
  });
}

export const currentTraining: Experiment<unknown, CurrentTheta> = defineExperiment<
  CurrentConfig,
  CurrentTheta
>({
  name: "sixo-neuron-training",
  summary: "the current into a noisy neuron, learned by one particle bound",
  paper: "Lawson et al. (NeurIPS 2022), section 5.3",
  config,
  setup(settings: CurrentConfig, key: Key) {
    const { method, horizon, every, observationSd, particles, batch, steps } = settings;
    const current = settings.learns ? trueCurrent * (1 + settings.startError) : trueCurrent;
    const model = hodgkinHuxley({ current, observationSd });
    const { data } = drawn(settings, random.foldIn(key, "data"), settings.series);
    const test = drawn(settings, random.foldIn(key, "test"), 8);
    const sizes = { steps: horizon, stateSize: 4, observationSize: 1, every };
    const twist =
      method === "sixo"
        ? backwardRecurrentTwist<HodgkinHuxleyTheta>({
            ...{ ...sizes, hidden: [32, 32], position: { length: 4, base: 4 } },
            standardise: "running",
          })
        : undefined;
    const proposal = proposalOf(settings);
    const options = { model, proposal, particles, ...(twist && { twist }), checkpoints: "sqrt" as const };
    const bound: CurrentBound = particleBound<HodgkinHuxleyTheta, unknown, unknown>(options);
    const optimizers = {
      model: adam({ learningRate: settings.learningRate }),
      proposal: adam({ learningRate: settings.proposalRate }),
    };
    const learns = settings.learns ? (["model", "proposal"] as const) : (["proposal"] as const);
    const made: Method<CurrentTheta> =
      method === "sixo"
        ? sixo<HodgkinHuxleyTheta, unknown, unknown>({
            ...{ ...options, data, batch, learns, isUsable: usableTrace, twistBatch: settings.twistBatch },
            ...{ modelSteps: settings.modelBlock, twistSteps: settings.twistBlock },
            optimizers: { ...optimizers, twist: adam({ learningRate: settings.twistRate }) },
          })
        : descent(
            particleBoundEstimator<HodgkinHuxleyTheta, unknown, unknown>({ ...options, data, batch, learns }),
            partsOptimizer(optimizers),
          );
    const blocks = Math.ceil(steps / settings.modelBlock);
    const parts: Parts = { bound, options, model, data, test, key };
    return {
      theta: bound.init(random.foldIn(key, "theta")),
      method: made,
      steps: method === "sixo" ? blocks * (settings.modelBlock + settings.twistBlock) : steps,
      evaluate: (theta, _, __, measure) => evaluation(settings, parts, theta, measure),
      figures: (run, measure) => currentFigures(settings, parts, run, measure),
    };
  },
});

export interface Parts {
  bound: CurrentBound;
  options: Parameters<typeof particleBound<HodgkinHuxleyTheta, unknown, unknown>>[0];
  model: StateSpaceModel<HodgkinHuxleyTheta>;
  data: ObservedSeries;
  test: { data: ObservedSeries; x: Tensor };
  key: Key;
}

/** The bound with the training K, that of a bootstrap filter on fresh series, and the error of the current. */
async function evaluation(
  { testParticles }: CurrentConfig,
  { bound, model, data, test, key }: Parts,
  theta: CurrentTheta,
  measure: Measure,
): Promise<Evaluation> {
  const filter = boundOf(particleBound({ model, proposal: bootstrap(), particles: testParticles }), 1);
  const own = boundOf(bound, 8);
  const row = (stack: ObservedSeries, i: number): ObservedSeries => ({
    y: stack.y.slice(i),
    observed: stack.observed!.slice(i),
  });
  const known = { ...theta.model, current: np.full([1], trueCurrent, { dtype: "float32" }) };
  const filtered = (at: HodgkinHuxleyTheta, i: number): number =>
    filter(
      { model: at, proposal: {}, twist: {} },
      row(test.data, i),
      random.foldIn(random.foldIn(key, "filter"), i),
    );
  const count = Math.min(8, data.y.shape[0]!);
  const training = await measure("training bound", count, (i) => [
    own(theta, row(data, i), random.foldIn(random.foldIn(key, "bound"), i)),
  ]);
  const tests = await measure("test bound", test.data.y.shape[0]!, (i) => [
    filtered(theta.model, i),
    filtered(known, i),
  ]);
  const current = theta.model.current.item();
  return {
    metrics: {
      bound: mean(training.flat()),
      testBound: mean(tests.map(([value]) => value!)),
      testBoundOfTruth: mean(tests.map(([, value]) => value!)),
      current,
      relativeError: (trueCurrent - current) / trueCurrent,
    },
  };
}
