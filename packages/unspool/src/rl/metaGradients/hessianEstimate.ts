/**
 * Gradient and Hessian of the expected return of a softmax policy from trajectories: what the DiCE family estimates.
 * With scores s_h = grad log pi_h, curvatures K_h = grad² log pi_h, advantages A_h (times discount^h) and the running
 * sum u_h = d u_{h-1} + s_h,
 *
 *     gradient = sum_h A_h s_h
 *     Hessian  = sum_h A_h [ s_h s_h^T + d (u_{h-1} s_h^T + s_h u_{h-1}^T) + K_h ]
 *
 * `dice`: d = 1, A the discounted returns. `loadedDice`: d = `decay`, A by GAE(tau). `lvc`: d = 0. `sampled`: K_h
 * alone, the derivative of the sampled gradient, which is no estimate of the Hessian.
 * Foerster et al. 2018; Farquhar, Whiteson, Foerster 2019; Rothfuss et al. 2019.
 */
import { type Key, random } from "../../array/index.ts";
import { requireInteger, requireKnownOptions } from "../../errors.ts";
import { type AdvantageOptions, advantages } from "./advantages.ts";
import {
  type PolicyTable,
  type TabularMdp,
  type Trajectory,
  everyTrajectory,
  policyOf,
} from "../environments/tabularMdp.ts";

export type HessianEstimateOptions = AdvantageOptions;

export interface HessianEstimate {
  /** [d], logits flattened as state · actions + action. */
  gradient: Float64Array;
  /** [d, d], row by row. */
  hessian: Float64Array;
}

/** Expectation over trajectories, and summed variances of the estimate from one. */
export interface ExpectedHessian extends HessianEstimate {
  gradientVariance: number;
  hessianVariance: number;
}

const name = "hessianEstimate";

/**
 * The estimate averaged over trajectories.
 *
 * @example
 * hessianEstimate(mdp, logits, sampleTrajectories(mdp, logits, { count: 256, key }), { method: "lvc" });
 */
export function hessianEstimate(
  mdp: TabularMdp,
  logits: PolicyTable,
  trajectories: readonly Trajectory[],
  options: HessianEstimateOptions,
): HessianEstimate {
  requireKnownOptions("hessianEstimate", options, ["method", "decay", "tau", "values"]);
  const one = estimator(mdp, logits, options);
  const sum = empty(mdp);
  for (const trajectory of trajectories) accumulate(sum, one(trajectory), 1 / trajectories.length);
  return sum;
}

/** Its expectation and variance, over every trajectory. */
export function expectedHessian(
  mdp: TabularMdp,
  logits: PolicyTable,
  options: HessianEstimateOptions,
): ExpectedHessian {
  requireKnownOptions("expectedHessian", options, ["method", "decay", "tau", "values"]);
  const one = estimator(mdp, logits, options);
  const policy = policyOf(logits);
  const all = everyTrajectory(mdp).map(({ trajectory, logChance }) => ({
    sample: one(trajectory),
    probability: trajectory.states.reduce(
      (product, s, h) => product * policy[s]![trajectory.actions[h]!]!,
      Math.exp(logChance),
    ),
  }));
  const mean = empty(mdp);
  for (const { sample, probability } of all) accumulate(mean, sample, probability);
  const spread = (what: "gradient" | "hessian") =>
    all.reduce(
      (sum, { sample, probability }) =>
        sum + probability * sample[what].reduce((s, x, i) => s + (x - mean[what][i]!) ** 2, 0),
      0,
    );
  return { ...mean, gradientVariance: spread("gradient"), hessianVariance: spread("hessian") };
}

/** Trajectories of the policy from one key. */
export function sampleTrajectories(
  { transitions, start, horizon }: TabularMdp,
  logits: PolicyTable,
  options: { count: number; key: Key },
): Trajectory[] {
  requireKnownOptions("sampleTrajectories", options, ["count", "key"]);
  const { count, key } = options;
  requireInteger("sampleTrajectories", "count", count, 1);
  const policy = policyOf(logits);
  const perTrajectory = 2 * horizon + 1;
  const uniforms = random.uniform(key, [count * perTrajectory]).data;
  const draw = (chances: readonly number[], u: number): number => {
    let index = 0;
    for (let sum = chances[0]!; u >= sum && index < chances.length - 1; sum += chances[index]!) index++;
    return index;
  };
  return Array.from({ length: count }, (_, i) => {
    const own = uniforms.subarray(i * perTrajectory, (i + 1) * perTrajectory);
    const [states, actions]: [number[], number[]] = [[], []];
    let state = draw(start, own[0]!);
    for (let h = 0; h < horizon; h++) {
      const action = draw(policy[state]!, own[2 * h + 1]!);
      states.push(state);
      actions.push(action);
      state = draw(transitions[action]![state]!, own[2 * h + 2]!);
    }
    return { states, actions, last: state };
  });
}

function empty({ rewards, transitions }: TabularMdp): HessianEstimate {
  const d = rewards.length * transitions.length;
  return { gradient: new Float64Array(d), hessian: new Float64Array(d * d) };
}

function accumulate(to: HessianEstimate, from: HessianEstimate, by: number): void {
  for (const what of ["gradient", "hessian"] as const) {
    const [sum, values] = [to[what], from[what]];
    for (let i = 0; i < sum.length; i++) sum[i]! += by * values[i]!;
  }
}

/** The estimate of one trajectory; the result is overwritten by no later call. */
function estimator(mdp: TabularMdp, logits: PolicyTable, options: HessianEstimateOptions) {
  const { carried, of } = advantages(name, mdp, logits, options);
  const actions = mdp.transitions.length;
  const policy = policyOf(logits);
  return (trajectory: Trajectory): HessianEstimate => {
    const result = empty(mdp);
    const { gradient, hessian } = result;
    const d = gradient.length;
    const running = new Float64Array(d);
    const weights = of(trajectory);
    trajectory.states.forEach((s, h) => {
      const [offset, chances, weight] = [s * actions, policy[s]!, weights[h]!];
      const score = chances.map((p, b) => Number(b === trajectory.actions[h]) - p);
      score.forEach((x, b) => {
        const i = offset + b;
        gradient[i]! += weight * x;
        for (let j = 0; j < d; j++) {
          const cross = weight * carried * x * running[j]!;
          hessian[i * d + j]! += cross;
          hessian[j * d + i]! += cross;
        }
        score.forEach((y, c) => {
          const outer = options.method === "sampled" ? 0 : x * y;
          const curvature = chances[b]! * chances[c]! - Number(b === c) * chances[b]!;
          hessian[i * d + offset + c]! += weight * (outer + curvature);
        });
      });
      for (let j = 0; j < d; j++) running[j]! *= carried;
      score.forEach((x, b) => (running[offset + b]! += x));
    });
    return result;
  };
}
