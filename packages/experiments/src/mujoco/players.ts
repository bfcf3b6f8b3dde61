/** What plays MuJoCo's environments in the threads of a pool: a module of its own, because each of them loads it. */
import {
  type Json,
  OptionError,
  type SimulatedEnvironment,
  type SimulatedPolicy,
  linearSimulated,
  mlpSimulated,
  requireKnownOptions,
  spaceSize,
} from "unspool";
import { mujocoEnvironments } from "./mujocoEnvironments.ts";

/** Plain data. */
export type MujocoPlayerOptions = {
  /** One of `mujocoEnvironments`. */
  environment: string;
  /** Units of hidden layers; none for a linear policy. Default none. */
  hidden?: number[];
  /** Steps of an episode. Default: the environment's. */
  timeLimit?: number;
};

/** A linear policy, or a network, in one of MuJoCo's environments. */
export function mujocoPlayer(options: Json): { environment: SimulatedEnvironment; policy: SimulatedPolicy } {
  if (options === null || typeof options !== "object" || Array.isArray(options))
    throw new OptionError("mujocoPlayer", "options", options, 'a record such as { environment: "swimmer" }');
  const given = options as MujocoPlayerOptions;
  requireKnownOptions("mujocoPlayer", given, ["environment", "hidden", "timeLimit"]);
  const { hidden = [], timeLimit } = given;
  const environment = mujocoEnvironments.create(
    given.environment,
    timeLimit === undefined ? {} : { timeLimit },
  );
  const sizes = {
    observationSize: spaceSize(environment.observationSpace),
    actionSize: spaceSize(environment.actionSpace),
  };
  const policy = hidden.length === 0 ? linearSimulated(sizes) : mlpSimulated({ ...sizes, hidden });
  return { environment, policy };
}
