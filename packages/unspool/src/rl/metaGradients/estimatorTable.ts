/**
 * Bias and variance of meta-gradient estimators at one eta, exactly: expectation and variance of the estimate from one
 * lifetime over every lifetime of an enumerable task.
 */
import { type Tree, tree } from "../../array/index.ts";
import { OptionError } from "../../errors.ts";
import { everyLifetime } from "./everyLifetime.ts";
import { exactMetaGradient } from "./exactMetaGradient.ts";
import { type LearningTask, eraseTask } from "../environments/learningTask.ts";
import { windowScale } from "./metaGradient.ts";
import { type MetaGradientSwitches, checkedSwitches } from "./metaGradientOptions.ts";

/** One choice of switches, measured. Gradients are those of the loss, minus the return. */
export interface EstimatorRow {
  switches: MetaGradientSwitches;
  /** Expected estimate, [|eta|]. */
  mean: Float64Array;
  /** Euclidean distance of the mean from the exact gradient. */
  bias: number;
  /** Of the estimate from one lifetime, summed over coordinates. */
  variance: number;
  /** The same coordinate by coordinate, [|eta|], in the order of eta's leaves. */
  variances: Float64Array;
  /** Cosine between mean and exact gradient; NaN if one is 0. */
  cosine: number;
  warnings: readonly string[];
}

export interface EstimatorTable {
  loss: number;
  /** Exact gradient of the loss, [|eta|]. */
  exact: Float64Array;
  rows: EstimatorRow[];
}

const name = "estimatorTable";

/**
 * The table of several choices. The baseline "constant" stands for the exact expected return; "leaveOneOut" needs
 * other lifetimes and is an error.
 *
 * @example
 * estimatorTable(task, eta, [{}, { samplingCorrection: { coefficient: 0 } }, { hessian: "dice" }]);
 */
export function estimatorTable<Eta, Agent, World, Data>(
  task: LearningTask<Eta, Agent, World, Data>,
  eta: Eta,
  settings: readonly MetaGradientSwitches[],
): EstimatorTable {
  const erased = eraseTask(task);
  const objective = settings[0]?.objective ?? "mean";
  const { loss, gradient } = exactMetaGradient(task, eta, { objective });
  const exact = tree.flatten(gradient as Tree);
  const rows = settings.map((switches) => {
    const checked = checkedSwitches(name, erased, switches);
    if (checked.objective !== objective) {
      throw new OptionError(
        name,
        "settings",
        checked.objective,
        `of one objective, ${objective} as the first`,
      );
    }
    if (checked.baseline === "leaveOneOut") {
      throw new OptionError(name, "baseline", checked.baseline, '"none", "constant", a number or a function');
    }
    const { probability, gradient: samples } = everyLifetime(name, erased, eta, checked, -loss);
    const moments = weighted(probability, samples, -1 / windowScale(checked), exact.length);
    return { switches, ...moments, ...against(moments.mean, exact), warnings: checked.warnings };
  });
  return { loss, exact, rows };
}

function weighted(probability: Float64Array, samples: Float64Array, scale: number, count: number) {
  const mean = new Float64Array(count);
  probability.forEach((p, i) => mean.forEach((_, j) => (mean[j]! += p * scale * samples[i * count + j]!)));
  const variances = new Float64Array(count);
  let variance = 0;
  probability.forEach((p, i) =>
    mean.forEach((centre, j) => {
      const square = p * (scale * samples[i * count + j]! - centre) ** 2;
      variances[j]! += square;
      variance += square;
    }),
  );
  return { mean, variance, variances };
}

function against(mean: Float64Array, exact: Float64Array): { bias: number; cosine: number } {
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, x, j) => sum + x * b[j]!, 0);
  const difference = mean.map((x, j) => x - exact[j]!);
  return {
    bias: Math.sqrt(dot(difference, difference)),
    cosine: dot(mean, exact) / Math.sqrt(dot(mean, mean) * dot(exact, exact)),
  };
}
