/**
 * Where q_t(x_t) starts before it is optimised, by name: the last one ("last"), its prediction through the model linearised at
 * its mean ("pred"),
 *
 *     mean f(m),   diag(J diag(s²) Jᵀ + U),   J = ∂f/∂x at m,
 *
 * or that after one update of an extended Kalman filter ("ekf"). At step 0 both predictions are the prior. Campbell, Shi,
 * Rainforth and Doucet 2021, section 5; code `phi_t_init_method`.
 */
import { type Tensor, jacobian, np } from "../../array/index.ts";
import { type Registry, registry } from "../../registry.ts";
import type { StateSpaceModel } from "../stateSpace/stateSpaceModel.ts";
import { diagonal, extendedUpdate } from "./extendedUpdate.ts";
import type { StateMoments } from "./variationalFamily.ts";

export type WarmStartName = "pred" | "last" | "ekf";

export interface WarmStartInputs<Theta> {
  model: StateSpaceModel<Theta>;
  theta: Theta;
  /** int32 []. */
  t: Tensor;
  y: Tensor;
  observed: Tensor;
  /** Of q_{t-1}; undefined at step 0. */
  last: StateMoments | undefined;
}

/** Moments to start from, or undefined where the family's own are. */
export type WarmStart = <Theta>(inputs: WarmStartInputs<Theta>) => StateMoments | undefined;

export interface WarmStartEntry {
  readonly name: WarmStartName;
  readonly summary: string;
  create(): WarmStart;
}

/** Mean [dx] and covariance [dx, dx] of x_t before y_t is seen. */
export function predicted<Theta>({ model, theta, t, last }: Omit<WarmStartInputs<Theta>, "y" | "observed">): {
  mean: Tensor;
  covariance: Tensor;
} {
  if (last === undefined) {
    const prior = model.initial(theta);
    return { mean: asFloat64(prior.mean()), covariance: diagonal(asFloat64(prior.variance())) };
  }
  const mean = (x: Tensor): Tensor => model.transition(theta, x, t).mean();
  const J = jacobian(mean)(last.mean);
  const spread = np.matmul(J.mul(last.sd.mul(last.sd)), J.transpose()) as Tensor;
  const noise = model.transition(theta, last.mean, t).variance();
  return { mean: mean(last.mean), covariance: spread.add(diagonal(noise)) };
}

const asFloat64 = (x: Tensor): Tensor => (x.dtype === "float64" ? x : x.astype("float64"));

const marginals = ({ mean, covariance }: { mean: Tensor; covariance: Tensor }): StateMoments => ({
  mean,
  sd: np.sqrt(np.diagonal(covariance)) as Tensor,
});

const registered: Registry<WarmStartEntry> = registry("warmStart", [
  {
    name: "pred",
    summary: "the prediction of the model",
    create: () => (inputs) => marginals(predicted(inputs)),
  },
  { name: "last", summary: "the last filter density", create: () => (inputs) => inputs.last },
  {
    name: "ekf",
    summary: "the prediction after one extended Kalman update",
    create: () => (inputs) => marginals(extendedUpdate(inputs, predicted(inputs))),
  },
]);

/** The warm starts by name. */
export const warmStarts: readonly WarmStartEntry[] = registered.entries;

/** The warm start of a name. Throws `OptionError`, which suggests the nearest, where there is none. */
export function warmStart(name: WarmStartName): WarmStart {
  return registered.create(name);
}
