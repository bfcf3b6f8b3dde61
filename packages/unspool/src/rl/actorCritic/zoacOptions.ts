/** Options of ZOAC, checked once for its estimator and its searching actor. */
import { OptionError, requireOneOf } from "../../errors.ts";
import type { Environment, Policy } from "../environments/environment.ts";
import { type Critic, type CriticOptions, critic } from "./critic.ts";
import {
  type SegmentPlayer,
  type SegmentPlayerOptions,
  checkedPlayer,
  segmentPlayer,
  segmentPlayerOptions,
} from "./segmentPlayer.ts";
import { type DiscountOptions, discountsOf } from "./segmentRecord.ts";
import { simulatedSegmentPlayer } from "./simulatedSegmentPlayer.ts";
import type { SimulatedSamplers } from "./simulatedSegments.ts";

/** What the estimator and the searching actor have in common. */
export interface SegmentJudgement extends DiscountOptions {
  /** Critic, or null: V is 0. Default: two layers of 64, see `CriticOptions`. */
  critic?: CriticOptions | null;
  /**
   * Which critic advantages are of: the one that was there when the segments were played ("collected"), the one before
   * the last epoch, with targets computed anew before each ("lastEpoch", as the authors' code), or the one after it
   * ("final"). Default "lastEpoch".
   */
  advantages?: "collected" | "lastEpoch" | "final";
  /**
   * What a segment is judged by: its advantage ("gae"), or the plain sum of its rewards ("monteCarlo": one segment per
   * update, no critic; with segments as long as episodes this is an evolution strategy). Default "gae".
   */
  evaluation?: "gae" | "monteCarlo";
  /** Whether episodes go on from update to update ("full"), or are cut off after each ("truncated"). Default "full". */
  episodes?: "full" | "truncated";
}

export interface ZoacCommonOptions<Theta> extends SegmentJudgement, SegmentPlayerOptions {
  /**
   * A traced environment, made by `defineEnvironment`; or simulators in plain code, made by `simulatedSamplers` or as
   * `samplers` of a `simulatorPool`.
   */
  environment: Environment | SimulatedSamplers;
  /**
   * What acts in it; it need not be differentiable. Simulators have a policy of their own that acts, and this one says what
   * theta is: its numbers, leaf by leaf, are those of theirs. The filter of a `filteredPolicy` follows what is seen, and is
   * neither perturbed nor trained; the critic sees through it as well.
   */
  policy: Policy<Theta>;
  /** Whether the filter of a filtered policy follows what is seen, or stays as it is in theta. Default true. */
  isFilterUpdated?: boolean;
}

export const commonNames: readonly (keyof ZoacCommonOptions<unknown>)[] = [
  "environment",
  "policy",
  "isFilterUpdated",
  "discount",
  "lambda",
  "critic",
  "advantages",
  "evaluation",
  "episodes",
  ...segmentPlayerOptions,
];

export interface ZoacParts<Theta> {
  environment: Environment | SimulatedSamplers;
  policy: Policy<Theta>;
  isFilterUpdated: boolean;
  player: SegmentPlayer<Theta>;
  critic: Critic | undefined;
  discount: number;
  lambda: number;
  advantages: "collected" | "lastEpoch" | "final";
  evaluation: "gae" | "monteCarlo";
  episodes: "full" | "truncated";
  /** The options as data. */
  recipe: { [option: string]: string | number | boolean | null | (number | string)[] };
}

/** The checked parts. `segments` is how many each sampler plays in an update, where that is known. */
export function zoacParts<Theta>(
  where: string,
  options: ZoacCommonOptions<Theta>,
  segments?: number,
): ZoacParts<Theta> {
  const { isFilterUpdated = true } = options;
  const { environment, policy, advantages = "lastEpoch", evaluation = "gae", episodes = "full" } = options;
  requireEnvironment(where, environment);
  if (typeof policy?.act !== "function" || typeof policy.init !== "function")
    throw new OptionError(where, "policy", policy, "a policy, with init and act");
  const { discount, lambda } = discountsOf(where, pick(options, ["discount", "lambda"]));
  requireOneOf(where, "advantages", advantages, ["collected", "lastEpoch", "final"]);
  requireOneOf(where, "evaluation", evaluation, ["gae", "monteCarlo"]);
  requireOneOf(where, "episodes", episodes, ["full", "truncated"]);
  if (evaluation === "monteCarlo" && segments !== undefined && segments !== 1) {
    const hint = "The plain return of a segment is comparable at the starts of episodes only.";
    throw new OptionError(where, "segments", segments, '1 where evaluation is "monteCarlo"', hint);
  }
  const hasCritic = options.critic !== null && evaluation !== "monteCarlo";
  const own = hasCritic ? critic(where, options.critic ?? {}) : undefined;
  const player = pick(options, segmentPlayerOptions);
  if (!environment.isTraceable) player.samplers ??= environment.samplers;
  const { box, ...numbers } = checkedPlayer(where, player);
  return {
    environment,
    policy,
    isFilterUpdated,
    player: environment.isTraceable
      ? segmentPlayer(environment, policy, player)
      : simulatedSegmentPlayer(environment, policy, player),
    critic: own,
    discount,
    lambda,
    advantages,
    evaluation,
    episodes,
    recipe: {
      environment: environment.name,
      policy: policy.name,
      isFilterUpdated,
      ...numbers,
      box: box === null ? null : box.map((bound) => (Number.isFinite(bound) ? bound : String(bound))),
      discount,
      lambda,
      advantages,
      evaluation,
      episodes,
      criticEpochs: own?.epochs ?? null,
      criticBatch: own?.batch ?? null,
    },
  };
}

function requireEnvironment(where: string, environment: Environment | SimulatedSamplers): void {
  if (environment?.isTraceable === true) return;
  if (environment?.isTraceable === false && typeof environment.play === "function") return;
  const isPool = typeof (environment as { play?: unknown } | undefined)?.play === "function";
  throw new OptionError(
    where,
    "environment",
    environment,
    "a traced environment, or simulators that play segments",
    isPool
      ? "Of a pool give its samplers: pool.samplers, of one that is made with the option samplers."
      : "Make one by defineEnvironment. Of a simulator in plain code make some by simulatedSamplers or simulatorPool.",
  );
}

/** Those of the options that have these names and are given. */
function pick<Options extends object, Name extends keyof Options>(
  options: Options,
  names: readonly Name[],
): Partial<Pick<Options, Name>> {
  const picked: Partial<Pick<Options, Name>> = {};
  for (const name of names) if (options[name] !== undefined) picked[name] = options[name];
  return picked;
}
