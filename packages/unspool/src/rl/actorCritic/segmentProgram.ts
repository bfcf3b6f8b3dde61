/** The programs of `segmentPlayer`: how samplers start, one segment of each, and the sum of their perturbations. */
import { type Key, type Tensor, np, random, tree } from "../../array/index.ts";
import { cut } from "../../estimators/index.ts";
import type { ForwardProgram } from "../../unroll/index.ts";
import type { Environment, Policy } from "../environments/environment.ts";
import { spaceShape } from "../environments/space.ts";

export interface SegmentSettings {
  environment: Environment;
  policy: Policy;
  segmentLength: number;
  sigma: number;
  /** Of every played parameter. */
  box: readonly [low: number, high: number] | null;
}

/** Where each sampler stands between two segments, [samplers, …]. */
export interface Samplers {
  state: unknown;
  observation: Tensor;
  /** int32: steps of its episode. */
  length: Tensor;
  /** Bool: its episode is over, and the next segment begins a new one. */
  isOver: Tensor;
  /** float64: sum of the rewards of its episode. */
  value: Tensor;
}

/** Which perturbation a segment has. */
export interface Draw {
  /** int32. */
  pair: Tensor;
  /** 1 or -1. */
  sign: Tensor;
}

export interface SegmentUnit {
  /** int32. */
  sampler: Tensor;
  /** A perturbation of what is shared, or the parameters themselves; neither: what is shared, as it is. */
  draw?: Draw;
  theta?: unknown;
  at: Samplers;
}

interface Shared {
  theta?: unknown;
  /** Of this segment of all samplers. */
  key: Key;
}

type Constant = { theta: unknown; key: Key };

interface Carry {
  at: Samplers;
  /** Of the step that was taken last. */
  done: {
    observation: Tensor;
    /** float64, whatever the policy gave. */
    action: Tensor;
    reward: Tensor;
    isAlive: Tensor;
    terminated: Tensor;
    isActionFinite: Tensor;
  };
}

const no = (): Tensor => np.zeros([], { dtype: "bool" });
const wide = (value: number): Tensor => tree.scalar(value, "float64");

type Start = ForwardProgram<Shared, { sampler: Tensor }, object, object, object, object, Samplers>;

/** Samplers whose first segment begins an episode. */
export function samplerStart({ environment }: SegmentSettings): Start {
  return {
    name: `samplers of ${environment.name} start`,
    ...noLoop,
    finish(shared, unit) {
      const state = environment.reset(random.foldIn(random.foldIn(shared.key, "reset"), unit.sampler));
      const observation = environment.observe(state);
      const isOver = np.logicalNot(no()) as Tensor;
      const each = { state, observation, length: tree.scalar(0, "int32"), isOver, value: wide(0) };
      return { unit, mean: {}, each };
    },
  };
}

/** The standard normal perturbation of a segment, in the structure of theta. */
function perturbation(theta: unknown, key: Key, { pair, sign }: Draw): unknown {
  const size = tree.size(theta);
  const dtype = tree.floatType(theta);
  const numbers = np.arange(0, size, 1, { dtype: "uint32" }).add(pair.astype("uint32").mul(size));
  const draw = random.normalAt(random.foldIn(key, "noise"), numbers, { dtype });
  return cut(theta, draw.mul(sign.astype(dtype)));
}

type Segment = ForwardProgram<Shared, SegmentUnit, object, Constant, Carry, object, object>;

/** One segment of each sampler. An episode that ends in it stays as it is until the next. */
export function segmentProgram(settings: SegmentSettings): Segment {
  const { environment, policy, segmentLength, sigma, box } = settings;
  const { filter } = policy;
  return {
    name: `segments of ${environment.name} by ${policy.name}`,
    length: segmentLength,
    begin({ theta, key }, { sampler, draw, theta: own, at }) {
      const moved = draw
        ? tree.add(theta, tree.scale(perturbation(theta, key, draw), sigma))
        : (own ?? theta);
      const within = (x: Tensor) => np.minimum(np.maximum(x, box![0]), box![1]) as Tensor;
      const bounded = box === null ? moved : tree.map(within, moved);
      // What the filter is stays out of both.
      const played = filter && draw ? filter.set(bounded, filter.get(theta)) : bounded;
      const fresh = environment.reset(random.foldIn(random.foldIn(key, "reset"), sampler));
      const { isOver } = at;
      const state = tree.select(isOver, fresh, at.state);
      const observation = environment.observe(state);
      const carry: Carry = {
        at: {
          state,
          observation,
          length: np.where(isOver, tree.scalar(0, "int32"), at.length) as Tensor,
          isOver: no(),
          value: np.where(isOver, wide(0), at.value) as Tensor,
        },
        done: {
          observation,
          action: np.zeros([...spaceShape(environment.actionSpace)], { dtype: "float64" }),
          reward: wide(0),
          isAlive: no(),
          terminated: no(),
          isActionFinite: no(),
        },
      };
      const stepKey = random.foldIn(random.foldIn(key, "steps"), sampler);
      return { members: [{ constant: { theta: played, key: stepKey }, carry }], kept: {} };
    },
    step: (_shared, constant, carry, k) => segmentStep(settings, constant, carry, k),
    finish: (_shared, unit, members) => ({
      unit: { ...unit, at: members[0]!.carry.at },
      mean: {},
      each: {},
    }),
    record: ({ done }) => ({ ...done }),
  };
}

function segmentStep(
  { environment, policy }: SegmentSettings,
  { theta, key }: Constant,
  { at }: Carry,
  k: Tensor,
): Carry {
  const { state, observation, isOver } = at;
  const stepKey = random.foldIn(key, k);
  const action = policy.act(theta, observation, random.foldIn(stepKey, "policy"));
  const next = environment.step(state, action, stepKey);
  const isAlive = np.logicalNot(isOver) as Tensor;
  // Chosen, not multiplied: what follows an end may not be finite.
  const reward = np.where(isAlive, next.reward.astype("float64"), wide(0)) as Tensor;
  const terminated = np.logicalAnd(isAlive, next.terminated) as Tensor;
  const length = at.length.add(isAlive.astype("int32"));
  const moved = tree.select(isAlive, next.state, state);
  const isCutOff = length.greaterEqual(environment.timeLimit);
  const isEnded = np.logicalOr(np.logicalOr(isOver, terminated) as Tensor, isCutOff) as Tensor;
  const isActionFinite = np.logicalOr(isOver, np.all(np.isfinite(action.astype("float32")))) as Tensor;
  return {
    at: {
      state: moved,
      observation: environment.observe(moved),
      length,
      isOver: isEnded,
      value: at.value.add(reward),
    },
    done: { observation, action: action.astype("float64"), reward, isAlive, terminated, isActionFinite },
  };
}

/** A segment of the past. */
export interface PastSegment {
  /** int32: which of its sampler's segments. */
  segment: Tensor;
  draw: Draw;
  /** float64: what its perturbation counts for. */
  weight: Tensor;
}

type Past<Mean, Each> = ForwardProgram<Shared, PastSegment, object, object, object, Mean, Each>;

/** Whose perturbations they are. */
type Named = { environment: { readonly name: string } };

const noLoop = {
  length: 0,
  begin: () => ({ members: [], kept: {} }),
  step: (_shared: unknown, _constant: unknown, carry: object) => carry,
};

const noiseOf = ({ theta, key }: Shared, { segment, draw }: PastSegment): unknown =>
  perturbation(theta, random.foldIn(key, segment), draw);

/** Weighted perturbations, drawn again from their keys and averaged over segments. */
export function weighProgram({ environment }: Named): Past<{ gradient: unknown }, object> {
  return {
    name: `weighted perturbations of ${environment.name}`,
    ...noLoop,
    finish(shared, unit) {
      const weighed = (leaf: Tensor): Tensor => leaf.astype("float64").mul(unit.weight);
      return { unit, mean: { gradient: tree.map(weighed, noiseOf(shared, unit)) }, each: {} };
    },
  };
}

/** The perturbations themselves. */
export function perturbationProgram({ environment }: Named): Past<object, { noise: unknown }> {
  return {
    name: `perturbations of ${environment.name}`,
    ...noLoop,
    finish: (shared, unit) => ({ unit, mean: {}, each: { noise: noiseOf(shared, unit) } }),
  };
}
