/** What played segments were worth, and the critic that has learned from them. */
import { type Key, random } from "../../array/index.ts";
import type { CriticState } from "./critic.ts";
import { criticTargets } from "./criticTargets.ts";
import { type PlayedSegments, joined, playedRows, segmentRecords } from "./playedSegments.ts";
import { segmentAdvantages } from "./segmentAdvantages.ts";
import type { ZoacParts } from "./zoacOptions.ts";

export interface Judgement {
  /** One per segment, by sampler. */
  advantages: Float64Array;
  /** The critic's target at the first step of each segment: what the return from there on is estimated to be. */
  values: Float64Array;
  critic: CriticState | null;
  /** Mean squared error of the last epoch. */
  criticLoss?: number;
}

/** Trains the critic on the segments, and judges them by it. */
export function judgeSegments(
  parts: Pick<ZoacParts<unknown>, "critic" | "discount" | "lambda" | "advantages" | "evaluation">,
  played: PlayedSegments,
  start: CriticState | null,
  key: Key,
): Judgement {
  const { critic, discount, lambda, advantages: which, evaluation } = parts;
  const factors = evaluation === "monteCarlo" ? { discount: 1, lambda: 1 } : { discount, lambda };
  const look = (state: CriticState | null) => {
    const values = state === null ? undefined : critic!.values(state, played.observations);
    const records = segmentRecords(played, values);
    return { records, targets: records.map((record) => criticTargets(record, factors)) };
  };
  let state = start;
  let criticLoss: number | undefined;
  let seen = look(state);
  if (critic !== undefined && state !== null) {
    const rows = playedRows(played);
    for (let epoch = 0; epoch < critic.epochs; epoch++) {
      if (epoch > 0 && which !== "collected") seen = look(state);
      const targets = joined(seen.targets);
      const fitted = critic.fit(state, played.observations, rows, targets, random.foldIn(key, epoch));
      ({ state, loss: criticLoss } = fitted);
    }
    if (which === "final") seen = look(state);
  }
  return {
    advantages: joined(seen.records.map((record) => segmentAdvantages(record, factors))),
    values: joined(
      seen.records.map(({ starts }, i) => Float64Array.from(starts, (at) => seen.targets[i]![at]!)),
    ),
    critic: state,
    ...(criticLoss !== undefined && { criticLoss }),
  };
}
