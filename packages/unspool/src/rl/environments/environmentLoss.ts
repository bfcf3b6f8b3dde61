/** An environment and a policy as what search methods want to know: a loss for each of some candidates. */
import type { Key } from "../../array/index.ts";
import { requireInteger, requireKnownOptions } from "../../errors.ts";
import type { Environment, Policy } from "./environment.ts";
import { type EpisodePlayerOptions, candidatesOf, episodePlayer } from "./episodePlayer.ts";

/** What `askTell` calls: candidates stacked along their first axis, and the key of this evaluation. */
export type EvaluateCandidates<Theta> = (
  candidates: Theta,
  key: Key,
) => { losses: Float64Array; innerSteps: number };

export interface EnvironmentLossOptions extends Pick<
  EpisodePlayerOptions,
  "steps" | "discount" | "executor"
> {
  /** Over which a candidate's return is averaged. Default 1. */
  episodes?: number;
  /** All candidates of an evaluation play the same episodes. Default true. */
  isCommon?: boolean;
}

/** Minus the mean return of each candidate, all episodes in one compiled program. */
export function environmentLoss<Theta, State>(
  environment: Environment<State>,
  policy: Policy<Theta>,
  options: EnvironmentLossOptions = {},
): EvaluateCandidates<Theta> {
  requireKnownOptions("environmentLoss", options, ["episodes", "isCommon", "steps", "discount", "executor"]);
  const { episodes = 1, isCommon = true, ...play } = options;
  requireInteger("environmentLoss", "episodes", episodes, 1);
  const player = episodePlayer(environment, policy, play);
  return (candidates, key) => {
    const { returns, innerSteps } = player.playEach(candidates, key, { episodes, isCommon });
    return { losses: lossesOf(returns.data, candidatesOf("environmentLoss", candidates)), innerSteps };
  };
}

/** Minus the mean of each candidate's returns, [candidates, episodes]. */
export function lossesOf(returns: ArrayLike<number>, candidates: number): Float64Array {
  const episodes = returns.length / candidates;
  const losses = new Float64Array(candidates);
  for (let i = 0; i < returns.length; i++) losses[Math.floor(i / episodes)]! -= returns[i]! / episodes;
  return losses;
}
