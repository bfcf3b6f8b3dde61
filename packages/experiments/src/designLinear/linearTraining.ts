/** The linear-Gaussian system with one way to find its design and its gain; its return is a formula. */
import {
  type Experiment,
  type LinearFeedbackTheta,
  defineExperiment,
  linearFeedback,
  linearGaussianDesign,
  np,
  random,
} from "unspool";
import { z } from "zod";
import {
  type DesignRunTheta,
  designFields,
  designFigure,
  designRun,
  returnFigure,
  settledTheta,
} from "../shared/designRun.ts";

const config = z.strictObject({
  ...designFields({ steps: 200, batch: 64, policyRate: 0.02, designRate: 0.02 }),
  a: z.number().min(-1.5).max(1.5).default(0.9).describe("the first design"),
  gain: z.number().default(-0.2).describe("the first gain"),
  deviation: z.number().positive().default(0.3).describe("of the actions around the gain's"),
});

type Config = z.infer<typeof config>;
type Theta = DesignRunTheta<LinearFeedbackTheta>;

export const linearTraining: Experiment<unknown, Theta> = defineExperiment<Config, Theta>({
  name: "design-linear-training",
  summary: "a linear system and its gain, by one of the methods of design-linear",
  config,
  setup(settings, key) {
    const { a, gain, deviation, steps } = settings;
    const task = linearGaussianDesign();
    const policy = linearFeedback({ gain: [[gain]], deviation });
    return {
      ...designRun(task, policy, settings, random.foldIn(key, "theta"), np.array([a])),
      steps,
      evaluate(theta) {
        const { design, policy: own } = settledTheta(task, theta);
        const [found, k] = [design.item(), own.gain.item()];
        return { metrics: { exactReturn: task.exactReturn([found], k, deviation), a: found, gain: k } };
      },
      figures: (run) => [
        returnFigure(run, "The best that can be had is -1.58179.", [
          { axis: "y", value: -1.58179, label: "optimum" },
        ]),
        designFigure(run, task, "The best a is 0.2877, 0.596 of its box."),
      ],
    };
  },
}) as Experiment<unknown, Theta>;
