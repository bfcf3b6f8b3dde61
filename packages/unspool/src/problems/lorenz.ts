/**
 * Identification of the Lorenz system: learn ln a and ln r from the height z of a true trajectory.
 *
 *     x' = a (y - x),   y' = x (r - z) - y,   z' = x y - b z,   l_t = (z_t - z*_t)²
 *
 * Chaotic at the truth (a, r) = (10, 28). Lorenz 1963; Li et al., "Noise-Reuse Evolution Strategies", NeurIPS 2023
 * (Euler steps of 0.005, T = 2000, start and initial theta from their released code).
 */
import { type Tensor, np, tree } from "../array/index.ts";
import { requireInteger, requireOneOf, requirePositive, requireKnownOptions } from "../errors.ts";
import { type Problem, defineProblem } from "../unroll/index.ts";
import { rungeKutta } from "./integrators/rungeKutta.ts";

export type LorenzTheta = { logA: Tensor; logR: Tensor };
export type LorenzState = { x: Tensor; y: Tensor; z: Tensor };

export interface LorenzOptions {
  /** Steps T. Default 2000. */
  horizon?: number;
  /** Default 0.005. */
  timeStep?: number;
  /** Default "euler". */
  integrator?: "euler" | "runge-kutta";
  /** (x, y, z) at t = 0. Default [1.2, 1.3, 1.6]. */
  start?: readonly [number, number, number];
  /** Default 8/3. */
  b?: number;
  /** The a and r of the true trajectory. Default [10, 28]. */
  truth?: readonly [number, number];
  /** What a step costs: the squared distance from the true height (default), or the height z itself. */
  loss?: "tracking" | "height";
}

const lorenzDefaults: Required<LorenzOptions> = {
  horizon: 2000,
  timeStep: 0.005,
  integrator: "euler",
  start: [1.2, 1.3, 1.6],
  b: 8 / 3,
  truth: [10, 28],
  loss: "tracking",
};

/** Theta is `{ logA, logR }`, by default (3.116, 3.7): a = 22.6, r = 40.4. */
export function lorenz(options: LorenzOptions = {}): Problem<LorenzTheta, LorenzState, undefined> {
  requireKnownOptions("lorenz", options, [
    "horizon",
    "timeStep",
    "integrator",
    "start",
    "b",
    "truth",
    "loss",
  ]);
  const settings = { ...lorenzDefaults, ...options };
  const { horizon, timeStep, integrator, start, b, loss } = settings;
  requirePositive("lorenz", "timeStep", timeStep, "0.005 to 0.01 follow the flow.");
  requireOneOf("lorenz", "integrator", integrator, ["euler", "runge-kutta"]);
  requireOneOf("lorenz", "loss", loss, ["tracking", "height"]);
  if (loss === "tracking") requireInteger("lorenz", "horizon", horizon, 1);
  const move = (theta: LorenzTheta, state: LorenzState): LorenzState => {
    const [a, r] = [np.exp(theta.logA), np.exp(theta.logR)];
    const field = lorenzField(a, r, b);
    if (integrator === "runge-kutta") return rungeKutta(field, state, { timeStep });
    return tree.map((s, rate) => s.add(rate.mul(timeStep)), state, field(state));
  };
  const heights = loss === "tracking" ? trueHeights(settings) : undefined;
  const [x, y, z] = start.map((value) => tree.scalar(value, "float64")) as [Tensor, Tensor, Tensor];
  return defineProblem({
    name: "lorenz",
    horizon,
    theta: { logA: tree.scalar(3.116, "float64"), logR: tree.scalar(3.7, "float64") },
    init: () => ({ x, y, z }),
    step(theta: LorenzTheta, state, { t }) {
      const next = move(theta, state);
      if (heights === undefined) return { state: next, loss: next.z };
      const miss = next.z.sub(np.take(heights.astype(next.z.dtype), t));
      return { state: next, loss: miss.mul(miss) };
    },
  });
}

function lorenzField(a: Tensor, r: Tensor, b: number): (state: LorenzState) => LorenzState {
  return ({ x, y, z }) => ({
    x: y.sub(x).mul(a),
    y: x.mul(r.sub(z)).sub(y),
    z: x.mul(y).sub(z.mul(b)),
  });
}

/** z*_1 … z*_T in plain float64. */
function trueHeights({ horizon, timeStep, integrator, start, b, truth }: Required<LorenzOptions>): Tensor {
  type Point = readonly [number, number, number];
  const [a, r] = truth;
  const rate = ([x, y, z]: Point): Point => [a * (y - x), x * (r - z) - y, x * y - b * z];
  const moved = (from: Point, k: Point, time: number): Point => [
    from[0] + time * k[0],
    from[1] + time * k[1],
    from[2] + time * k[2],
  ];
  const advance = (s: Point): Point => {
    const first = rate(s);
    if (integrator === "euler") return moved(s, first, timeStep);
    const second = rate(moved(s, first, timeStep / 2));
    const third = rate(moved(s, second, timeStep / 2));
    const fourth = rate(moved(s, third, timeStep));
    const mean = (i: 0 | 1 | 2): number => (first[i] + 2 * (second[i] + third[i]) + fourth[i]) / 6;
    return moved(s, [mean(0), mean(1), mean(2)], timeStep);
  };
  const heights = new Float64Array(horizon);
  let state: Point = start;
  for (let t = 0; t < horizon; t++) {
    state = advance(state);
    heights[t] = state[2];
  }
  return np.array(heights);
}
