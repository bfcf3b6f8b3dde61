/** Enumerations of all lifetimes, a point in every outer step, and the search for the eta where an estimator rests. */
import {
  type Experiment,
  type Method,
  type MetaGradientSwitches,
  type RateEta,
  type StepRecord,
  defineExperiment,
  estimatorTable,
} from "unspool";
import { z } from "zod";
import { eachPoint } from "../shared/eachPoint.ts";
import { metricOf } from "../shared/records.ts";
import { enumeratedTask, etaAt } from "./enumeratedTask.ts";

export interface Point {
  eta: number;
  /** The estimator that is looked at; without it only the return and the exact gradient are. */
  switches?: MetaGradientSwitches;
}

/** All is in the points: no config. */
const config = z.strictObject({});

/** Metrics of a step, in the order of the points: `eta`, `exact`, and `mean`, `variance` and `bias` of the estimator. */
export function enumeration(name: string, points: readonly Point[]): Experiment<unknown, RateEta> {
  return defineExperiment<object, RateEta>({
    name: `enumeration-${name}`,
    summary: "every lifetime of a bandit learner",
    config,
    setup: () => ({
      theta: etaAt(points[0]!.eta),
      steps: points.length,
      method: eachPoint(name, (_theta: RateEta, i) => {
        const { eta, switches } = points[i]!;
        const { loss, exact, rows } = estimatorTable(
          enumeratedTask,
          etaAt(eta),
          switches === undefined ? [] : [switches],
        );
        const row = rows[0] && { mean: rows[0].mean[0]!, variance: rows[0].variance, bias: rows[0].bias };
        return { loss, eta, exact: exact[0]!, ...row };
      }),
    }),
  });
}

/** A column of the records of an enumeration; `return` is the mean reward per update. */
export function column(
  records: readonly StepRecord[],
  name: "eta" | "exact" | "mean" | "variance" | "bias" | "return",
): number[] {
  return records.map((record) => (name === "return" ? -record.loss : metricOf(record, name)));
}

const bisections = 24;

/**
 * Bisection for the eta where the expected ascent direction of the return changes its sign from + to -, between 0.5
 * and 2.5: theta is the middle of what is left.
 */
export function restSearch(name: string, switches: MetaGradientSwitches): Experiment<unknown, RateEta> {
  const method: Method<RateEta, { low: number; high: number }> = {
    name: "bisection",
    recipe: () => ({ bisection: { name } }),
    init: () => ({ low: 0.5, high: 2.5 }),
    step(_theta, { low, high }) {
      const middle = (low + high) / 2;
      const { loss, rows } = estimatorTable(enumeratedTask, etaAt(middle), [switches]);
      const state = rows[0]!.mean[0]! < 0 ? { low: middle, high } : { low, high: middle };
      const eta = (state.low + state.high) / 2;
      return { theta: etaAt(eta), state, loss, metrics: { innerSteps: 0, eta } };
    },
  };
  return defineExperiment<object, RateEta>({
    name: "meta-gradient-rest",
    summary: "where an estimator of the meta-gradient rests",
    config,
    setup: () => ({ theta: etaAt(1.5), steps: bisections, method }),
  });
}
