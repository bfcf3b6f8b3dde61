/** The ways to tune a controller that are compared: ZOAC, without its critic, and searches by whole episodes. */
import {
  type EpisodePlayer,
  type Evaluate,
  type Method,
  adam,
  askTell,
  createSearch,
  searchEntry,
  episodePlayer,
  searchNames,
  zoac,
} from "unspool";
import type { ControlTask, ControlTheta } from "./controlTasks.ts";

/** "es": one perturbation per episode, and the plain return; the others are searches by their names. */
export const methodNames: [string, ...string[]] = ["zoac", "no-critic", "es", ...searchNames];

export interface ControlSettings extends ControlTask {
  lambda: number;
  criticRate: number;
}

export function controlMethod(name: string, settings: ControlSettings): Method<ControlTheta> {
  const { policy, sigma, samplers, segmentLength, segments, learningRate, box, wholeEpisodes } = settings;
  const environment = settings.environment();
  const actor = adam({ learningRate });
  const { lambda, criticEpochs, criticRate, advantages, isNormalized } = settings;
  if (name === "zoac" || name === "no-critic") {
    const critic =
      name === "zoac" ? { epochs: criticEpochs, optimizer: adam({ learningRate: criticRate }) } : null;
    const segment = { samplers, segmentLength, segments };
    return zoac({
      environment,
      policy,
      sigma,
      box,
      ...segment,
      lambda,
      critic,
      advantages,
      isNormalized,
      actor,
    });
  }
  if (name === "es") {
    const whole = { samplers: wholeEpisodes, segmentLength: environment.timeLimit, segments: 1 };
    return zoac({ environment, policy, sigma, box, ...whole, evaluation: "monteCarlo", actor });
  }
  const bounds = box === null ? {} : { box: { low: box[0], high: box[1] } };
  // A model of the losses learns from each evaluation: it is asked for one candidate at a time.
  const population = searchEntry(name).kind === "model" ? 1 : wholeEpisodes;
  const search = createSearch<ControlTheta>(name, { sigma, population, ...bounds });
  const evaluate = wholeReturns(episodePlayer(environment, policy));
  return askTell({ search, evaluate }) as Method<ControlTheta>;
}

/** Minus the return of one episode of each candidate; all of a step play the same. */
function wholeReturns(player: EpisodePlayer<ControlTheta>): Evaluate<ControlTheta> {
  return (candidates, key) => {
    const { returns, innerSteps } = player.playEach(candidates, key);
    return { losses: returns.data.map((value: number) => -value), innerSteps };
  };
}
