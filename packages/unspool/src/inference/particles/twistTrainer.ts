/** Training of a twist for a model that is known: a gradient estimator of the density-ratio loss, for `descent`. */
import { type Key, Tensor, np, tree } from "../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requireRecord } from "../../errors.ts";
import type { Estimate, GradientEstimator } from "../../estimators/index.ts";
import { compiled } from "../../unroll/index.ts";
import type { StateSpaceModel } from "../stateSpace/stateSpaceModel.ts";
import { type DensityRatio, densityRatio, trajectoryPairs } from "./densityRatio.ts";
import { requireSamplers, requireTrainable } from "./requireTrainable.ts";
import type { Twist } from "./twists/twist.ts";

export interface TwistTrainerOptions<Model, Params> {
  /** The state-space model. */
  model: StateSpaceModel<Model>;
  /** Parameters of the model to simulate from. */
  modelTheta: Model;
  /** What is learned. */
  twist: Twist<Model, Params>;
  /** T. */
  steps: number;
  /** Which steps are observed, bool [T]. Default: all. */
  observed?: Tensor;
  /** Pairs of trajectories, M. Default 64. */
  batch?: number;
  /** Which simulated trajectories are used; see `densityRatio`. Default: all. */
  isUsable?(x: Tensor, y: Tensor): Tensor;
}

/** Nothing persists: every estimate simulates anew. */
export type TwistTrainerState = Record<string, never>;

/**
 * An estimator whose theta is the twist's parameters. Metrics: `accuracy`, `precision`, `recall`, `f1` of the classifier and
 * `logProb`, its mean log-probability per state (minus half the loss). Running moments stand still: the method `sixo` moves
 * them, and functions need none.
 *
 * Throws `OptionError` for a twist that learns nothing and for options that do not fit. Cost: 2 · batch · steps simulated steps.
 *
 * @example
 * const trainer = twistTrainer({ model, modelTheta, twist, steps: 10 });
 * setup: (_, key) => ({ theta: twist.init(key), estimator: trainer, optimizer: adam({ learningRate: 1e-3 }), steps: 6000 })
 */
export function twistTrainer<Model, Params>(
  options: TwistTrainerOptions<Model, Params>,
): GradientEstimator<Params, TwistTrainerState> {
  const where = "twistTrainer";
  requireRecord(where, options, ["model"]);
  requireKnownOptions(where, options, [
    "model",
    "modelTheta",
    "twist",
    "steps",
    "observed",
    "batch",
    "isUsable",
  ]);
  const { batch = 64, model, modelTheta, steps } = options;
  requireTrainable(where, options);
  requireInteger(where, "steps", steps, 2);
  requireInteger(where, "batch", batch, 1);
  if (modelTheta === undefined)
    throw new OptionError(where, "modelTheta", modelTheta, "parameters of the model", "model.init(key) gives some."); // prettier-ignore
  const { observed } = options;
  if (observed !== undefined && (!Tensor.is(observed) || observed.shape.join() !== String(steps)))
    throw new OptionError(where, "observed", observed, `a bool tensor [${steps}]`);
  requireSamplers(where, model, modelTheta);
  const settings = { ...options, batch };
  const run = compiled(where, (params: Params, theta: Model, key: Key) =>
    densityRatio(settings, params, theta, trajectoryPairs(settings, theta, key)),
  );
  return {
    name: where,
    init: () => ({}),
    estimate(params, state, key): Estimate<Params, TwistTrainerState> {
      const { loss, scores, gradient } = run(params, tree.tensors(modelTheta) as Model, key);
      const value = loss.item();
      return {
        loss: value,
        gradient,
        state,
        metrics: { innerSteps: 2 * batch * steps, ...classifierMetrics(value, scores) },
      };
    },
  };
}

/** What a step of a twist tells of its classifier. */
type ClassifierScores = Readonly<Record<"accuracy" | "precision" | "recall" | "f1" | "logProb", number>>;

/** Scores as numbers, with their harmonic mean and the log-probability per state; of several steps, those of row `i`. */
export function classifierMetrics(
  loss: number,
  scores: DensityRatio<unknown>["scores"],
  i = 0,
): ClassifierScores {
  const [accuracy, precision, recall] = [scores.accuracy, scores.precision, scores.recall].map((x) =>
    Number(x.data[i]),
  ) as [number, number, number];
  const sum = precision + recall;
  return {
    accuracy,
    precision,
    recall,
    f1: sum === 0 ? 0 : (2 * precision * recall) / sum,
    logProb: -loss / 2,
  };
}

/** The same of several steps, loss and scores [steps]: each row as it is by itself. */
export function classifierColumns(
  loss: Tensor,
  scores: DensityRatio<unknown>["scores"],
): Readonly<Record<keyof ClassifierScores, Tensor>> {
  const rows = Array.from(loss.data, (value, i) => classifierMetrics(value, scores, i));
  const column = (name: keyof ClassifierScores): Tensor =>
    np.array(
      Float64Array.from(rows, (row) => row[name]),
      { dtype: "float64" },
    );
  return {
    ...{ accuracy: column("accuracy"), precision: column("precision"), recall: column("recall") },
    ...{ f1: column("f1"), logProb: column("logProb") },
  };
}
