/**
 * Windows: a trajectory of T steps seen K steps at a time, and the clock that says where each particle is.
 *
 * Trajectories of different units may start together (lockstep), be spread evenly (staggered), start at random
 * offsets, or have random lengths. Where every reset falls on the edge of a window, it costs nothing inside the
 * loop; otherwise the loop carries masks.
 */
import { type Key, type Tensor, type TensorData, np, random, tree } from "../array/index.ts";
import { OptionError, requireInteger, requireOneOf } from "../errors.ts";
import { longestHorizon, requireHorizon } from "./horizon.ts";

export type ResetPolicy =
  /** All units start, run and reset together. */
  | "lockstep"
  /** Unit i of n makes its first reset early, after (i + 1) T / n steps (rounded up, to whole windows if K divides T). */
  | "staggered"
  /** The first trajectory of each unit has a random number of windows; later ones have T steps. */
  | "random-offset"
  /** Each trajectory has a random length, log-uniform between the two. */
  | { minLength: number; maxLength: number };

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
    return { truncation, horizon: longest, resets, mode: "inside" };
  }
  const mode = horizon === Infinity ? "never" : horizon % truncation === 0 ? "edge" : "inside";
  return { truncation, horizon, resets, mode };
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
  if (typeof resets !== "string") return randomLength(resets, random.foldIn(unitKey, 0)).item();
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

/** The clock one step later. Where resets fall inside windows, it starts the next trajectory at the end of one. */
export function tick(plan: WindowPlan, clock: Clock): { clock: Clock; hasEnded: Tensor } {
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
      length: np.where(hasEnded, nextLength(plan, clock.unitKey, trajectory), clock.length),
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

function nextLength({ resets, horizon }: WindowPlan, unitKey: Key, trajectory: Tensor): Tensor {
  if (typeof resets === "string") return tree.scalar(horizon, "int32");
  return randomLength(resets, random.foldIn(unitKey, trajectory));
}

/** Log-uniform integer in [minLength, maxLength], from the key of a trajectory. */
function randomLength(range: { minLength: number; maxLength: number }, trajectoryKey: Key): Tensor {
  const { minLength, maxLength } = range;
  const u = random.uniform(random.foldIn(trajectoryKey, "length"));
  const span = Math.log((maxLength + 1) / minLength);
  const length = np.floor(np.exp(u.mul(span)).mul(minLength)).astype("int32");
  return np.clip(length, tree.scalar(minLength, "int32"), tree.scalar(maxLength, "int32"));
}
