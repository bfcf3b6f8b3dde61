/** What both actors of ZOAC do alike: the state of samplers and critic, and the metrics of an update. */
import { type Key, np, random } from "../../array/index.ts";
import {
  type Filter,
  type RunningFilter,
  plainFilter,
  updateRunningFilter,
} from "../environments/observationFilter.ts";
import { filtered } from "../environments/playSimulated.ts";
import { momentsOf } from "../environments/runningMoments.ts";
import type { CriticState } from "./critic.ts";
import { type Judgement, judgeSegments } from "./judgeSegments.ts";
import { type PlayedSegments, playedRows, stepsOf } from "./playedSegments.ts";
import type { Samplers } from "./segmentProgram.ts";
import type { ZoacParts } from "./zoacOptions.ts";

/** What the loss of these methods is. */
export const estimatedReturnNote: string =
  "Minus what the return from the starts of segments on is estimated to be, by the critic that is learned on the way: it also " +
  "moves as the critic learns and as episodes reach further, and may rise while the policy gets better. What was played is in meanReturn.";

export interface ZoacState {
  samplers: Samplers;
  critic: CriticState | null;
  /** Of a filtered policy: what has been seen so far, in float64. Plain numbers. */
  filter: RunningFilter | null;
}

export interface ZoacMetrics {
  /** Steps of the environments, all samplers together. */
  innerSteps: number;
  /** Episodes that have ended in this update. */
  episodes: number;
  /** Of those, with the perturbed parameters; absent where none has ended. */
  meanReturn?: number;
  /** Of the segments' advantages. */
  advantageStd: number;
  /** Mean squared error of the critic's last epoch. */
  criticLoss?: number;
  [metric: string]: number;
}

export function initZoac<Theta>(parts: ZoacParts<Theta>, theta: Theta, key: Key): ZoacState {
  const samplers = parts.player.start(theta, random.foldIn(key, "samplers"));
  const size = samplers.observation.size / parts.player.samplers;
  const { filter } = parts.policy;
  return {
    samplers,
    critic: parts.critic?.init(random.foldIn(key, "critic"), size) ?? null,
    filter: filter && parts.isFilterUpdated ? { count: 0, ...plainFilter(filter.get(theta)) } : null,
  };
}

/** What the critic sees of played observations: what the policy saw. */
function seenBy(filter: Filter | undefined, clip: number, played: PlayedSegments): PlayedSegments {
  if (filter === undefined) return played;
  const plain = { ...plainFilter(filter), clip };
  const observations = new Float64Array(played.observations.length);
  for (let at = 0; at < observations.length; at += played.observationSize) {
    const row = observations.subarray(at, at + played.observationSize);
    filtered(plain, played.observations.subarray(at, at + played.observationSize), row);
  }
  return { ...played, observations };
}

/** The running filter with the observations before every step that was played. */
function withPlayed(filter: RunningFilter | null, played: PlayedSegments): RunningFilter | null {
  if (filter === null) return null;
  const { observationSize: size, observations } = played;
  const rows = playedRows(played).map((row) => observations.subarray(row * size, (row + 1) * size));
  return updateRunningFilter(filter, momentsOf(rows));
}

/** Plays, judges, and says what it saw. */
export function playAndJudge<Theta>(
  parts: ZoacParts<Theta>,
  theta: Theta,
  state: ZoacState,
  key: Key,
  play: (samplers: Samplers, key: Key) => PlayedSegments,
): { judged: Judgement; state: ZoacState; loss: number; metrics: ZoacMetrics } {
  const played = play(state.samplers, random.foldIn(key, "play"));
  const { filter } = parts.policy;
  const seen = seenBy(filter?.get(theta), filter?.clip ?? Infinity, played);
  const judged = judgeSegments(parts, seen, state.critic, random.foldIn(key, "critic"));
  const { advantages, values, critic, criticLoss } = judged;
  const { returns } = played;
  const mean = (of: ArrayLike<number>): number => Array.from(of).reduce((sum, x) => sum + x, 0) / of.length;
  const center = mean(advantages);
  const { samplers } = played;
  const isCut = parts.episodes === "truncated";
  const isOver = isCut ? np.ones([parts.player.samplers], { dtype: "bool" }) : samplers.isOver;
  return {
    judged,
    state: { samplers: { ...samplers, isOver }, critic, filter: withPlayed(state.filter, played) },
    loss: -mean(values),
    metrics: {
      innerSteps: stepsOf(played),
      episodes: returns.length,
      ...(returns.length > 0 && { meanReturn: mean(returns) }),
      advantageStd: Math.sqrt(mean(advantages.map((a) => (a - center) ** 2))),
      ...(criticLoss !== undefined && { criticLoss }),
    },
  };
}
