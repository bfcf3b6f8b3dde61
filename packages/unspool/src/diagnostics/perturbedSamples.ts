/**
 * Samples at perturbed thetas, many at once: the pair of objectives at theta ± eps, and the gradient at theta + eps in
 * forward mode, after each of several horizons of one pass.
 */
import { type Key, type Tensor, np, random, tree } from "../array/index.ts";
import { type ErasedProblem, type Executor, type ForwardProgram, advance } from "../unroll/index.ts";
import { type Point, leavesOfRows, pushStart, pushStep, startPoint, trajectoryKeys } from "./pushforward.ts";

/** What is differentiated: mean or sum of the losses up to the horizon, or the last of them. */
export type Objective = "mean" | "sum" | "last";

export interface SampleRequest {
  problem: ErasedProblem;
  /** float64. */
  theta: unknown;
  key: Key;
  /** Rising. */
  horizons: readonly number[];
  sigma: number;
  samples: number;
  objective: Objective;
  /** All samples run the trajectory of the same key. */
  isCommon: boolean;
  executor: Executor;
}

interface Unit {
  key: Key;
  /** float64 [|theta|]: the perturbation. */
  eps: Tensor;
}

interface Shared {
  theta: unknown;
  /** int32 [horizons]. */
  horizons: Tensor;
}

/** Perturbations [samples, |theta|] with standard deviation sigma. */
export function perturbations({ theta, key, sigma, samples }: SampleRequest): Tensor {
  const draw = random.normal(random.foldIn(key, "perturbations"), [samples, tree.size(theta)], {
    dtype: "float64",
  });
  return draw.mul(sigma);
}

/** Objectives at theta + eps and theta - eps, [samples, 2, horizons]. */
export function perturbedLosses(request: SampleRequest, eps: Tensor): Float64Array {
  const { executor } = request;
  const { each } = executor.forward(lossProgram(request), sharedOf(request), unitsOf(request, eps));
  return each.kept.data as Float64Array;
}

/** Gradients of the objective at theta + eps, [samples, horizons, |theta|]. Cost: |theta| jvps per step. */
export function perturbedGradients(request: SampleRequest, eps: Tensor): Float64Array {
  const { executor } = request;
  const { each } = executor.forward(gradientProgram(request), sharedOf(request), unitsOf(request, eps));
  return each.kept.data as Float64Array;
}

function sharedOf({ theta, horizons }: SampleRequest): Shared {
  return { theta, horizons: np.array([...horizons], { dtype: "int32" }) };
}

function unitsOf({ key, samples, isCommon }: SampleRequest, eps: Tensor): Unit {
  return { key: trajectoryKeys(key, samples, isCommon), eps };
}

interface LossCarry {
  point: Point;
  total: Tensor;
  /** [horizons]. */
  kept: Tensor;
}

type LossProgram = ForwardProgram<
  Shared,
  Unit,
  object,
  { theta: unknown },
  LossCarry,
  object,
  { kept: Tensor }
>;

function lossProgram({ problem, horizons, objective }: SampleRequest): LossProgram {
  return {
    name: "perturbedLosses",
    length: horizons.at(-1)!,
    begin({ theta }, { key, eps }) {
      const members = [eps, eps.neg()].map((shift) => {
        const moved = shifted(theta, shift);
        const zero = np.zeros([], { dtype: "float64" });
        const kept = np.zeros([horizons.length], { dtype: "float64" });
        return {
          constant: { theta: moved },
          carry: { point: startPoint(problem, moved, key), total: zero, kept },
        };
      });
      return { members, kept: {} };
    },
    step({ horizons: ends }, { theta }, { point, total, kept }) {
      const { state, t, key } = point;
      const next = advance(problem, theta, state, t, key);
      const later = { state: next.state, t: t.add(1), key };
      const sum = accumulated(objective, total, next.loss.astype("float64"));
      return {
        point: later,
        total: sum,
        kept: np.where(ends.equal(later.t), averaged(objective, sum, later.t), kept),
      };
    },
    finish: (_shared, unit, members) => ({
      unit,
      mean: {},
      each: { kept: np.stack(members.map(({ carry }) => carry.kept)) },
    }),
  };
}

interface GradientCarry {
  point: Point;
  rows: Tensor;
  /** [|theta|]. */
  total: Tensor;
  /** [horizons, |theta|]. */
  kept: Tensor;
}

type GradientProgram = ForwardProgram<
  Shared,
  Unit,
  object,
  { theta: unknown },
  GradientCarry,
  object,
  { kept: Tensor }
>;

function gradientProgram({ problem, theta: like, horizons, objective }: SampleRequest): GradientProgram {
  const size = tree.size(like);
  const along = (): unknown => leavesOfRows(like, np.eye(size, size, { dtype: "float64" }));
  return {
    name: "perturbedGradients",
    length: horizons.at(-1)!,
    begin({ theta }, { key, eps }) {
      const moved = shifted(theta, eps);
      const carry: GradientCarry = {
        point: startPoint(problem, moved, key),
        rows: pushStart(problem, moved, key, along()),
        total: np.zeros([size], { dtype: "float64" }),
        kept: np.zeros([horizons.length, size], { dtype: "float64" }),
      };
      return { members: [{ constant: { theta: moved }, carry }], kept: {} };
    },
    step({ horizons: ends }, { theta }, { point, rows, total, kept }) {
      const pushed = pushStep(problem, theta, point, { rows, theta: along() });
      const sum = accumulated(objective, total, pushed.lossRow);
      const isEnd = ends.equal(pushed.point.t).reshape([horizons.length, 1]);
      return {
        point: pushed.point,
        rows: pushed.rows,
        total: sum,
        kept: np.where(isEnd, averaged(objective, sum, pushed.point.t).reshape([1, size]), kept),
      };
    },
    finish: (_shared, unit, members) => ({ unit, mean: {}, each: { kept: members[0]!.carry.kept } }),
  };
}

/** Theta plus a vector [|theta|]. */
export function shifted(theta: unknown, shift: Tensor): unknown {
  const moves = tree.leaves(leavesOfRows(theta, shift.reshape([1, -1])));
  return tree.unflatten(
    theta,
    tree.leaves(theta).map((leaf, i) => leaf.add(moves[i]!.reshape([...leaf.shape]))),
  );
}

function accumulated(objective: Objective, total: Tensor, now: Tensor): Tensor {
  return objective === "last" ? now : total.add(now);
}

function averaged(objective: Objective, total: Tensor, t: Tensor): Tensor {
  return objective === "mean" ? total.div(t.astype("float64")) : total;
}
