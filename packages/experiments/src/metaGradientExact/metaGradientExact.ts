/**
 * Meta-gradients of a three-armed bandit learner whose 729 lifetimes can be enumerated. The run follows the sampled
 * estimate of the chosen switches; `meta-gradient-enumerated` says where it must end.
 */
import {
  type AnyEstimator,
  type Experiment,
  type RateEta,
  centralDifferences,
  defineExperiment,
  estimatorTable,
  innerProblem,
  lifetimeProblem,
  metaGradient,
  np,
  sgd,
} from "unspool";
import { z } from "zod";
import { type SwitchFields, estimatorField, switchFields, switchesOf } from "../shared/metaGradientFields.ts";
import { enumeratedTask, etaAt, updates } from "./enumeratedTask.ts";

interface ExactFields extends SwitchFields {
  estimator: typeof estimatorField;
  lifetimes: z.ZodDefault<z.ZodInt>;
  steps: z.ZodDefault<z.ZodInt>;
  learningRate: z.ZodDefault<z.ZodNumber>;
  eta: z.ZodDefault<z.ZodNumber>;
}

export const exactFields: ExactFields = {
  estimator: estimatorField,
  ...switchFields,
  lifetimes: z.int().min(2).default(4000).describe("lifetimes per outer step"),
  steps: z.int().min(1).default(150).describe("outer steps"),
  learningRate: z.number().positive().default(2).describe("of SGD on eta"),
  eta: z.number().default(2).describe("initial eta; the agent's step size is softplus(eta)"),
};

const config = z.strictObject(exactFields);

type Config = z.infer<typeof config>;

export const metaGradientExact: Experiment<unknown, RateEta> = defineExperiment<Config, RateEta>({
  name: "meta-gradient-exact",
  summary: "the learning rate of a small bandit learner, by sampled meta-gradients",
  paper: "Vuorio, Beck, Whiteson, Foerster, Farquhar (2022), the claims on an enumerable problem",
  config,
  setup(settings: Config) {
    const { eta, steps, learningRate, lifetimes } = settings;
    return {
      theta: { rates: np.array(eta, { dtype: "float32" }) },
      estimator: estimatorOf(settings),
      inner: innerProblem(lifetimeProblem(enumeratedTask, { derivative: "surrogate" }), {
        tasks: lifetimes,
        pairs: lifetimes,
        sigma: 0.1,
        truncation: updates,
      }),
      optimizer: sgd({ learningRate }),
      steps,
      evaluate(theta, initial) {
        const returnAt = (eta: number): number => -estimatorTable(enumeratedTask, etaAt(eta), []).loss;
        const rows = [
          ["initial", initial.rates.item()],
          ["tuned", theta.rates.item()],
        ] as const;
        return {
          metrics: { eta: theta.rates.item(), return: returnAt(theta.rates.item()) },
          table: {
            title: "Expected return per update",
            columns: ["", "eta", "return"],
            rows: rows.map(([name, eta]) => [name, eta, returnAt(eta)]),
          },
        };
      },
    };
  },
});

function estimatorOf(settings: Config): AnyEstimator<RateEta> {
  const { estimator, lifetimes } = settings;
  if (estimator === "metaGradient")
    return metaGradient(enumeratedTask, { ...switchesOf(settings), lifetimes });
  const directions = estimator === "centralDifferences" ? "axes" : "gaussian";
  return centralDifferences(lifetimeProblem(enumeratedTask), { directions, trajectories: lifetimes });
}
