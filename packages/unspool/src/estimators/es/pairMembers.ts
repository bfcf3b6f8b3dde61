/** The two members of an antithetic pair over one window: they share noise, data and clock. */
import { type Key, type Tensor, np, random, tree } from "../../array/index.ts";
import { type Clock, type Member, advance, finalLossOf, initialState, tick } from "../../unroll/index.ts";
import type { EsSettings } from "./esOptions.ts";
import type { NoiseRequest } from "./noise.ts";

/** What all pairs share in one estimate. */
export interface EsShared {
  theta: unknown;
  /** Key of this estimate's noise. */
  key: Key;
  /** int32 scalar: estimates made before this one. */
  window: Tensor;
}

/** One member of a pair over one window. */
export interface MemberConstant {
  theta: unknown;
  /** Used from a reset inside the window on; absent where it equals `theta` or no reset can happen. */
  thetaAfter?: unknown;
}

export interface MemberCarry {
  state: unknown;
  clock: Clock;
  /** bool: the trajectory that the window began with has ended. */
  isAfter: Tensor;
  /** float64: summed losses of the steps before (and at) the end of that trajectory; or the least of them, or the last. */
  before: Tensor;
  /** float64: summed losses of the steps after it. */
  after: Tensor;
}

export type PairMember = Member<MemberConstant, MemberCarry>;

/** A member before its first step. */
export function startMember(constant: MemberConstant, state: unknown, clock: Clock): PairMember {
  const zero = np.zeros([], { dtype: "float64" });
  return {
    constant,
    carry: { state, clock, isAfter: np.zeros([], { dtype: "bool" }), before: zero, after: zero },
  };
}

/** One inner step of one member, with a masked reset where resets can fall inside the window. */
export function memberStep(
  settings: EsSettings,
  shared: EsShared,
  constant: MemberConstant,
  carry: MemberCarry,
): MemberCarry {
  const { problem, plan } = settings;
  const { clock, isAfter } = carry;
  const later = constant.thetaAfter;
  const theta = later === undefined ? constant.theta : tree.select(isAfter, later, constant.theta);
  const stepped = advance(problem, theta, carry.state, clock.t, clock.key);
  const loss = stepped.loss.astype("float64");
  const next = tick(plan, clock, shared.window);
  if (plan.mode !== "inside") {
    return { ...carry, state: stepped.state, clock: next.clock, before: joined(settings, carry, loss) };
  }
  const zero = np.zeros([], { dtype: "float64" });
  const fresh = initialState(problem, later ?? constant.theta, next.clock.key);
  return {
    state: tree.select(next.hasEnded, fresh, stepped.state),
    clock: next.clock,
    isAfter: np.logicalOr(isAfter, next.hasEnded),
    before: carry.before.add(np.where(isAfter, zero, loss)),
    after: carry.after.add(np.where(isAfter, loss, zero)),
  };
}

/** The losses of a window's steps so far, and that of one more. */
function joined({ over }: EsSettings, { before, clock }: MemberCarry, loss: Tensor): Tensor {
  if (over === "sum") return before.add(loss);
  if (over === "last") return loss;
  if (over === "final") return before;
  // The least, or NaN if one is NaN.
  return np.where(clock.t.equal(0), loss, np.minimum(before, loss));
}

/** The members with the problem's final loss in place of those of their steps, where that is the objective. */
export function withFinalLosses(settings: EsSettings, members: PairMember[], trajectory: Key): PairMember[] {
  if (settings.over !== "final") return members;
  return members.map(({ constant, carry }) => {
    const loss = finalLossOf(settings.problem, constant.theta, carry.state, trajectory).astype("float64");
    return { constant, carry: { ...carry, before: loss } };
  });
}

/** The request for the perturbation of one pair. */
export function pairRequest({ key, window }: EsShared, pair: Tensor): NoiseRequest {
  return { key: random.foldIn(key, pair), source: key, pair, window };
}
