/**
 * Trajectories of an inner problem at fixed thetas, as outer steps: a step advances all particles by a window, and two
 * windows have the bits of one twice as long. So a grid of settings, an evaluation or a curve is logged on its way, can
 * be stopped and goes on.
 */
import { type Key, type Method, type Problem, type Recipe, tree, unroll } from "unspool";
import { mean } from "./series.ts";

export interface UnrollingOptions<Theta> {
  /** Source of the trajectories' keys: particle i has `foldIn(key, i)`. */
  key: Key;
  /** Default 1; the leading axis of theta where `isThetaBatched`. */
  particles?: number;
  /** Theta's leaves have a leading axis of particles. Default false. */
  isThetaBatched?: boolean;
  /** All particles run the trajectory of the same key. Default false. */
  isCommon?: boolean;
  /** Inner steps of each particle. Default: the horizon. */
  length?: number;
  /** Inner steps of each particle in an outer step; the last has what is left. */
  window: number;
  /**
   * Looks at the states [particles, …] after the last inner step: its numbers are metrics of that outer step, one of
   * each particle as `name0`, `name1`, …
   */
  measure?(theta: Theta, state: unknown): Readonly<Record<string, ArrayLike<number> | number>>;
}

export interface UnrollingState {
  /** States of the particles; null before the first step. */
  inner: unknown;
  /** Inner steps that each particle has behind it. */
  t: number;
}

/** Outer steps until the end. */
export function unrollingSteps(
  { horizon }: { horizon: number },
  length: number | undefined,
  window: number,
): number {
  return Math.ceil((length ?? horizon) / window);
}

/**
 * The method. Metrics: `loss0`, `loss1`, …, the mean loss of each particle over the window. The loss is their mean over
 * the particles where it is finite: one that diverges is a result, and the others go on.
 */
export function unrolling<Theta, State, Batch>(
  problem: Problem<Theta, State, Batch>,
  options: UnrollingOptions<Theta>,
): Method<Theta, UnrollingState> {
  const {
    key,
    window,
    length = problem.horizon,
    measure,
    isThetaBatched = false,
    isCommon = false,
  } = options;
  const { particles = 1 } = options;
  const countOf = (theta: Theta): number => (isThetaBatched ? tree.leaves(theta)[0]!.shape[0]! : particles);
  return {
    name: "unrolling",
    recipe: (theta): Recipe => ({
      unrolling: {
        problem: problem.name,
        particles: countOf(theta),
        length,
        window,
        isThetaBatched,
        isCommon,
      },
    }),
    init: () => ({ inner: null, t: 0 }),
    step(theta, { inner, t }) {
      const count = countOf(theta);
      const steps = Math.min(window, length - t);
      const { losses, state } = unroll(problem, theta, {
        ...{ key, particles: count, steps, stepsBefore: t, isThetaBatched, isCommon },
        ...(inner !== null && { state: inner }),
      });
      const means = losses.mean(0).data;
      const isLast = t + steps === length;
      return {
        theta,
        state: { inner: state, t: t + steps },
        loss: mean([...means].filter(Number.isFinite)),
        metrics: {
          innerSteps: steps * count,
          ...byParticle("loss", means),
          ...(isLast && measure !== undefined && namedNumbers(measure(theta, state))),
        },
      };
    },
  };
}

function namedNumbers(measured: Readonly<Record<string, ArrayLike<number> | number>>) {
  const parts = Object.entries(measured).map(([name, value]) =>
    typeof value === "number" ? { [name]: value } : byParticle(name, value),
  );
  return Object.assign({}, ...parts) as Record<string, number>;
}

function byParticle(name: string, values: ArrayLike<number>): Record<string, number> {
  return Object.fromEntries(Array.from(values, (value, i) => [`${name}${i}`, value]));
}
