/**
 * Windows: a trajectory of T steps seen K steps at a time, and the clock that says where each particle is.
 *
 * Trajectories of different units may start together (lockstep), be spread evenly (staggered), start at random
 * offsets, or have random lengths. Where every reset falls on the edge of a window, it costs nothing inside the
 * loop; otherwise the loop carries masks.
 */
import { type Key, type Tensor, type TensorData, np, random, tree } from "../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions, requireOneOf } from "../errors.ts";
import { longestHorizon, requireHorizon } from "./horizon.ts";

export type ResetPolicy =
  /** All units start, run and reset together. */
  | "lockstep"
  /** Unit i of n makes its first reset early, after (i + 1) T / n steps (rounded up, to whole windows if K divides T). */
  | "staggered"
  /** The first trajectory of each unit has a random number of windows; later ones have T steps. */
  | "random-offset"
  /** Each trajectory has a length of its own: see `TrajectoryLengths`. */
  | TrajectoryLengths;

/** Lengths of trajectories: random, or by a schedule, with or without noise. */
export interface TrajectoryLengths {
  /** At least the truncation. */
  minLength: number;
  maxLength: number;
  /**
   * The length of a trajectory that begins after so many estimates (int32 scalar), rounded and kept between the two: a
   * schedule of `optimizers`, or any function of `np` functions. Default: log-uniform between the two.
   */
  length?: (estimates: Tensor) => Tensor;
  /** Standard deviation of the normal noise that is added to `length`. Default 0. */
  jitter?: number;
}

export interface WindowOptions {
  /** Inner steps per estimate, K. Default 10, or the horizon if that is shorter. */
  truncation?: number;
  /** Default "lockstep". */
  resets?: ResetPolicy;
}

export interface WindowPlan {
  truncation: number;
  /** T; `maxLength` for random lengths; Infinity for a loop that never resets. */
  horizon: number;
  resets: ResetPolicy;
  /** Where resets can fall. */
  mode: "never" | "edge" | "inside";
}

/** Where one unit stands: tensors, batched over units between calls and scalars inside a program. */
export interface Clock {
  /** uint32[2]: the source of this unit's trajectory keys. */
  unitKey: Tensor;
  /** int32: trajectories finished by this unit. */
  trajectory: Tensor;
  /** uint32[2]: key of the present trajectory, from which its initial state, steps and data derive. */
  key: Tensor;
  /** int32: inner steps done on the present trajectory. */
  t: Tensor;
  /** int32: length of the present trajectory. */
  length: Tensor;
}

/** Length of a trajectory that never ends. */
const forever = longestHorizon;

/** Checks the options of a window against the problem's horizon. */
export function windowPlan(where: string, horizon: number, options: WindowOptions): WindowPlan {
  const resets = options.resets ?? "lockstep";
  if (typeof resets === "string")
    requireOneOf(where, "resets", resets, ["lockstep", "staggered", "random-offset"]);
  const longest = typeof resets === "string" ? horizon : resets.maxLength;
  const truncation = options.truncation ?? Math.min(10, longest);
  requireInteger(where, "truncation", truncation, 1);
  if (truncation > longest) {
    throw new OptionError(where, "truncation", truncation, `at most the horizon ${longest}`);
  }
  if (typeof resets !== "string") {
    requireInteger(where, "resets.minLength", resets.minLength, truncation);
    requireInteger(where, "resets.maxLength", resets.maxLength, resets.minLength);
    requireHorizon(where, "resets.maxLength", resets.maxLength);
    requireSchedule(where, resets);
    return { truncation, horizon: longest, resets, mode: "inside" };
  }
  const mode = horizon === Infinity ? "never" : horizon % truncation === 0 ? "edge" : "inside";
  return { truncation, horizon, resets, mode };
}

function requireSchedule(where: string, resets: TrajectoryLengths): void {
  requireKnownOptions(`${where}: resets`, resets, ["minLength", "maxLength", "length", "jitter"]);
  const { length, jitter = 0 } = resets;
  if (length !== undefined && typeof length !== "function") {
    throw new OptionError(where, "resets.length", length, "a function of the estimates made, or absent");
  }
  if (!(jitter >= 0 && Number.isFinite(jitter)) || (jitter > 0 && length === undefined)) {
    throw new OptionError(where, "resets.jitter", jitter, "at least 0, and 0 without resets.length");
  }
}

/** The clocks of `units` new units, [units]; each has its own key unless `isCommon`. */
export function firstClocks(plan: WindowPlan, key: Key, units: number, isCommon = false): Clock {
  const keys = Array.from({ length: units }, (_, i) => random.foldIn(key, isCommon ? 0 : i));
  const lengths = keys.map((unitKey, i) => firstLength(plan, unitKey, i, units));
  return {
    unitKey: stackKeys(keys),
    key: stackKeys(keys.map((unitKey) => random.foldIn(unitKey, 0))),
    trajectory: np.zeros([units], { dtype: "int32" }),
    t: np.zeros([units], { dtype: "int32" }),
    length: np.array(lengths, { dtype: "int32" }),
  };
}

function firstLength(plan: WindowPlan, unitKey: Key, index: number, units: number): number {
  const { horizon, truncation, resets } = plan;
  if (typeof resets !== "string") {
    return lengthOf(resets, random.foldIn(unitKey, 0), tree.scalar(0, "int32")).item();
  }
  if (horizon === Infinity) return forever;
  const quantum = plan.mode === "edge" ? truncation : 1;
  if (resets === "staggered") {
    // Rounded up: as many units make their first reset in each window, but for one, whatever their number.
    return quantum * Math.ceil(((index + 1) * horizon) / (units * quantum));
  }
  if (resets === "random-offset") {
    const windows = Math.ceil(horizon / truncation);
    const draw = random.randint(random.foldIn(unitKey, "offset"), [], 0, windows).item();
    return horizon - draw * truncation;
  }
  return horizon;
}

function stackKeys(keys: readonly Key[]): Tensor {
  return np.array(Uint32Array.from(keys.flatMap((key) => [...key.data])), { shape: [keys.length, 2] });
}

/**
 * The clock one step later. Where resets fall inside windows, it starts the next trajectory at the end of one; the lengths of
 * trajectories may go by the number of `estimates` made (int32 scalar).
 */
export function tick(
  plan: WindowPlan,
  clock: Clock,
  estimates: Tensor = tree.scalar(0, "int32"),
): { clock: Clock; hasEnded: Tensor } {
  const t = clock.t.add(1);
  const hasEnded = t.equal(clock.length);
  if (plan.mode !== "inside") return { clock: { ...clock, t }, hasEnded };
  const trajectory = clock.trajectory.add(hasEnded.astype("int32"));
  return {
    clock: {
      unitKey: clock.unitKey,
      trajectory,
      key: random.foldIn(clock.unitKey, trajectory),
      t: np.where(hasEnded, tree.scalar(0, "int32"), t),
      length: np.where(hasEnded, nextLength(plan, clock.unitKey, trajectory, estimates), clock.length),
    },
    hasEnded,
  };
}

/** Whether the window that ends with this clock was the last of its trajectory (bool, traced or concrete). */
export function endsTrajectory(plan: WindowPlan, clock: Clock): Tensor {
  if (plan.mode === "inside") return clock.t.equal(0);
  return plan.mode === "edge" ? clock.t.equal(clock.length) : np.zeros(clock.t.shape, { dtype: "bool" });
}

/** Between windows: starts the next trajectory of the units that have ended theirs. Concrete clocks, [units]. */
export function settle(plan: WindowPlan, clock: Clock): Clock {
  if (plan.mode !== "edge") return clock;
  const [t, length, trajectory, key] = [clock.t, clock.length, clock.trajectory, clock.key].map((x) =>
    x.data.slice(),
  );
  for (let i = 0; i < t!.length; i++) {
    if (t![i] !== length![i]) continue;
    t![i] = 0;
    length![i] = plan.horizon;
    trajectory![i]! += 1;
    const unitKey = np.array(clock.unitKey.data.slice(2 * i, 2 * i + 2));
    key!.set(random.foldIn(unitKey, trajectory![i]!).data, 2 * i);
  }
  const like = (data: TensorData | undefined, tensor: Tensor) => np.array(data!, { shape: tensor.shape });
  return {
    unitKey: clock.unitKey,
    trajectory: like(trajectory, clock.trajectory),
    key: like(key, clock.key),
    t: like(t, clock.t),
    length: like(length, clock.length),
  };
}

/** `settle` for one traced clock: where its trajectory has ended, the next one begins. */
export function settleChange(
  plan: WindowPlan,
): { when(clock: Clock): Tensor; apply(clock: Clock): Clock } | undefined {
  if (plan.mode !== "edge") return undefined;
  const when = (clock: Clock): Tensor => clock.t.equal(clock.length);
  return {
    when,
    apply(clock) {
      const hasEnded = when(clock);
      const trajectory = clock.trajectory.add(hasEnded.astype("int32"));
      const pick = (next: Tensor, now: Tensor) => np.where(hasEnded, next, now);
      return {
        unitKey: clock.unitKey,
        trajectory,
        key: pick(random.foldIn(clock.unitKey, trajectory), clock.key),
        t: pick(tree.scalar(0, "int32"), clock.t),
        length: pick(tree.scalar(plan.horizon, "int32"), clock.length),
      };
    },
  };
}

/** Leaves of a clock that all units have in common. */
export function sameClocks({ resets }: WindowPlan, isCommon: boolean): readonly string[] {
  if (resets !== "lockstep") return [];
  return isCommon ? ["unitKey", "trajectory", "key", "t", "length"] : ["trajectory", "t", "length"];
}

function nextLength(
  { resets, horizon }: WindowPlan,
  unitKey: Key,
  trajectory: Tensor,
  estimates: Tensor,
): Tensor {
  if (typeof resets === "string") return tree.scalar(horizon, "int32");
  return lengthOf(resets, random.foldIn(unitKey, trajectory), estimates);
}

/** An integer in [minLength, maxLength]: log-uniform from the key of a trajectory, or as the schedule says. */
function lengthOf(lengths: TrajectoryLengths, trajectoryKey: Key, estimates: Tensor): Tensor {
  const { minLength, maxLength, length: scheduled, jitter = 0 } = lengths;
  const bounded = (length: Tensor): Tensor =>
    np.clip(length.astype("int32"), tree.scalar(minLength, "int32"), tree.scalar(maxLength, "int32"));
  if (scheduled !== undefined) {
    const noise = random.normal(random.foldIn(trajectoryKey, "length")).mul(jitter);
    const mean = scheduled(estimates).astype("float32");
    // Within bounds before it is an integer: what is larger than those has no int32.
    const near = np.clip(jitter === 0 ? mean : mean.add(noise), minLength, maxLength);
    return bounded(np.floor(near.add(0.5)));
  }
  const u = random.uniform(random.foldIn(trajectoryKey, "length"));
  const span = Math.log((maxLength + 1) / minLength);
  return bounded(np.floor(np.exp(u.mul(span)).mul(minLength)));
}
