/** The study of Loaded DiCE: a random MDP, estimates of its derivatives from shared trajectories, what they are worth. */
import {
  type DirectionalEstimateOptions,
  type Key,
  type Measure,
  type PolicyTable,
  type TabularMdp,
  directionalEstimate,
  exactDirectional,
  random,
  sampleTrajectories,
  tabularMdp,
  valuesOf,
} from "unspool";
import { measureEach } from "../shared/measureInParts.ts";
import { mean } from "../shared/series.ts";

const [states, actions, horizon, discount] = [5, 4, 50, 0.95];
/** Batches of the study, as in the authors' code. */
export const batches: readonly number[] = [64, 256, 1024, 4096];
/** Batch of the sweeps. */
export const sweepBatch = 512;
export const sweep: readonly number[] = [0, 0.25, 0.5, 0.75, 1];
/** Deviation of the values' errors in the sweep of tau. */
export const sweepNoise = 10;

/**
 * Five states, four actions, 50 steps: each state and action leads to a random share of the states with random weights,
 * rewards are 10 (5 + n) with a normal n per state, starts are uniform. The authors' generator.
 */
export function randomMdp(key: Key): TabularMdp {
  const draw = (name: string, count: number) =>
    random.uniform(random.foldIn(key, name), [count], { dtype: "float64" }).data;
  const pairs = actions * states;
  const [shares, sure] = [draw("shares", pairs), draw("sure", pairs)];
  const [kept, weights] = [draw("kept", pairs * states), draw("weights", pairs * states)];
  const bonus = random.normal(random.foldIn(key, "rewards"), [states], { dtype: "float64" }).data;
  return tabularMdp({
    transitions: Array.from({ length: actions }, (_, a) =>
      Array.from({ length: states }, (_, s) => {
        const pair = a * states + s;
        const row = Array.from({ length: states }, (_, to) => {
          const isKept = kept[pair * states + to]! > shares[pair]! || to === Math.floor(states * sure[pair]!);
          return isKept ? weights[pair * states + to]! : 0;
        });
        const sum = row.reduce((total, w) => total + w, 0);
        return row.map((w) => w / sum);
      }),
    ),
    rewards: Array.from({ length: states }, (_, s) =>
      Array.from({ length: actions }, () => 10 * (5 + bonus[s]!)),
    ),
    start: Array.from({ length: states }, () => 1 / states),
    horizon,
    discount,
  });
}

/** The direction of the first logit. */
export function firstLogit({ rewards, transitions }: TabularMdp): number[] {
  return Array.from({ length: rewards.length * transitions.length }, (_, i) => Number(i === 0));
}

/** Exact values plus one normal error per state, which is the same at every step. */
export function valuesWithNoise(mdp: TabularMdp, logits: PolicyTable, noise: number, key: Key): number[][] {
  const errors = random.normal(key, [mdp.rewards.length], { dtype: "float64" }).data;
  return valuesOf(mdp, logits).map((row, h) =>
    row.map((value, s) => (h < mdp.horizon ? value + noise * errors[s]! : value)),
  );
}

/** Correlation over the entries of a derivative: mean and standard error over batches. */
export interface Correlation {
  mean: number;
  error: number;
}

/** Of one order of derivative, relative to the root mean square of the exact entries. */
export interface Errors {
  bias: number;
  /** Of one batch. */
  deviation: number;
}

export interface Swept {
  value: number;
  /** By order. */
  correlation: Correlation[];
  errors: Errors[];
}

export interface Study {
  trajectories: number;
  /** [batch][order] */
  correlations: { name: string; byBatch: Correlation[][] }[];
  /** Decay of dependencies, with tau 0 and exact values. */
  decay: Swept[];
  /** Tau, with all dependencies and values that are wrong. */
  tau: Swept[];
}

/** One estimate by order, each [d]. */
type Derivatives = readonly Float64Array[];
type Options = Omit<DirectionalEstimateOptions, "direction">;

const named: readonly (readonly [name: string, options: Options])[] = [
  ["DiCE", { method: "dice" }],
  ["Loaded DiCE, tau 1", { method: "loadedDice", tau: 1 }],
  ["Loaded DiCE, tau 0", { method: "loadedDice", tau: 0 }],
  ["LVC", { method: "lvc", tau: 1 }],
];

/** A part of the measurement for each estimator: their numbers are what is left of all their estimates. */
export async function studyOf(
  mdp: TabularMdp,
  logits: PolicyTable,
  count: number,
  { key, measure }: { key: Key; measure: Measure },
): Promise<Study> {
  const direction = firstLogit(mdp);
  let sampled: ReturnType<typeof sampleTrajectories> | undefined;
  /** Only where something is still to be measured. */
  const trajectories = () =>
    (sampled ??= sampleTrajectories(mdp, logits, { count, key: random.foldIn(key, "trajectories") }));
  const exact = exactDirectional(mdp, logits, { direction });
  const values = valuesOf(mdp, logits);
  const wrong = valuesWithNoise(mdp, logits, sweepNoise, random.foldIn(key, "values"));
  const smallest = batches[0]!;
  const estimates = (options: Options): Derivatives[] =>
    Array.from({ length: count / smallest }, (_, i) => {
      const own = trajectories().slice(i * smallest, (i + 1) * smallest);
      return directionalEstimate(mdp, logits, own, { ...options, direction });
    });
  const compared = await measureEach(measure, "correlations", named, ([, options]) => {
    const parts = estimates(options.method === "dice" ? options : { ...options, values });
    return batches.flatMap((batch) =>
      correlationsOf(merged(parts, batch / smallest), exact).flatMap((one) => [one.mean, one.error]),
    );
  });
  const swept = async (name: string, optionsAt: (value: number) => Options): Promise<Swept[]> => {
    const rows = await measureEach(measure, name, sweep, (value) => {
      const all = merged(estimates(optionsAt(value)), sweepBatch / smallest);
      const errors = errorsOf(all, exact);
      return correlationsOf(all, exact).flatMap((one, k) => [
        one.mean,
        one.error,
        errors[k]!.bias,
        errors[k]!.deviation,
      ]);
    });
    return rows.map((row, i) => ({
      value: sweep[i]!,
      correlation: inGroups(row, 4).map(([centre, error]) => ({ mean: centre!, error: error! })),
      errors: inGroups(row, 4).map(([, , bias, deviation]) => ({ bias: bias!, deviation: deviation! })),
    }));
  };
  return {
    trajectories: count,
    correlations: named.map(([name], i) => ({
      name,
      byBatch: inGroups(compared[i]!, 2 * exact.length).map((row) =>
        inGroups(row, 2).map(([centre, error]) => ({ mean: centre!, error: error! })),
      ),
    })),
    decay: await swept("decay", (decay) => ({ method: "loadedDice", decay, tau: 0, values })),
    tau: await swept("tau", (tau) => ({ method: "loadedDice", tau, values: wrong })),
  };
}

function inGroups(row: readonly number[], size: number): number[][] {
  return Array.from({ length: row.length / size }, (_, i) => row.slice(i * size, (i + 1) * size));
}

/** Estimates of larger batches: means of `size` at a time. */
function merged(parts: readonly Derivatives[], size: number): Derivatives[] {
  return Array.from({ length: Math.floor(parts.length / size) }, (_, i) => {
    const own = parts.slice(i * size, (i + 1) * size);
    return own[0]!.map((first, k) => first.map((_, n) => mean(own.map((part) => part[k]![n]!))));
  });
}

function correlationsOf(all: readonly Derivatives[], exact: Derivatives): Correlation[] {
  return exact.map((truth, k) => {
    const values = all.map((estimate) => correlation(estimate[k]!, truth));
    const centre = mean(values);
    const variance = mean(values.map((x) => (x - centre) ** 2));
    return { mean: centre, error: Math.sqrt(variance / Math.max(1, values.length - 1)) };
  });
}

function correlation(x: Float64Array, y: Float64Array): number {
  const centred = (values: Float64Array) => {
    const centre = mean([...values]);
    return values.map((value) => value - centre);
  };
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  const [a, b] = [centred(x), centred(y)];
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** Root mean squares over entries of what the mean misses and of the deviation of one batch. */
function errorsOf(all: readonly Derivatives[], exact: Derivatives): Errors[] {
  const rootMeanSquare = (values: readonly number[]) => Math.sqrt(mean(values.map((x) => x * x)));
  return exact.map((truth, k) => {
    const entries = Array.from(truth, (_, n) => all.map((estimate) => estimate[k]![n]!));
    const scale = rootMeanSquare([...truth]);
    const means = entries.map(mean);
    const variances = entries.map(
      (values, n) =>
        values.reduce((sum, x) => sum + (x - means[n]!) ** 2, 0) / Math.max(1, values.length - 1),
    );
    return {
      bias: rootMeanSquare(means.map((x, n) => x - truth[n]!)) / scale,
      deviation: Math.sqrt(mean(variances)) / scale,
    };
  });
}
