/**
 * Higher derivatives of the return of a random MDP from sampled trajectories: how well DiCE, Loaded DiCE and LVC
 * correlate with the exact ones, and what decay of dependencies and tau of advantages trade. The run climbs the return
 * by the chosen estimate of the first derivative; the study is at its first policy.
 */
import {
  type AnyEstimator,
  type Experiment,
  type Figure,
  type Key,
  type Measure,
  type PolicyTable,
  type RunRecord,
  type TabularMdp,
  type Tensor,
  defineExperiment,
  directionalEstimate,
  exactDirectional,
  np,
  random,
  sampleTrajectories,
  sgd,
  valuesOf,
} from "unspool";
import { z } from "zod";
import { studyFigures } from "./loadedDiceFigures.ts";
import { type Study, batches, firstLogit, randomMdp, studyOf, valuesWithNoise } from "./loadedDiceStudy.ts";
import { thin } from "../shared/series.ts";

const config = z.strictObject({
  method: z
    .enum(["dice", "loadedDice", "lvc"])
    .default("loadedDice")
    .describe("estimate of the policy gradient that the run follows"),
  decay: z.number().min(0).max(1).default(1).describe("of dependencies in Loaded DiCE; 1 is unbiased"),
  tau: z.number().min(0).max(1).default(0).describe("of generalised advantages; 1 is the sampled return"),
  valueNoise: z.number().min(0).default(0).describe("deviation of an error of the values, one per state"),
  batch: z.int().min(1).default(64).describe("trajectories per outer step"),
  steps: z.int().min(1).default(60).describe("outer steps"),
  learningRate: z.number().positive().default(0.02).describe("of SGD on the logits"),
  trajectories: z
    .int()
    .min(4096)
    .multipleOf(4096)
    .default(16_384)
    .describe("in the study, shared by all estimates"),
});

type Config = z.infer<typeof config>;
/** [states, actions] */
type Theta = { logits: Tensor };
type Run = RunRecord<Theta>;

export const loadedDice: Experiment<unknown, Theta> = defineExperiment<Config, Theta>({
  name: "loaded-dice",
  summary: "first to third derivatives of a random MDP's return: DiCE, Loaded DiCE and LVC against the truth",
  paper: "Farquhar, Whiteson, Foerster (NeurIPS 2019), the study on random MDPs",
  config,
  setup(settings: Config, key: Key) {
    const mdp = randomMdp(random.foldIn(key, "mdp"));
    const theta = {
      logits: random.normal(random.foldIn(key, "logits"), [mdp.rewards.length, mdp.transitions.length], {
        dtype: "float64",
      }),
    };
    const study = (measure: Measure): Promise<Study> =>
      studyOf(mdp, tableOf(theta), settings.trajectories, { key: random.foldIn(key, "study"), measure });
    return {
      theta,
      estimator: policyGradient(mdp, settings, random.foldIn(key, "values")),
      optimizer: sgd({ learningRate: settings.learningRate }),
      steps: settings.steps,
      evaluate: async (tuned, initial, _steps, measure) =>
        evaluation(mdp, await study(measure), tuned, initial),
      figures: async (run, measure) => [
        ...studyFigures(await study(measure)),
        returnFigure(mdp, settings, run),
      ],
    };
  },
});

function tableOf({ logits }: Theta): PolicyTable {
  const [states, actions] = logits.shape as [number, number];
  const data = Array.from(logits.data);
  return Array.from({ length: states }, (_, s) => data.slice(s * actions, (s + 1) * actions));
}

/** Expected discounted return. */
function returnOf(mdp: TabularMdp, logits: PolicyTable): number {
  const [first] = valuesOf(mdp, logits);
  return mdp.start.reduce((sum, p, s) => sum + p * first![s]!, 0);
}

/** Gradient of the negative return, by the method of the config from one batch. */
function policyGradient(mdp: TabularMdp, settings: Config, valuesKey: Key): AnyEstimator<Theta> {
  const { method, decay, tau, valueNoise, batch } = settings;
  return {
    name: method,
    init: () => null,
    estimate(theta, state, key) {
      const logits = tableOf(theta);
      const trajectories = sampleTrajectories(mdp, logits, { count: batch, key });
      const advantages =
        method === "dice" ? {} : { decay, tau, values: valuesWithNoise(mdp, logits, valueNoise, valuesKey) };
      const options = { method, ...advantages, direction: firstLogit(mdp), order: 1 };
      const [gradient] = directionalEstimate(mdp, logits, trajectories, options);
      const gained = trajectories.map(({ states, actions }) =>
        states.reduce((sum, s, h) => sum + mdp.discount ** h * mdp.rewards[s]![actions[h]!]!, 0),
      );
      return {
        gradient: {
          logits: np
            .array(
              Array.from(gradient!, (x) => -x),
              { dtype: "float64" },
            )
            .reshape([...theta.logits.shape]),
        },
        loss: -gained.reduce((sum, x) => sum + x, 0) / batch,
        state,
        metrics: { innerSteps: batch * mdp.horizon },
      };
    },
  };
}

function evaluation(mdp: TabularMdp, { correlations }: Study, tuned: Theta, initial: Theta) {
  const [from, to] = [batches[0]!, batches.at(-1)!];
  const at = (order: number, batch: number) =>
    correlations.map(({ byBatch }) => byBatch[batches.indexOf(batch)]![order - 1]!.mean);
  const columns = [1, 2, 3].flatMap((order) => [from, to].map((batch) => ({ order, batch })));
  const values = columns.map(({ order, batch }) => at(order, batch));
  return {
    metrics: {
      initialReturn: returnOf(mdp, tableOf(initial)),
      return: returnOf(mdp, tableOf(tuned)),
      ...Object.fromEntries(
        [from, to].flatMap((batch) =>
          at(2, batch).map((value, row) => [`order 2, batch ${batch}: ${correlations[row]!.name}`, value]),
        ),
      ),
    },
    table: {
      title: "Correlation with the exact derivative at the first policy",
      columns: ["", ...columns.map(({ order, batch }) => `order ${order}, batch ${batch}`)],
      rows: correlations.map(({ name }, row) => [name, ...values.map((column) => column[row]!)]),
    },
  };
}

function returnFigure(mdp: TabularMdp, { learningRate, steps }: Config, run: Run): Figure {
  const start = tableOf(run.initialTheta);
  const actions = mdp.transitions.length;
  const unflat = (flat: readonly number[]): PolicyTable =>
    start.map((_, s) => flat.slice(s * actions, (s + 1) * actions));
  const exactPath = [start.flat()];
  for (let step = 0; step < Math.min(steps, run.metrics.at(-1)?.step ?? 0); step++) {
    const here = exactPath[step]!;
    const [gradient] = exactDirectional(mdp, unflat(here), { direction: firstLogit(mdp), order: 1 });
    exactPath.push(here.map((x, i) => x + learningRate * gradient![i]!));
  }
  const returnAt = (flat: readonly number[]) => returnOf(mdp, unflat(flat));
  const records = thin(run.metrics, 60);
  const exact = thin(
    exactPath.map((flat, step) => ({ flat, step })),
    60,
  );
  return {
    id: "return",
    title: "Return while the run climbs it",
    caption:
      "Exact returns of the policies of the run, and of ascent by exact gradients. Try method=dice, which has no " +
      "baseline, and compare the correlations of first derivatives.",
    x: { label: "outer step" },
    y: { label: "expected discounted return" },
    series: [
      {
        name: "this run",
        kind: "dots",
        x: [0, ...records.map(({ step }) => step)],
        y: [start.flat(), ...records.map(({ theta }) => [...theta!["logits"]!])].map(returnAt),
      },
      {
        name: "exact gradients",
        x: exact.map(({ step }) => step),
        y: exact.map(({ flat }) => returnAt(flat)),
      },
    ],
  };
}
