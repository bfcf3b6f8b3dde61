/** The programs of `episodePlayer`: how an episode starts, and a window of its steps. */
import { type Key, type Tensor, np, random, tensorOf, tree } from "../../array/index.ts";
import type { ForwardProgram } from "../../unroll/index.ts";
import type { Environment, Policy } from "./environment.ts";
import type { Trajectories } from "./episodePlayer.ts";
import { requireAction, rewardOfChoice } from "./requireAction.ts";
import { type MomentTensors, addToMoments, noMoments } from "./runningMoments.ts";

export interface EpisodeSettings {
  environment: Environment;
  policy: Policy;
  steps: number;
  discount: number;
  hasMoments: boolean;
  isRecorded: boolean;
}

interface EpisodeShared {
  theta?: unknown;
  key: Key;
}

/** How far an episode is. */
export interface EpisodeProgress {
  /** Bool: nothing happens any more. */
  isOver: Tensor;
  terminated: Tensor;
  /** int32. */
  length: Tensor;
  /** float64: the return so far, and the discount of the next reward. */
  value: Tensor;
  discount: Tensor;
}

/** An episode before its start. */
export interface EpisodeTicket {
  /** int32: which of the key's episodes. */
  episode: Tensor;
  theta?: unknown;
}

/** An episode between two windows. */
export interface EpisodeUnit {
  theta?: unknown;
  key: Key;
  state: unknown;
  observation: Tensor;
  progress: EpisodeProgress;
  moments?: MomentTensors;
}

/** What a step leaves for records, of the state before it. */
interface Done {
  state: unknown;
  observation: Tensor;
  action: Tensor;
  reward: Tensor;
  isAlive: Tensor;
  terminated: Tensor;
}

interface Carry {
  state: unknown;
  observation: Tensor;
  progress: EpisodeProgress;
  moments?: MomentTensors;
  done?: Done;
}

/** The leaves of `Done`, by their paths. */
export type Recorded = Record<string, Tensor>;

type Constant = { theta: unknown; key: Key };
type Start = ForwardProgram<EpisodeShared, EpisodeTicket, object, object, object, object, EpisodeUnit>;
type Window = ForwardProgram<EpisodeShared, EpisodeUnit, object, Constant, Carry, object, object>;

const wide = (value: number): Tensor => tree.scalar(value, "float64");
const no = (): Tensor => np.zeros([], { dtype: "bool" });

/** Episodes before their first step. */
export function episodeStart({ environment, hasMoments }: EpisodeSettings): Start {
  return {
    name: `episodes of ${environment.name} start`,
    length: 0,
    begin: () => ({ members: [], kept: {} }),
    step: (_shared, _constant, carry) => carry,
    finish(shared, unit) {
      const key = random.foldIn(shared.key, unit.episode);
      const state = environment.reset(random.foldIn(key, "reset"));
      const observation = environment.observe(state);
      const progress: EpisodeProgress = {
        isOver: no(),
        terminated: no(),
        length: tree.scalar(0, "int32"),
        value: wide(0),
        discount: wide(1),
      };
      const each: EpisodeUnit = {
        key,
        state,
        observation,
        progress,
        ...("theta" in unit && { theta: unit.theta }),
        ...(hasMoments && { moments: noMoments(observation.shape) }),
      };
      return { unit, mean: {}, each };
    },
  };
}

/** `length` steps of each episode. */
export function episodeProgram(settings: EpisodeSettings, length: number): Window {
  const { environment, policy, isRecorded } = settings;
  return {
    name: `episodes of ${environment.name} by ${policy.name}`,
    length,
    begin(shared, { theta = shared.theta, key, ...carried }) {
      const carry: Carry = carried;
      if (isRecorded) carry.done = firstDone(settings, theta, carry);
      return { members: [{ constant: { theta, key }, carry }], kept: {} };
    },
    step: (_shared, constant, carry) => playStep(settings, constant, carry),
    finish(_shared, unit, members) {
      const { done: _done, ...carried } = members[0]!.carry;
      return { unit: { ...unit, ...carried }, mean: {}, each: {} };
    },
    ...(isRecorded && {
      record: ({ done }: Carry) => Object.fromEntries(tree.entries(done)),
    }),
  };
}

function playStep(settings: EpisodeSettings, { theta, key }: Constant, carry: Carry): Carry {
  const { environment, policy, steps, discount } = settings;
  const { state, observation, progress } = carry;
  const stepKey = random.foldIn(random.foldIn(key, "steps"), progress.length);
  const action = policy.act(theta, observation, random.foldIn(stepKey, "policy"));
  requireAction(environment, policy, action);
  const next = environment.step(state, action, stepKey);
  const reward = rewardOfChoice(environment.actionSpace, action, next.reward);
  const isAlive = np.logicalNot(progress.isOver) as Tensor;
  // Chosen, not multiplied: what follows an end may not be finite.
  const gained = np.where(isAlive, reward.astype("float64"), wide(0)) as Tensor;
  const terminated = np.where(isAlive, next.terminated, progress.terminated) as Tensor;
  const length = progress.length.add(isAlive.astype("int32"));
  const moved = tree.select(isAlive, next.state, state);
  return {
    state: moved,
    observation: environment.observe(moved),
    progress: {
      isOver: np.logicalOr(terminated, length.greaterEqual(steps)) as Tensor,
      terminated,
      length,
      value: progress.value.add(gained.mul(progress.discount)),
      discount: progress.discount.mul(discount),
    },
    ...(carry.moments && { moments: addToMoments(carry.moments, observation, isAlive) }),
    ...(carry.done && {
      done: {
        state,
        observation,
        action,
        reward: gained,
        isAlive,
        terminated: np.logicalAnd(isAlive, next.terminated) as Tensor,
      },
    }),
  };
}

/** Something with the shapes and dtypes of a step's record, for the carry before the first. */
function firstDone(settings: EpisodeSettings, theta: unknown, { state, observation }: Carry): Done {
  const action = settings.policy.act(theta, observation, random.key(0));
  return { state, observation, action, reward: wide(0), isAlive: no(), terminated: no() };
}

/** Records of single steps as [steps, episodes, …]. */
export function trajectoriesOf<State>(
  { state }: EpisodeUnit,
  history: readonly Recorded[],
  steps: number,
): Trajectories<State> {
  const rows = history.slice(0, steps);
  const stacked = (path: string): Tensor => {
    const { dtype, shape, size, data } = rows[0]![path]!;
    const all = new (data.constructor as Float64ArrayConstructor)(rows.length * size);
    rows.forEach((row, t) => all.set(row[path]!.data, t * size));
    return tensorOf(all, [rows.length, ...shape], dtype);
  };
  const paths = tree.entries({ state }).map(([path]) => path);
  return {
    states: tree.unflatten(state, paths.map(stacked)) as State,
    observations: stacked("observation"),
    actions: stacked("action"),
    rewards: stacked("reward"),
    isAlive: stacked("isAlive"),
    terminated: stacked("terminated"),
  };
}
