/** Lookahead around SGD with momentum on a small network for MNIST, and its own hyperparameters tuned. */
import { type Cell, type CellResults, type Experiment, type Study, defineStudy } from "unspool";
import { z } from "zod";
import { allDone, curveOf, doneOf, meanOverSteps } from "../shared/records.ts";
import { type Trained, trainedOf } from "../shared/trainedGrid.ts";
import { type Method, k, methodNames, settings } from "./lookaheadMethods.ts";
import {
  type Sweep,
  curvesFigure,
  profileFigure,
  robustnessFigure,
  tunedFigure,
} from "./lookaheadMnistFigures.ts";
import { type Profile, lookaheadProfile, profileOf } from "./lookaheadProfile.ts";
import { lookaheadRuns } from "./lookaheadRuns.ts";
import {
  type LookaheadTheta,
  judgedRuns,
  lookaheadJudged,
  lookaheadTuning,
  tuningFields,
} from "./lookaheadTuning.ts";

const config = z.strictObject({
  ...tuningFields,
  seeds: z.int().min(1).default(2).describe("training runs per setting of the sweep, and of the profile"),
});

type Config = z.infer<typeof config>;

/** Learning rates whose inner loops are looked at, with momentum 0.9. */
const profileRates = [0.1, 0.2];

export const lookaheadMnist: Study = defineStudy<Config>({
  name: "lookahead-mnist",
  summary:
    "Lookahead on a small network: sweep over learning rates, inner loops, and its hyperparameters tuned",
  paper: "Zhang, Lucas, Hinton, Ba (NeurIPS 2019), sections 5 and 6, at CPU size",
  config,
  cells({ seeds, ...tuning }, seed) {
    const { learningRate, momentum, alpha, horizon } = tuning;
    const windows = Math.max(1, Math.floor((0.4 * horizon) / k));
    const before = Math.max(1, horizon - windows * k);
    const judged = { learningRate, momentum, alpha, horizon };
    return [
      ...methodNames.flatMap((method) =>
        sweepIds(method, seeds).map((id, network): Cell => ({
          id,
          experiment: lookaheadRuns as Experiment,
          config: { method, horizon, network },
          seed,
        })),
      ),
      ...profileRates.map((rate): Cell => ({
        id: profileId(rate),
        experiment: lookaheadProfile as Experiment,
        config: { learningRate: rate, before, windows, seeds },
        seed,
      })),
      { id: "tuning", experiment: lookaheadTuning as Experiment, config: tuning, seed },
      { id: "before-tuning", experiment: lookaheadJudged() as Experiment, config: judged, seed },
      {
        id: "after-tuning",
        after: ["tuning"],
        config: judged,
        seed,
        async experiment(results) {
          return lookaheadJudged((await results.get("tuning")!.theta()) as LookaheadTheta) as Experiment;
        },
      },
    ];
  },
  summarise(results, given) {
    const trained = sweepOf(results, given.seeds);
    const profiles = profilesOf(results);
    const [before, after] = ["before-tuning", "after-tuning"].map((id) => doneOf(results, id)?.metrics);
    const names = methodNames.filter((name) => trained[name] !== undefined);
    return {
      metrics: {
        ...doneOf(results, "tuning")?.evaluation?.metrics,
        ...(before && { initialMeanLoss: meanOverSteps(before) }),
        ...(after && { tunedMeanLoss: meanOverSteps(after) }),
        ...measures(trained, profiles.at(-1)?.profile),
      },
      tables: [
        {
          title: `Training loss after ${given.horizon} updates (test accuracy), means of ${given.seeds} seeds`,
          columns: ["momentum", "learning rate", ...names],
          rows: settings.map(({ momentum, learningRate }, i) => [
            momentum,
            learningRate,
            ...names.map((name) => shown(trained[name]![i]!)),
          ]),
        },
      ],
      figures: [
        ...(names.length === 0 ? [] : [curvesFigure(trained)]),
        ...(profiles.length === 0 ? [] : [profileFigure(profiles)]),
        ...(names.length === 0 ? [] : [robustnessFigure(trained, 0.9), robustnessFigure(trained, 0)]),
        ...(before && after
          ? [tunedFigure(curveOf(before, "loss", judgedRuns), curveOf(after, "loss", judgedRuns))]
          : []),
      ],
    };
  },
}) as Study;

function sweepIds(method: Method, seeds: number): string[] {
  const name = method.toLowerCase().replaceAll(/[^a-z0-9.]+/g, "-");
  return Array.from({ length: seeds }, (_, network) => `${name}-network-${network}`);
}

const profileId = (learningRate: number): string => `profile-${learningRate}`;

/** Of the methods whose training runs are all done. */
export function sweepOf(results: CellResults, seeds: number): Sweep {
  const entries = methodNames.flatMap((name) => {
    const networks = allDone(results, sweepIds(name, seeds));
    return networks === undefined ? [] : [[name, trainedOf(networks, settings.length)] as const];
  });
  return Object.fromEntries(entries) as Sweep;
}

/** By learning rate. */
export function profilesOf(results: CellResults): { learningRate: number; profile: Profile }[] {
  return profileRates.flatMap((learningRate) => {
    const records = doneOf(results, profileId(learningRate))?.metrics;
    return records === undefined ? [] : [{ learningRate, profile: profileOf(records) }];
  });
}

/** Numbers that the claims are about. Settings with momentum 0.9: the last four. */
function measures(trained: Sweep, profile: Profile | undefined): Record<string, number> {
  const at = (name: Method, learningRate: number): Trained | undefined =>
    trained[name]?.[settings.findIndex((one) => one.momentum === 0.9 && one.learningRate === learningRate)];
  const spread = (name: Method): number | undefined => {
    const losses = trained[name]?.slice(-4).map(({ trainLoss }) => trainLoss);
    return losses && Math.max(...losses) / Math.min(...losses);
  };
  const found = {
    plainLossAt02: at("plain", 0.2)?.trainLoss,
    lookaheadLossAt02: at("Lookahead 0.5", 0.2)?.trainLoss,
    plainAccuracyAt02: at("plain", 0.2)?.testAccuracy,
    lookaheadAccuracyAt02: at("Lookahead 0.5", 0.2)?.testAccuracy,
    plainLossAt001: at("plain", 0.01)?.trainLoss,
    lookaheadLossAt001: at("Lookahead 0.5", 0.01)?.trainLoss,
    plainSpread: spread("plain"),
    lookaheadSpread: spread("Lookahead 0.5"),
    slowOverLastFast: profile && profile.slow / profile.fast.at(-1)!,
  };
  return Object.fromEntries(
    Object.entries(found).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}

function shown({ trainLoss, testAccuracy }: Trained): string {
  return `${trainLoss.toFixed(4)} (${(100 * testAccuracy).toFixed(1)} %)`;
}
