/** The Gaussian drift learned with one bound: model, proposal and twist from nothing. */
import {
  type Evaluation,
  type Experiment,
  type GaussianDriftTheta,
  type Key,
  type Method,
  type ObservedSeries,
  type ParticleBound,
  type ParticleTheta,
  type Tensor,
  type Twist,
  type TwistMoments,
  adam,
  affineGaussianTwist,
  affineProposal,
  compiled,
  defineExperiment,
  descent,
  distributions,
  driftSeries,
  driftSolution,
  fixedTwist,
  gaussianDrift,
  lax,
  np,
  particleBound,
  particleBoundEstimator,
  quadraticMlpTwist,
  random,
  simulate,
  sixo,
  vmap,
} from "unspool";
import { z } from "zod";
import { mean } from "../shared/series.ts";
import { driftFigures } from "./driftFigures.ts";

export const driftMethods = ["iwae", "fivo", "fivoScore", "sixoScore", "sixo", "sixoKnown"] as const;
export type DriftMethod = (typeof driftMethods)[number];

const config = z.strictObject({
  method: z
    .enum(driftMethods)
    .default("sixo")
    .describe(
      "iwae, fivo; fivoScore: with the score of resampling; sixoScore: the twist learned by the bound too; sixo: by density ratios; sixoKnown: the best twist, given",
    ),
  steps: z.int().min(1).default(3000).describe("updates of model and proposal"),
  horizon: z.int().min(2).default(10).describe("latent steps T"),
  particles: z.int().min(1).default(10),
  evaluationParticles: z.int().min(1).default(128),
  series: z.int().min(1).default(1000).describe("numbers y that are learned from"),
  batch: z.int().min(1).default(32),
  twistBatch: z.int().min(1).default(64),
  block: z.int().min(1).default(50).describe("updates of each party in a row"),
  alpha: z.number().default(1).describe("true drift"),
  learningRate: z.number().positive().default(3e-3).describe("of model and proposal"),
  twistRate: z.number().positive().default(1e-3),
  standardised: z.boolean().default(true).describe("what the twist's network sees"),
});

type Config = z.infer<typeof config>;
export type DriftTheta = ParticleTheta<GaussianDriftTheta, unknown, unknown>;
type Bound = ParticleBound<GaussianDriftTheta, unknown, unknown>;
export type DriftTwist = Twist<GaussianDriftTheta, unknown>;

const lastOf = ({ y }: ObservedSeries): Tensor => np.broadcastTo(y.slice([-1, null]), [...y.shape]) as Tensor;

/** Moments of states and observation in closed form. */
function momentsOf({ alpha }: GaussianDriftTheta, horizon: number): TwistMoments {
  const clock = np
    .arange(1, horizon + 1)
    .astype("float32")
    .reshape([-1, 1]);
  return {
    stateMean: clock.mul(alpha),
    stateSd: np.sqrt(clock),
    observationMean: alpha.mul(horizon + 1),
    observationSd: np.array(Math.sqrt(horizon + 1)),
  };
}

/** p(y | x_t) at the current drift, which is a constant in it. */
const knownTwist = (horizon: number): DriftTwist =>
  fixedTwist<GaussianDriftTheta>((x, t, { y }, { alpha }) => {
    const left = np.array(horizon, { dtype: "int32" }).sub(t).astype("float32");
    const drift = lax.stopGradient(alpha);
    return distributions
      .diagonalNormal({ mean: x.add(drift.mul(left)), sd: np.sqrt(left) })
      .logProb(y.slice(-1));
  });

function twistOf({ method, horizon, standardised }: Config): DriftTwist | undefined {
  const sizes = { steps: horizon, stateSize: 1 };
  if (method === "sixoScore") return affineGaussianTwist(sizes);
  if (method === "sixoKnown") return knownTwist(horizon);
  if (method !== "sixo") return undefined;
  const standardise = standardised && { standardise: momentsOf };
  return quadraticMlpTwist<GaussianDriftTheta>({ ...sizes, observationSize: 1, ...standardise });
}

export const driftTraining: Experiment<unknown, DriftTheta> = defineExperiment<Config, DriftTheta>({
  name: "sixo-drift-training",
  summary: "a Gaussian random walk with drift, learned by one particle bound",
  paper: "Lawson et al. (NeurIPS 2022), section 5.1",
  config,
  setup(settings: Config, key: Key) {
    const { method, horizon, particles, steps, alpha } = settings;
    const model = gaussianDrift();
    const data = drawnData(settings, random.foldIn(key, "data"));
    const values = Array.from(data.y.slice([], -1, 0).data, Number);
    const twist = twistOf(settings);
    const proposal = affineProposal({ steps: horizon, stateSize: 1, inputs: lastOf });
    const common = { model, proposal, particles, ...(twist && { twist }) };
    const isWhole = method === "iwae";
    const options = {
      ...common,
      ...(isWhole ? { bound: "iwae" as const } : { criterion: "always" as const }),
      ...(method.endsWith("Score") && { resamplingGradient: "scoreFunctionRaoBlackwell" as const }),
    };
    const bound: Bound = particleBound<GaussianDriftTheta, unknown, unknown>(options);
    const fine: Bound = particleBound<GaussianDriftTheta, unknown, unknown>({
      ...options,
      resamplingGradient: "none",
      particles: settings.evaluationParticles,
    });
    return {
      theta: bound.init(random.foldIn(key, "theta")),
      method: methodOf(settings, { options, data }),
      steps: method === "sixo" ? 2 * steps : steps,
      evaluate: (theta) => evaluation(settings, { bound, fine, values, key }, theta),
      figures: (run) => driftFigures(run, { horizon, alpha, values, bound, twist, key }),
    };
  },
});

/** `series` numbers y, drawn from the model with the true drift. */
function drawnData({ alpha, horizon, series }: Config, key: Key): ObservedSeries {
  const truth = { alpha: np.array([alpha], { dtype: "float32" }) };
  const model = gaussianDrift();
  const draw = compiled("drift data", (keys: Tensor) =>
    vmap((own: Key) => simulate(model, truth, own, horizon).y.slice(-1, 0))(keys),
  );
  return driftSeries(Array.from(draw(random.split(key, series)).data, Number), horizon);
}

interface Learned {
  options: Parameters<typeof particleBound<GaussianDriftTheta, unknown, unknown>>[0];
  data: ObservedSeries;
}

function methodOf(
  { method, batch, twistBatch, block, learningRate, twistRate }: Config,
  { options, data }: Learned,
): Method<DriftTheta> {
  const model = adam({ learningRate });
  if (method === "sixo") {
    const optimizers = { model, twist: adam({ learningRate: twistRate }) };
    const blocks = { modelSteps: block, twistSteps: block, twistBatch };
    return sixo({ ...options, data, batch, ...blocks, optimizers });
  }
  const learns = method === "sixoScore" ? (["model", "proposal", "twist"] as const) : undefined;
  return descent(particleBoundEstimator({ ...options, data, batch, ...(learns && { learns }) }), model);
}

/** Series that bounds are averaged over. */
const evaluated = 256;

/** Gaps to the exact evidence at the learned drift, and the drift itself. */
function evaluation(
  { horizon, alpha }: Config,
  { bound, fine, values, key }: { bound: Bound; fine: Bound; values: number[]; key: Key },
  theta: DriftTheta,
): Evaluation {
  const some = values.slice(0, evaluated);
  const learned = theta.model.alpha.item();
  const { logEvidence } = driftSolution(learned, horizon);
  const exact = mean(some.map(logEvidence));
  const boundOf = ({ logEvidence: sweep }: Bound, repeats: number): number => {
    const program = compiled("drift bound", (own: DriftTheta, data: ObservedSeries, keys: Tensor) =>
      vmap((one: ObservedSeries, seed: Key) => sweep(own, one, seed))(data, keys).mean(),
    );
    const data = driftSeries(some, horizon);
    return mean(
      Array.from({ length: repeats }, (_, i) =>
        program(
          theta,
          data,
          random.split(random.foldIn(random.foldIn(key, "evaluation"), i), some.length),
        ).item(),
      ),
    );
  };
  const [own, better] = [boundOf(bound, 8), boundOf(fine, 1)];
  const best = mean(values) / (horizon + 1);
  return {
    metrics: {
      ...{ alpha: learned, alphaError: learned - best, alphaOfTruth: alpha, bestAlpha: best },
      ...{ gap: exact - own, fineGap: exact - better, logEvidence: exact },
    },
  };
}
