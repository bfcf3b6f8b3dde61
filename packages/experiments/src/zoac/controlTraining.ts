/** One controller tuned by one method: a cell of `zoac-cartpole` and of `zoac-acc`. */
import {
  type Evaluation,
  type Experiment,
  type Figure,
  type FigureFrame,
  type Key,
  type Method,
  adaptiveCruise,
  cartPole,
  defineExperiment,
  episodePlayer,
  episodeScenes,
  random,
} from "unspool";
import { z } from "zod";
import { mean } from "../shared/series.ts";
import { type ControlSettings, controlMethod, methodNames } from "./controlMethods.ts";
import { type ControlTask, type ControlTheta, controlTasks, taskNames } from "./controlTasks.ts";
import { returnsAlong } from "./controlFigures.ts";
import { withinBudget } from "./withinBudget.ts";

const ofTask = "default: the task's";

const config = z.strictObject({
  task: z.enum(taskNames).default("acc").describe("the controller"),
  method: z.enum(methodNames).default("zoac").describe("how it is tuned"),
  steps: z.int().min(1).default(400).describe("outer steps at most"),
  budget: z.int().min(1).nullable().default(null).describe(`steps of the environment; ${ofTask}`),
  sigma: z.number().positive().nullable().default(null).describe(`of the perturbations; ${ofTask}`),
  segmentLength: z.int().min(1).nullable().default(null).describe(`steps of a segment; ${ofTask}`),
  segments: z.int().min(1).nullable().default(null).describe(`of each sampler per step; ${ofTask}`),
  learningRate: z.number().positive().nullable().default(null).describe(`of Adam; ${ofTask}`),
  isBoxed: z.boolean().default(true).describe("whether gains stay in the task's box"),
  lambda: z.number().min(0).max(1).default(0.95).describe("of the advantages"),
  criticEpochs: z.int().min(1).nullable().default(null).describe(`passes of the critic per step; ${ofTask}`),
  criticRate: z.number().positive().default(5e-4).describe("of the critic's Adam"),
  advantages: z
    .enum(["collected", "lastEpoch", "final"])
    .nullable()
    .default(null)
    .describe(`which critic advantages are of; ${ofTask}`),
  isNormalized: z.boolean().nullable().default(null).describe(`whether advantages are normalised; ${ofTask}`),
});

type Config = z.infer<typeof config>;

/** The task's settings, and what the config has of its own. */
function settingsOf(given: Config): ControlSettings {
  const task = controlTasks[given.task];
  const { lambda, criticRate } = given;
  return {
    ...task,
    budget: given.budget ?? task.budget,
    sigma: given.sigma ?? task.sigma,
    segmentLength: given.segmentLength ?? task.segmentLength,
    segments: given.segments ?? task.segments,
    learningRate: given.learningRate ?? task.learningRate,
    box: given.isBoxed ? task.box : null,
    lambda,
    criticRate,
    criticEpochs: given.criticEpochs ?? task.criticEpochs,
    advantages: given.advantages ?? task.advantages,
    isNormalized: given.isNormalized ?? task.isNormalized,
  };
}

export const controlTraining: Experiment<unknown, ControlTheta> = defineExperiment<Config, ControlTheta>({
  name: "control-training",
  summary: "one controller without derivatives, tuned by one method",
  paper: "Lei et al., arXiv 2201.12518 and 2209.04854, at CPU size",
  config,
  setup(given: Config, key: Key) {
    const settings = settingsOf(given);
    const episodes = random.foldIn(key, "evaluation");
    return {
      theta: settings.policy.init(random.foldIn(key, "theta")),
      method: withinBudget(controlMethod(given.method, settings), settings.budget) as Method<ControlTheta>,
      steps: given.steps,
      evaluate: (theta, initial) => comparison(settings, [initial, theta], episodes),
      figures: ({ metrics, theta, initialTheta }) => [
        returnsFigure(settings, [{ name: given.method, ...returnsAlong(metrics) }]),
        ...(given.task === "acc" ? cruiseFigures(theta) : poleFigures([initialTheta, theta], episodes)),
      ],
    };
  },
}) as Experiment<unknown, ControlTheta>;

/** Returns of unperturbed controllers over the same new episodes. */
function comparison(task: ControlTask, thetas: readonly ControlTheta[], key: Key): Evaluation {
  const player = episodePlayer(task.environment(), task.policy);
  return evaluationOf(
    task,
    thetas.map((theta) => Array.from(player.play(theta, key, { episodes: task.episodes }).returns.data)),
  );
}

/** What is said of the returns of the initial and of the tuned controller. */
export function evaluationOf(
  task: Pick<ControlTask, "measure" | "episodes">,
  returns: readonly (readonly number[])[],
): Evaluation {
  const sign = task.measure === "cost" ? -1 : 1;
  const [initial = [], tuned = []] = returns.map((values) => values.map((value) => sign * value));
  const row = (name: string, own: number[]) => [name, mean(own), Math.min(...own), Math.max(...own)];
  return {
    metrics: { [task.measure]: mean(tuned), [`initial ${task.measure}`]: mean(initial) },
    table: {
      title: `${task.measure === "cost" ? "Cost" : "Return"} of ${task.episodes} new episodes, without perturbations`,
      columns: ["controller", "mean", "least", "most"],
      rows: [row("initial", initial), row("tuned", tuned)] as [string, number, number, number][],
    },
  };
}

export function returnsFigure(
  { measure, budget }: Pick<ControlTask, "measure" | "budget">,
  series: Figure["series"],
  caption?: string,
): Figure {
  const isCost = measure === "cost";
  return {
    id: "returns",
    title: isCost ? "Cost of the perturbed controllers" : "Return of the perturbed controllers",
    caption:
      caption ??
      "Episodes that ended in each outer step, played with the perturbed parameters that the method learns from, against the steps of the environment so far.",
    x: { label: "steps of the environment", domain: [0, budget] },
    y: isCost ? { label: "cost of an episode", scale: "log" } : { label: "return of an episode" },
    series: isCost ? series.map((one) => ({ ...one, y: one.y.map((value) => -value) })) : series,
  };
}

/** The car behind the profile of the authors' figures. */
function cruiseFigures(theta: ControlTheta): Figure[] {
  const steps = 400;
  const environment = adaptiveCruise({ lead: "profile" });
  const player = episodePlayer(environment, controlTasks.acc.policy, {
    steps,
    isRecorded: true,
  });
  const { trajectories, lengths } = player.play(theta, random.key(0));
  const { data } = trajectories!.observations;
  const x = Array.from({ length: lengths.item() }, (_, t) => t * 0.1);
  const series = ["distance error (m)", "velocity error (m/s)", "acceleration (m/s²)"].map((name, i) => ({
    name,
    x,
    y: x.map((_, t) => data[10 * t + i]!),
  }));
  const cruise: Figure = {
    id: "cruise",
    title: "The car behind a leading car that brakes and accelerates",
    caption:
      "The tuned controller, unperturbed, on the fixed profile of the authors' figures: it accelerates at 9 and 21 s and brakes at 12 and 18 s.",
    x: { label: "time (s)" },
    y: { label: "error, acceleration" },
    series,
  };
  return [
    cruise,
    {
      id: "cars",
      title: "Both cars",
      caption: "The same episode, moving with the car behind; the line is where the car ahead is to be.",
      x: { label: "x (m)" },
      y: { label: "y (m)" },
      series: [],
      frames: episodeScenes(environment, trajectories!, { label: (t) => `${(t * 0.1).toFixed(0)} s` }),
    },
  ];
}

/** One episode: the angle of the pole, and pictures of what the tuned controller does. */
function poleFigures(thetas: readonly ControlTheta[], key: Key): Figure[] {
  const environment = cartPole();
  const player = episodePlayer(environment, controlTasks.cartpole.policy, { isRecorded: true });
  let frames: FigureFrame[] = [];
  const series = thetas.map((theta, i) => {
    const { trajectories, lengths } = player.play(theta, key);
    frames = episodeScenes(environment, trajectories!, { label: (t) => `${(t * 0.02).toFixed(1)} s` });
    const { data } = trajectories!.observations;
    const steps = Array.from({ length: lengths.item() }, (_, t) => t);
    return {
      name: i === 0 ? "initial" : "tuned",
      x: steps.map((t) => t * 0.02),
      y: steps.map((t) => (data[4 * t + 2]! * 180) / Math.PI),
    };
  });
  const pole: Figure = {
    id: "pole",
    title: "Angle of the pole",
    caption: "One episode from the same start by the first and the tuned controller; 12 degrees end it.",
    x: { label: "time (s)" },
    y: { label: "angle (degrees)", domain: [-13, 13] },
    series,
  };
  return [
    pole,
    {
      id: "poles",
      title: "Cart and pole by the tuned controller",
      caption: "The same episode, from its start to its end.",
      x: { label: "x (m)" },
      y: { label: "y (m)" },
      series: [],
      frames,
    },
  ];
}
