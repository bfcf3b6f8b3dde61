/** Stochastic volatility learned with one bound, on series of the same model. */
import {
  type Evaluation,
  type Experiment,
  type Key,
  type Method,
  type ObservedSeries,
  type ParticleBound,
  type ParticleTheta,
  type StateSpaceModel,
  type StochasticVolatilityTheta,
  type Tensor,
  type Twist,
  adam,
  backwardRecurrentTwist,
  bootstrap,
  defineExperiment,
  descent,
  np,
  particleBound,
  particleBoundEstimator,
  productProposal,
  random,
  simulate,
  sixo,
  stochasticVolatility,
  volatilityTheta,
  windowQuadratureTwist,
} from "unspool";
import { z } from "zod";
import { boundOf } from "../shared/boundOf.ts";
import { mean } from "../shared/series.ts";
import { volatilityFigures } from "./volatilityFigures.ts";

export const volatilityMethods = ["fivo", "sixoQuadrature", "sixo"] as const;
export type VolatilityMethod = (typeof volatilityMethods)[number];

const config = z.strictObject({
  method: z
    .enum(volatilityMethods)
    .default("sixo")
    .describe(
      "fivo: no twist; sixoQuadrature: one step ahead by quadrature; sixo: a backward network by density ratios",
    ),
  steps: z.int().min(1).default(2000).describe("updates of model and proposal"),
  currencies: z.int().min(1).default(5).describe("returns per month"),
  months: z.int().min(2).default(60),
  testMonths: z.int().min(2).default(30).describe("that follow, for the test bound"),
  particles: z.int().min(1).default(4),
  testParticles: z.int().min(1).default(1024).describe("of the bootstrap filter that judges the model"),
  learningRate: z.number().positive().default(3e-3).describe("of model and proposal"),
  twistRate: z.number().positive().default(2e-3),
  twistBatch: z.int().min(1).default(32),
  block: z.int().min(1).default(100).describe("updates of each party in a row"),
  units: z.int().min(1).default(32).describe("of the twist's LSTM"),
});

type Config = z.infer<typeof config>;
export type VolatilityTheta = ParticleTheta<StochasticVolatilityTheta, unknown, unknown>;
export type VolatilityBound = ParticleBound<StochasticVolatilityTheta, unknown, unknown>;

function twistOf(
  { method, currencies, months, units }: Config,
  model: StateSpaceModel<StochasticVolatilityTheta>,
): Twist<StochasticVolatilityTheta, unknown> | undefined {
  if (method === "fivo") return undefined;
  if (method === "sixoQuadrature") return windowQuadratureTwist({ model });
  const sizes = { steps: months, stateSize: currencies, observationSize: currencies };
  return backwardRecurrentTwist<StochasticVolatilityTheta>({ ...sizes, units, standardise: "running" });
}

export const volatilityTraining: Experiment<unknown, VolatilityTheta> = defineExperiment<
  Config,
  VolatilityTheta
>({
  name: "sixo-volatility-training",
  summary: "stochastic volatility of currencies, learned by one particle bound",
  paper: "Lawson et al. (NeurIPS 2022), section 5.2",
  config,
  setup(settings: Config, key: Key) {
    const { method, currencies, months, testMonths, particles, steps, learningRate } = settings;
    const model = stochasticVolatility({ series: currencies });
    const truth = volatilityTheta({ series: currencies });
    const { x, y } = simulate(model, truth, random.foldIn(key, "data"), months + testMonths);
    const data: ObservedSeries = { y: y.slice([0, months]) };
    const test: ObservedSeries = { y: y.slice([months, null]) };
    const twist = twistOf(settings, model);
    const proposal = productProposal({ steps: months, stateSize: currencies });
    const options = { model, proposal, particles, ...(twist && { twist }) };
    const bound: VolatilityBound = particleBound<StochasticVolatilityTheta, unknown, unknown>(options);
    const optimizer = adam({ learningRate });
    const made: Method<VolatilityTheta> =
      method === "sixo"
        ? sixo<StochasticVolatilityTheta, unknown, unknown>({
            ...{ ...options, data, twistBatch: settings.twistBatch },
            ...{ modelSteps: settings.block, twistSteps: settings.block },
            optimizers: { model: optimizer, twist: adam({ learningRate: settings.twistRate }) },
          })
        : descent(
            particleBoundEstimator<StochasticVolatilityTheta, unknown, unknown>({ ...options, data }),
            optimizer,
          );
    const theta = bound.init(random.foldIn(key, "theta"));
    return {
      // The scale of returns is known from the data: beta starts at their deviation, not at 1.
      theta: { ...theta, model: { ...theta.model, logBeta: theta.model.logBeta.add(logDeviation(data.y)) } },
      method: made,
      steps: method === "sixo" ? 2 * steps : steps,
      evaluate: (own) => evaluation(settings, { bound, data, test, truth, model, key }, own),
      figures: (run) => volatilityFigures(run, { bound, data, x: x.slice([0, months]), truth, key }),
    };
  },
});

/** The logarithm of the deviation of each return. */
const logDeviation = (y: Tensor): Tensor => np.log(np.sqrt(y.mul(y).mean(0))) as Tensor;

interface Parts {
  bound: VolatilityBound;
  data: ObservedSeries;
  test: ObservedSeries;
  truth: StochasticVolatilityTheta;
  model: StateSpaceModel<StochasticVolatilityTheta>;
  key: Key;
}

/** Sweeps of the training bound, and of the filter on the months that follow. */
const repeats = { bound: 64, test: 8 };

function evaluation(
  { testParticles }: Config,
  { bound, data, test, truth, model, key }: Parts,
  theta: VolatilityTheta,
): Evaluation {
  const filter = particleBound({ model, proposal: bootstrap(), particles: testParticles });
  const own = boundOf(filter, 1);
  const judged = (at: StochasticVolatilityTheta): number =>
    mean(
      Array.from({ length: repeats.test }, (_, i) =>
        own({ model: at, proposal: {}, twist: {} }, test, random.foldIn(random.foldIn(key, "test"), i)),
      ),
    );
  const phi = mean(Array.from(theta.model.rawPhi.data, (x) => Math.tanh(Number(x))));
  return {
    metrics: {
      bound: boundOf(bound, repeats.bound)(theta, data, random.foldIn(key, "bound")),
      testBound: judged(theta.model),
      testBoundOfTruth: judged(truth),
      phi,
      sd: mean(Array.from(theta.model.logSd.data, (x) => Math.exp(Number(x)))),
    },
  };
}
