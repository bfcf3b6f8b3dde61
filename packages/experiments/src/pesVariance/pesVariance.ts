/** How the variance of persistent ES depends on the number of windows: a character model on three kinds of text. */
import {
  type CharacterModelTheta,
  type Experiment,
  type Key,
  type Measure,
  adam,
  characterModel,
  defineExperiment,
  initCharacterModel,
  innerProblem,
  markovText,
  random,
  tree,
  unroll,
} from "unspool";
import { z } from "zod";
import { estimatorFields, estimatorOptions } from "../shared/fields.ts";
import { outerParts } from "../shared/outerParts.ts";
import { measureEach } from "../shared/measureInParts.ts";
import { outerRate } from "../shared/outerRate.ts";
import { estimatorsFigure, sigmaFigure, textsFigure, windowsFigure } from "./pesVarianceFigures.ts";
import { grid } from "../shared/series.ts";
import {
  type Predicted,
  type Study,
  type StudySettings,
  type TextProblem,
  type TextStudy,
  divisors,
  randomText,
  sigmaErrors,
  studyText,
} from "./varianceStudy.ts";
import { withSearches } from "../shared/withSearches.ts";

const config = withSearches(
  z.strictObject({
    ...estimatorFields({ sigma: 1e-3, pairs: 50, truncation: 10 }),
    steps: z.int().min(1).default(1500).describe("outer steps of training"),
    learningRate: z.number().positive().default(1e-2).describe("of Adam on the model"),
    text: z.enum(["markov", "random", "repeated"]).default("markov").describe("what the model is trained on"),
    horizon: z.int().min(2).default(100).describe("characters per trajectory, T"),
    units: z.int().min(1).default(5).describe("of the LSTM, and size of the embedding"),
    symbols: z.int().min(2).default(27).describe("kinds of characters"),
    studyPairs: z.int().min(2).default(256).describe("single pairs of which each variance is measured"),
    sigmas: z
      .array(z.number().positive())
      .default([1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-2, 1e-1])
      .describe("perturbations of the ablation; [] leaves it out"),
    dtype: z.enum(["float32", "float64"]).default("float64"),
  }),
);

type Config = z.infer<typeof config>;
type Theta = CharacterModelTheta;
type Text = Config["text"];
type Texts = Record<Text, Int32Array>;

/** Characters to train on and held out. */
const [trainingLength, heldOutLength] = [10_000, 2_000];

export const pesVariance: Experiment<unknown, Theta> = defineExperiment<Config, Theta>({
  name: "pes-variance",
  summary: "variance of PES against the number of windows, for a character LSTM on three kinds of text",
  paper:
    "Vicol, Metz, Sohl-Dickstein (ICML 2021), variance study; Vicol, Kolter, Swersky (ICML 2023), Figure 1",
  config,
  setup(settings: Config, key: Key) {
    const { estimator, learningRate, steps, horizon, symbols, units, dtype } = settings;
    const { texts, entropy } = makeTexts(random.foldIn(key, "texts"), symbols);
    const text = texts[settings.text];
    const problem = characterModel({ text: text.slice(0, trainingLength), symbols, horizon }) as TextProblem;
    const options = { ...estimatorOptions(settings), objective: "mean" } as const;
    const random32 = initCharacterModel(random.foldIn(key, "theta"), { symbols, embedding: units, units });
    const theta = tree.astype(random32, dtype);
    const study = (measure: Measure): Promise<Study> =>
      studyAll(texts, theta, settings, { key: random.foldIn(key, "study"), measure });
    const heldOut = (at: Theta): number => heldOutLoss(text.slice(trainingLength), symbols, at);
    const rate = outerRate(learningRate, (to) => adam({ learningRate: to }));
    return {
      theta,
      ...outerParts(estimator, problem, options, rate.optimizer(rate.value)),
      inner: innerProblem(problem, options, rate),
      steps,
      async evaluate(trained, initial, _steps, measure) {
        const losses = await measureEach(measure, "held-out loss", [initial, trained], (at) => [heldOut(at)]);
        const found = await study(measure);
        return {
          metrics: {
            initialLoss: losses[0]![0]!,
            trainedLoss: losses[1]![0]!,
            entropy: { markov: entropy, random: Math.log(symbols), repeated: 0 }[settings.text],
            ...measures(found),
          },
          table: {
            title: `Total variance of one pair over |gradient|², summed over T = ${horizon} characters, initial theta`,
            columns: ["text", "estimator", "K", "windows", "measured", "standard error", "closed form"],
            rows: tableRows(found, horizon),
          },
        };
      },
      async figures(_run, measure) {
        const found = await study(measure);
        return [
          textsFigure(found, horizon, tree.size(theta)),
          estimatorsFigure(found.texts.markov, horizon),
          windowsFigure(found.texts.markov, horizon),
          ...(settings.sigmas.length === 0 ? [] : [sigmaFigure(found.sigmas, horizon)]),
        ];
      },
    };
  },
});

function makeTexts(key: Key, symbols: number): { texts: Texts; entropy: number } {
  const length = trainingLength + heldOutLength;
  const { text, entropy } = markovText({ length, symbols, key: random.foldIn(key, "markov") });
  return {
    texts: {
      markov: text,
      random: randomText(random.foldIn(key, "random"), length, symbols),
      repeated: new Int32Array(length),
    },
    entropy,
  };
}

/** Mean cross-entropy per character in nats over the held-out text. */
function heldOutLoss(text: Int32Array, symbols: number, theta: Theta): number {
  const problem = characterModel({ text, symbols, horizon: text.length - 1 });
  return unroll(problem, theta, { key: random.key(0) })
    .losses.mean()
    .item();
}

async function studyAll(
  texts: Texts,
  theta: Theta,
  settings: Config,
  { key, measure }: { key: Key; measure: Measure },
): Promise<Study> {
  const { horizon, sigma, studyPairs: pairs, sigmas } = settings;
  const exact = tree.astype(theta, "float64");
  const truncations = measuredTruncations(horizon);
  const study: StudySettings = { horizon, sigma, pairs, truncations, key, measure };
  return {
    texts: {
      markov: await studyText("Markov text", texts.markov, exact, study, true),
      random: await studyText("random characters", texts.random, exact, study, false),
      repeated: await studyText("one repeated character", texts.repeated, exact, study, false),
    },
    sigmas: sigmas.length === 0 ? [] : await sigmaErrors(texts.markov, exact, study, sigmas),
  };
}

/** Up to six divisors of the horizon, from single steps to the whole, about evenly spaced on a logarithmic axis. */
function measuredTruncations(horizon: number): number[] {
  const picks = grid(0, 1, 6).map((share) => {
    const distance = (k: number) => Math.abs(Math.log(k) - share * Math.log(horizon));
    return divisors(horizon).reduce((best, k) => (distance(k) < distance(best) ? k : best));
  });
  return [...new Set(picks)];
}

function measures({ texts }: Study): Record<string, number> {
  const pes = ({ predicted }: TextStudy) => predicted.map((point) => point.pes);
  const scores = Object.values(texts).flatMap(({ predicted, measured }) =>
    Object.entries(measured).flatMap(([name, points]) =>
      points.map((point) => (point.value - at(predicted, point.truncation)[name as "pes"]) / point.error),
    ),
  );
  return {
    largestScore: Math.max(...scores.map(Math.abs)),
    // Of the predicted curves: at single steps, and at the best window length.
    randomPes: pes(texts.random)[0]!,
    repeatedPes: pes(texts.repeated)[0]!,
    markovPes: pes(texts.markov)[0]!,
    markovBestPes: Math.min(...pes(texts.markov)),
    nres: texts.markov.predicted[0]!.nres,
  };
}

function at(predicted: readonly Predicted[], truncation: number): Predicted {
  return predicted.find((point) => point.truncation === truncation)!;
}

function tableRows({ texts }: Study, horizon: number): (string | number)[][] {
  return Object.entries(texts).flatMap(([text, { predicted, measured }]) =>
    Object.entries(measured).flatMap(([name, points]) =>
      points.map(({ truncation, value, error }) => [
        text,
        name,
        truncation,
        horizon / truncation,
        value,
        error,
        at(predicted, truncation)[name as "pes"],
      ]),
    ),
  );
}
