/**
 * The stochastic ensemble Kalman filter with one step of smoothing (Evensen 1994; Burgers, van Leeuwen and Evensen 1998):
 *
 *     x^i ~ f(· | x^i),   ŷ^i ~ g(· | x^i),   x^i ← x^i + Cov(x, ŷ) Cov(ŷ)⁻¹ (y - ŷ^i)
 *
 * and the members of the step before are moved by Cov(x_{t-1}, ŷ) Cov(ŷ)⁻¹ (y - ŷ^i).
 */
import { type Key, type Tensor, linalg, np, random, tree } from "../../../array/index.ts";
import { OptionError, requireInteger, requireKnownOptions } from "../../../errors.ts";
import { compiled } from "../../../unroll/index.ts";
import type { StateSpaceModel } from "../../stateSpace/stateSpaceModel.ts";
import type { FilterStep, OnlineFilter } from "../onlineFilter.ts";
import { requireObservation, requireSameTheta, thetaShapes } from "../requireStream.ts";

export interface EnsembleKalmanOptions<Theta> {
  /** How the state moves, and what is observed of it. */
  model: StateSpaceModel<Theta>;
  /** Members, N. Default 10,000; the paper takes a million. */
  members?: number;
}

export interface EnsembleKalmanState {
  t: number;
  theta: Record<string, string>;
  /** [N, dx], float64; zeros before the first observation. */
  members: Tensor;
}

const where = "ensembleKalman";

/** The filter; no estimate of the evidence. Cost of a step: N transitions and emissions. */
export function ensembleKalman<Theta>(
  options: EnsembleKalmanOptions<Theta>,
): OnlineFilter<Theta, EnsembleKalmanState> {
  requireKnownOptions(where, options, ["model", "members"]);
  const { model, members: count = 10_000 } = options;
  if (typeof model?.transition !== "function")
    throw new OptionError(where, "model", model, "a state-space model");
  requireInteger(where, "members", count, 2);
  const moved = (theta: Theta, x: Tensor, past: Tensor, given: Seen) => {
    const { y, observed, t, key } = given;
    const simulated = asFloat64(model.emission(theta, x, t).sample(random.foldIn(key, "emission")));
    const gap = np.where(observed, y.sub(simulated), 0) as Tensor;
    const shift = (of: Tensor): Tensor => {
      // Cov(ŷ) is symmetric: the gain's transpose is Cov(ŷ)⁻¹ Cov(ŷ, x).
      const gain = linalg.solve(covariance(simulated, simulated), covariance(simulated, of));
      return of.add(np.matmul(gap, gain) as Tensor);
    };
    const [now, then] = [shift(x), shift(past)];
    return { members: now, ...momentsOf(now), past: momentsOf(then) };
  };
  const first = compiled("ensembleKalman.first", (theta: Theta, _members: Tensor, seen: Seen) => {
    const x = asFloat64(model.initial(theta).sample(random.foldIn(seen.key, "initial"), [count]));
    return moved(theta, x, x, seen);
  });
  const next = compiled("ensembleKalman.step", (theta: Theta, members: Tensor, seen: Seen) => {
    const drawn = model.transition(theta, members, seen.t).sample(random.foldIn(seen.key, "transition"));
    return moved(theta, asFloat64(drawn), members, seen);
  });
  return {
    name: "enkf",
    observationSize: model.observationSize,
    learns: false,
    describe: { model: model.name, members: count },
    init: (theta) => ({
      t: 0,
      theta: thetaShapes(where, theta),
      members: np.zeros([count, model.stateSize], { dtype: "float64" }),
    }),
    step(theta, state, given, key): FilterStep<Theta, EnsembleKalmanState> {
      requireSameTheta(where, state.theta, theta);
      const seen: Seen = {
        ...requireObservation(where, model.observationSize, given),
        t: tree.scalar(state.t, "int32"),
        key,
      };
      const made = (state.t === 0 ? first : next)(theta, state.members, seen);
      return {
        state: { ...state, t: state.t + 1, members: made.members },
        mean: made.mean,
        sd: made.sd,
        ...(state.t > 0 && { past: made.past }),
        logEvidence: null,
        metrics: { innerSteps: count },
      };
    },
  };
}

/** What a step of a baseline is given, as tensors. */
export interface Seen {
  y: Tensor;
  observed: Tensor;
  t: Tensor;
  key: Key;
}

export const asFloat64 = (x: Tensor): Tensor => (x.dtype === "float64" ? x : x.astype("float64"));

/** Sample covariance [a, b] of rows x [n, a] and z [n, b]. */
function covariance(x: Tensor, z: Tensor): Tensor {
  const gap = (of: Tensor): Tensor => of.sub(of.mean(0));
  return (np.matmul(gap(x).transpose(), gap(z)) as Tensor).div(x.shape[0]! - 1);
}

function momentsOf(x: Tensor): { mean: Tensor; sd: Tensor } {
  const mean = x.mean(0);
  const gap = x.sub(mean);
  return {
    mean,
    sd: np.sqrt(
      gap
        .mul(gap)
        .sum(0)
        .div(x.shape[0]! - 1),
    ) as Tensor,
  };
}
