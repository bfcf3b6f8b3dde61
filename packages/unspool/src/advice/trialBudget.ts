/** How many inner steps each trial run gets: what the setup's own run takes, but no more than end soon. */
import { type Key, programWork, traceProgram, tree } from "../array/index.ts";
import { estimatorEntry, estimatorNames } from "../estimators/index.ts";
import type { InnerProblem, Setup } from "../train/index.ts";
import { type ErasedProblem, advance, eraseProblem, initialState } from "../unroll/index.ts";
import { stepsOfSetting } from "./trialSetting.ts";

export interface TrialBudget {
  innerSteps: number;
  /** Inner steps of the setup's own run, where that is longer. */
  shortenedFrom?: number;
}

/**
 * Elements that a trial run computes in its trajectories, in the sense of `programWork`. Derivatives come on top, about
 * five times as much, and a diagnosis makes about 20 trial runs: 2e10 keep it below two minutes on two cores.
 */
const mostWork = 2e10;
/** However much a step computes: enough for some progress. */
const leastInnerSteps = 10_000;
/** Elements that one normal number costs, of which each particle draws one per number of theta in every window. */
const workPerDraw = 40;

/** The budget of a trial run where none is given. The same on all machines: work is counted, not timed. */
export function trialBudget(setup: Setup, inner: InnerProblem, key: Key): TrialBudget {
  const own = stepsOfSetup(setup, inner);
  const { truncation = 10 } = inner.options;
  const draws = tree.size(setup.theta) / truncation;
  const work = stepWork(eraseProblem(inner.problem), setup.theta, key) + workPerDraw * draws;
  const innerSteps = Math.max(leastInnerSteps, rounded(mostWork / work));
  return innerSteps < own ? { innerSteps, shortenedFrom: own } : { innerSteps: own };
}

/** Elements that one step of one trajectory computes; 0 for a simulator, whose code cannot be read. */
function stepWork(problem: ErasedProblem, theta: unknown, key: Key): number {
  if (!problem.isTraceable) return 0;
  const args = [theta, initialState(problem, theta, key), tree.scalar(0, "int32"), key];
  const step = (thetaNow: unknown, state: unknown, t: never, from: Key): unknown =>
    advance(problem, thetaNow, state, t, from);
  return programWork(traceProgram("step", step as (...given: never[]) => unknown, args), args);
}

/** Two digits. */
const rounded = (value: number): number => Number(value.toPrecision(2));

/** Inner steps of the whole run that the setup describes. */
function stepsOfSetup({ estimator, steps }: Setup, { problem, options }: InnerProblem): number {
  const { pairs = 16, tasks = 1 } = options;
  const { horizon } = problem;
  // A search, of whole trajectories.
  if (estimator === undefined) return steps * 2 * pairs * tasks * horizon;
  const { name } = estimator;
  const window = options.truncation ?? Math.min(10, horizon);
  // Estimators that are made of others, as a curriculum, count as pairs.
  const entry = (estimatorNames as readonly string[]).includes(name) ? estimatorEntry(name) : undefined;
  const truncation = entry?.isWhole === true ? horizon : window;
  const asPairs = 2 * pairs * truncation;
  const perStep = entry === undefined ? asPairs : stepsOfSetting({ estimator: name, truncation, pairs });
  return Math.round(steps * Math.max(perStep, asPairs));
}
