/** Figures of `lookahead-mnist`: learning curves, the inner loop, robustness over learning rates. */
import type { Figure, Series } from "unspool";
import type { Curve } from "../shared/records.ts";
import { type Trained, stepsPerPoint } from "../shared/trainedGrid.ts";
import { type Method, k, methodNames, settings } from "./lookaheadMethods.ts";
import type { Profile } from "./lookaheadProfile.ts";

/** By method, those that are there; each in the order of the settings. */
export type Sweep = Partial<Record<Method, Trained[]>>;

function settingOf(learningRate: number, momentum: number): number {
  return settings.findIndex((one) => one.learningRate === learningRate && one.momentum === momentum);
}

export function curvesFigure(trained: Sweep): Figure {
  const methods: Method[] = ["plain", "Lookahead 0.5"];
  const series = [0.03, 0.1, 0.2].flatMap((learningRate) =>
    methods.flatMap((name): Series[] => {
      const curve = trained[name]?.[settingOf(learningRate, 0.9)]!.curve;
      return curve === undefined ? [] : [{ name: `${name}, lr ${learningRate}`, ...curve }];
    }),
  );
  return {
    id: "training-loss",
    title: "Training loss, momentum 0.9",
    caption:
      `On fresh batches, means over ${stepsPerPoint} updates and over seeds; Lookahead (alpha 0.5, k = ${k}) by its slow weights. At a ` +
      "small learning rate Lookahead is slower; at 0.2, where plain SGD has stopped to improve, it goes on down. After " +
      "the paper's training-loss figures (CIFAR), at CPU size.",
    x: { label: "update" },
    y: { label: "cross-entropy", scale: "log" },
    series,
  };
}

export function profileFigure(profiles: readonly { learningRate: number; profile: Profile }[]): Figure {
  return {
    id: "inner-loop",
    title: "Loss on the whole training set within a window",
    caption:
      `Fast weights after 1 to ${k} inner steps, then the slow weights after the pull (last point), means over the windows ` +
      "of the last two fifths of training. Within a window the loss rises with every step, and the pull takes back more than all of it. " +
      "After the paper's figure of test accuracy within the inner loop.",
    x: { label: `inner step (${k + 1}: after the pull)` },
    y: { label: "training loss" },
    series: profiles.map(({ learningRate, profile: { fast, slow } }) => ({
      name: `lr ${learningRate}, momentum 0.9`,
      x: [...fast, slow].map((_, i) => i + 1),
      y: [...fast, slow],
    })),
  };
}

export function robustnessFigure(trained: Sweep, momentum: 0 | 0.9): Figure {
  const rows = settings.flatMap((one, i) => (one.momentum === momentum ? [i] : []));
  return {
    id: momentum === 0 ? "robustness-without-momentum" : "robustness",
    title: `Final training loss over learning rates, ${momentum === 0 ? "no momentum" : `momentum ${momentum}`}`,
    caption:
      "Whole training set, means over seeds; averages (SWA, EMA) evaluate their mean. " +
      (momentum === 0
        ? "Without momentum nothing oscillates, and Lookahead pays with speed until the largest learning rate."
        : "Lookahead's curve stays flat where that of plain SGD turns up; averages of plain iterates are best in the middle and turn up too. After the paper's robustness figure."),
    x: { label: "learning rate", scale: "log" },
    y: { label: "training loss at the end", scale: "log" },
    series: methodNames.flatMap((name) => {
      const own = trained[name];
      if (own === undefined) return [];
      const x = rows.map((i) => settings[i]!.learningRate);
      return [{ name, x, y: rows.map((i) => own[i]!.trainLoss) }];
    }),
  };
}

export function tunedFigure(initial: Curve, tuned: Curve): Figure {
  return {
    id: "tuned",
    title: "Lookahead before and after its hyperparameters were tuned",
    caption:
      `On fresh batches, means over ${stepsPerPoint} updates and over training runs from new seeds. Learning rate, momentum and alpha are ` +
      "tuned together, through whole training runs, by the estimator of this run.",
    x: { label: "update" },
    y: { label: "cross-entropy", scale: "log" },
    series: [
      { name: "before tuning", ...initial },
      { name: "after tuning", ...tuned },
    ],
  };
}
