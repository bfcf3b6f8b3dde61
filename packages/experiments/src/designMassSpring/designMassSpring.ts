/** A mass, a spring and a damper, sized together with the policy that pushes them. */
import {
  type Experiment,
  type Figure,
  type PolicyLayer,
  type RunRecord,
  categoricalPolicy,
  defineExperiment,
  massSpringDamper,
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
  ...designFields({ steps: 500, batch: 64, policyRate: 0.005, designRate: 0.005 }),
  horizon: z.int().min(1).default(100).describe("steps of a trajectory"),
  hidden: z.array(z.int().min(1)).default([64]).describe("units of the policy's hidden layers"),
});

type Config = z.infer<typeof config>;
type Theta = DesignRunTheta<PolicyLayer[]>;

export const designMassSpring: Experiment<unknown, Theta> = defineExperiment<Config, Theta>({
  name: "design-mass-spring",
  summary: "a spring, a damper and the policy that pushes them, learned together",
  paper: "Bolland et al. (JAIR 2022), mass-spring-damper",
  config,
  setup(settings, key) {
    const { horizon, hidden, steps } = settings;
    const task = massSpringDamper({ horizon });
    const policy = categoricalPolicy({ observations: 3, actions: 5, hidden });
    return {
      ...designRun(task, policy, settings, random.foldIn(key, "theta")),
      steps,
      evaluate: (theta, initial) => designEvaluation(task, policy, [theta, initial]),
      figures: (run) => [
        returnFigure(run, "A return cannot be more than the number of steps: every reward is at most 1.", [
          { axis: "y", value: horizon, label: "bound" },
        ]),
        designFigure(
          run,
          task,
          "omega and zeta are best at 0.5, 0.286 of their box. Of the three phi one has to find its place (0.625, 0.425, 0.525): the others then cost nothing.",
        ),
        positionFigure(run, task, policy),
      ],
    };
  },
});

function positionFigure(
  run: RunRecord<Theta>,
  task: ReturnType<typeof massSpringDamper>,
  policy: ReturnType<typeof categoricalPolicy>,
): Figure {
  const evaluate = policyEvaluator(task, policy, { trajectories: 8 });
  const steps = Array.from({ length: task.horizon }, (_, t) => t);
  return {
    id: "position",
    title: "Where the mass goes",
    caption:
      "One trajectory before and after learning, under the same disturbances; at 0.2 the mass costs nothing.",
    x: { label: "step" },
    y: { label: "x" },
    series: (["initial", "learned"] as const).map((name) => {
      const theta = name === "initial" ? run.initialTheta : run.theta;
      const { states } = evaluate(settledTheta(task, theta));
      return { name, x: steps, y: steps.map((t) => Number(states.slice(t, 0, 0).item())) };
    }),
    references: [{ axis: "y", value: 0.2, label: "equilibrium" }],
  };
}
