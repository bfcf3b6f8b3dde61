/** The sizes of an off-grid microgrid, learned together with how it is run. */
import {
  type DesignTask,
  type Experiment,
  type Figure,
  type PolicyLayer,
  type RunRecord,
  baseLoadRule,
  defineExperiment,
  designEvaluator,
  gaussianPolicy,
  microgrid,
  np,
  policyEvaluator,
  random,
} from "unspool";
import { z } from "zod";
import {
  type DesignRunTheta,
  designEvaluation,
  designFields,
  designFigure,
  designRun,
  returnFigure,
  settledTheta,
} from "../shared/designRun.ts";

const config = z.strictObject({
  ...designFields({ steps: 1000, batch: 32, policyRate: 0.001, designRate: 0.003 }),
  horizon: z.int().min(24).default(120).describe("hours of a trajectory"),
  generator: z
    .enum(["absolute", "delta", "asCoded"])
    .default("absolute")
    .describe("what the policy says of the generator: its power, its change, or as in the authors' code"),
  hidden: z.array(z.int().min(1)).default([64]).describe("units of the policy's hidden layers"),
});

type Config = z.infer<typeof config>;
type Theta = DesignRunTheta<PolicyLayer[]>;

/** The best sizes for the base-load rule, in the configurations of the paper. */
const baseLoadDesign = [127.8, 95.73, 4.64];

export const designMicrogrid: Experiment<unknown, Theta> = defineExperiment<Config, Theta>({
  name: "design-microgrid",
  summary: "sun, battery and generator of an off-grid village, sized with the policy that runs them",
  paper: "Bolland et al. (JAIR 2022), off-grid microgrid, at CPU size",
  config,
  setup(settings, key) {
    const { horizon, hidden, steps, generator } = settings;
    const task = microgrid({ horizon, generator });
    const policy = gaussianPolicy({ observations: 6, actions: 2, hidden });
    const rule = (): number =>
      designEvaluator(microgrid({ horizon }), baseLoadRule)(np.array(baseLoadDesign)).meanReturn;
    return {
      ...designRun(task, policy, settings, random.foldIn(key, "theta")),
      steps,
      evaluate(theta, initial) {
        const { metrics, ...more } = designEvaluation(task, policy, [theta, initial]);
        return { ...more, metrics: { ...metrics, baseLoadReturn: rule() } };
      },
      figures: (run) => [
        returnFigure(run, "Rewards are (r + 5000) / 5000 for a year's cost of -r.", [
          { axis: "y", value: rule(), label: "base-load rule at its best sizes" },
        ]),
        designFigure(run, task, "Best for the base-load rule: 0.60, 0.42 and 0.21."),
        dayFigure(run, task, policy),
      ],
    };
  },
});

function dayFigure(
  run: RunRecord<Theta>,
  task: DesignTask,
  policy: ReturnType<typeof gaussianPolicy>,
): Figure {
  const { states } = policyEvaluator(task, policy, { trajectories: 8 })(settledTheta(task, run.theta));
  const hours = Array.from({ length: Math.min(48, task.horizon) }, (_, t) => t);
  const of = (place: number, factor = 1): number[] =>
    hours.map((t) => factor * Number(states.slice(t, 0, place).item()));
  // What was generated in an hour stands in the state after it.
  return {
    id: "days",
    title: "Two days of the microgrid that was learned",
    caption: "Power in kilowatt, and the charge of the battery in kilowatt hours, of one trajectory.",
    x: { label: "hour" },
    y: { label: "kW, kWh" },
    series: [
      { name: "sun", x: hours, y: of(3) },
      { name: "demand", x: hours, y: of(4, 30) },
      { name: "charge", x: hours, y: of(0) },
      { name: "generator, the hour earlier", x: hours, y: of(2) },
    ],
  };
}
