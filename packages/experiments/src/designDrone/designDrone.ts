/** A drone that flies along an ellipse in the wind: its body and its controller, learned together. */
import {
  type DesignTask,
  type Experiment,
  type Figure,
  type PolicyLayer,
  type RunRecord,
  type Series,
  defineExperiment,
  droneEllipse,
  gaussianPolicy,
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
import { grid } from "../shared/series.ts";

const config = z.strictObject({
  ...designFields({ steps: 2000, batch: 32, policyRate: 5e-5, designRate: 5e-4 }),
  horizon: z.int().min(1).default(30).describe("steps of 0.07 s"),
  physics: z
    .enum(["corrected", "asCoded"])
    .default("corrected")
    .describe("asCoded keeps the slips of the authors' code"),
  hidden: z.array(z.int().min(1)).default([64]).describe("units of the policy's hidden layers"),
  sizes: z
    .array(z.number().positive())
    .length(4)
    .default([0.12, 0.08, 0.004, 0.006])
    .describe(
      "arm, rotor radius, thickness and width to begin with: these cannot hover, their rotors would have to be too fast",
    ),
});

type Config = z.infer<typeof config>;
type Theta = DesignRunTheta<PolicyLayer[]>;

export const designDrone: Experiment<unknown, Theta> = defineExperiment<Config, Theta>({
  name: "design-drone",
  summary: "arms and rotors of a drone, sized with the policy that flies it along an ellipse",
  paper: "Bolland et al. (JAIR 2022), drone, at CPU size",
  config,
  setup(settings, key) {
    const { horizon, hidden, steps, physics, sizes } = settings;
    const task = droneEllipse({ horizon, physics });
    const policy = gaussianPolicy({ observations: 13, actions: 4, hidden, headScale: 30 });
    const first = np.array([...sizes, 0, 0, 0, 0]);
    return {
      ...designRun(task, policy, settings, random.foldIn(key, "theta"), first),
      steps,
      evaluate: (theta, initial) => designEvaluation(task, policy, [theta, initial]),
      figures: (run) => [
        returnFigure(run, "At most 0.3 a step: on the ellipse, at full speed.", [
          { axis: "y", value: 0.3 * horizon, label: "bound" },
          { axis: "y", value: 0, label: "hovering without wind" },
        ]),
        designFigure(
          run,
          task,
          "Arm, rotor, thickness and width; the rotor's radius alone decides whether the drone can hover.",
          4,
        ),
        pathFigure(run, task, policy),
      ],
    };
  },
});

/** Seen from above, and the ellipse. */
function pathFigure(
  run: RunRecord<Theta>,
  task: DesignTask,
  policy: ReturnType<typeof gaussianPolicy>,
): Figure {
  const evaluate = policyEvaluator(task, policy, { trajectories: 8 });
  const turns = grid(0, 2 * Math.PI, 121);
  const path = (name: string, theta: Theta): Series => {
    const { states } = evaluate(settledTheta(task, theta));
    const of = (place: number): number[] =>
      Array.from({ length: task.horizon }, (_, t) => Number(states.slice(t, 0, place).item()));
    return { name, x: of(9), y: of(10) };
  };
  return {
    id: "path",
    title: "The drone's path, seen from above",
    caption:
      "One trajectory before and after learning, under the same wind, and the ellipse; it starts at (0, 0).",
    x: { label: "x", domain: [-0.5, 3.5] },
    y: { label: "y", domain: [-1.3, 1.3] },
    series: [
      {
        name: "ellipse",
        x: turns.map((turn) => 1.5 + 1.5 * Math.cos(turn)),
        y: turns.map((turn) => Math.sin(turn)),
      },
      path("initial", run.initialTheta),
      path("learned", run.theta),
    ],
  };
}
