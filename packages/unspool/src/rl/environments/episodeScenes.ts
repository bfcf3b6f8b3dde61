/** Episodes for figures: pictures of states, and what was observed over time. */
import { type Tensor, tree } from "../../array/index.ts";
import { OptionError, requireInteger } from "../../errors.ts";
import type { Environment } from "./environment.ts";
import type { Trajectories } from "./episodePlayer.ts";
import type { Scene } from "./scene.ts";

export interface LabelledScene extends Scene {
  label: string;
}

export interface EpisodeScenesOptions {
  /** Which of the episodes. Default 0. */
  episode?: number;
  /** Pictures, evenly spaced from the start to the last step. Default 12. */
  count?: number;
  /** Of a step. Default "t = …". */
  label?(t: number): string;
}

/** Pictures of a recorded episode. Throws `OptionError` for an environment that has none. */
export function episodeScenes<State>(
  environment: Environment<State>,
  trajectories: Trajectories<State>,
  options: EpisodeScenesOptions = {},
): LabelledScene[] {
  const { episode = 0, count = 12, label = (t) => `t = ${t}` } = options;
  requireInteger("episodeScenes", "episode", episode, 0);
  requireInteger("episodeScenes", "count", count, 1);
  const { scene, name } = environment;
  if (scene === undefined)
    throw new OptionError("episodeScenes", "environment", name, "one that has a `scene`");
  return spread(lengthOf(trajectories, episode), count).map((t) => {
    const state = tree.map((leaf: Tensor) => leaf.slice(t, episode), trajectories.states);
    return { label: label(t), ...scene(state) };
  });
}

/** Steps that an episode took. */
export function lengthOf({ isAlive }: Pick<Trajectories, "isAlive">, episode: number): number {
  const [steps, episodes] = isAlive.shape as [number, number];
  if (episode >= episodes) throw new OptionError("episodeScenes", "episode", episode, `below ${episodes}`);
  let length = 0;
  while (length < steps && isAlive.data[length * episodes + episode] === 1) length++;
  return length;
}

/** What was observed in an episode, one list of numbers for each. */
export function episodeObservations(trajectories: Trajectories, episode: number = 0): number[][] {
  const { observations } = trajectories;
  const [, episodes, width = 1] = observations.shape as [number, number, number?];
  const length = lengthOf(trajectories, episode);
  return Array.from({ length: width }, (_, i) =>
    Array.from({ length }, (_step, t) => observations.data[(t * episodes + episode) * width + i]!),
  );
}

/** `count` whole numbers from 0 to `length` - 1, the first and the last among them. */
export function spread(length: number, count: number): number[] {
  if (length <= count) return Array.from({ length }, (_, t) => t);
  return Array.from({ length: count }, (_, i) => Math.round((i * (length - 1)) / Math.max(1, count - 1)));
}
