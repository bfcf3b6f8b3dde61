/** What plays MuJoCo's environments in the threads of a pool: a module of its own, because each of them loads it. */
import {
  type Json,
  type ChoicePolicy,
  OptionError,
  type SimulatedEnvironment,
  type SimulatedPolicy,
  choiceSimulated,
  edgePruned,
  linearSimulated,
  mlpSimulated,
  requireKnownOptions,
  spaceSize,
  weightShared,
} from "unspool";
import { mujocoEnvironments } from "./mujocoEnvironments.ts";

/** Plain data. */
export type MujocoPlayerOptions = {
  /** One of `mujocoEnvironments`. */
  environment: string;
  /** Units of hidden layers; none for a linear policy. Default none. */
  hidden?: number[];
  /** Weights that all edges share, for `esEnas`: the choice is which edge has which (`weightShared`). Default: none do. */
  colours?: number;
  /** Edges that are kept, for `esEnas`: the choice is which (`edgePruned`). Default: all. */
  edges?: number;
  /** Steps of an episode. Default: the environment's. */
  timeLimit?: number;
};

/**
 * A linear policy, or a network, in one of MuJoCo's environments. With `colours` or `edges` its theta is a choice and its
 * numbers, as a candidate of `esEnas` in `mujocoChoices` of the same options; actions are then cut at ±1.
 */
export function mujocoPlayer(options: Json): { environment: SimulatedEnvironment; policy: SimulatedPolicy } {
  if (options === null || typeof options !== "object" || Array.isArray(options))
    throw new OptionError("mujocoPlayer", "options", options, 'a record such as { environment: "swimmer" }');
  const given = options as MujocoPlayerOptions;
  requireKnownOptions("mujocoPlayer", given, ["environment", "hidden", "colours", "edges", "timeLimit"]);
  const { hidden = [], colours, edges } = given;
  if (!Array.isArray(hidden))
    throw new OptionError("mujocoPlayer", "hidden", hidden, "a list of units, such as [64]");
  const environment = environmentOf(given);
  if (colours !== undefined || edges !== undefined)
    return { environment, policy: choiceSimulated(mujocoChoices(given)) };
  const sizes = {
    observationSize: spaceSize(environment.observationSpace),
    actionSize: spaceSize(environment.actionSpace),
  };
  const policy = hidden.length === 0 ? linearSimulated(sizes) : mlpSimulated({ ...sizes, hidden });
  return { environment, policy };
}

/**
 * The policy of a choice that `mujocoPlayer` plays with these options: its spaces are what `esEnas` searches, its `network`
 * draws what was found.
 */
export function mujocoChoices(options: MujocoPlayerOptions): ChoicePolicy {
  const { colours, edges, hidden = [] } = options;
  const { observationSpace, actionSpace } = environmentOf(options);
  const sizes = {
    ...{ observations: spaceSize(observationSpace), actions: spaceSize(actionSpace), hidden },
    output: "clip",
  } as const;
  if ((colours === undefined) === (edges === undefined))
    throw new OptionError("mujocoChoices", "colours", colours, "given, or edges, and not both");
  return colours === undefined
    ? edgePruned({ ...sizes, edges: edges! })
    : weightShared({ ...sizes, colours });
}

function environmentOf({ environment, timeLimit }: MujocoPlayerOptions): SimulatedEnvironment {
  return mujocoEnvironments.create(environment, timeLimit === undefined ? {} : { timeLimit });
}
