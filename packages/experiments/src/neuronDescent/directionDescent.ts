/** What K-FAC's and FOOF's directions are worth and have in common, at the points of one trajectory of K-FAC. */
import {
  type Key,
  type KfacSimpleOptions,
  type KfacSimpleState,
  type Method,
  NonFiniteError,
  type Tensor,
  compiled,
  compiledStep,
  factorMean,
  kfacSimple,
  random,
  relativeDecrease,
  updateCosine,
} from "unspool";
import {
  type Batch,
  type Network,
  type Task,
  batchesOf,
  initNetwork,
  objectiveOf,
} from "./networkDescent.ts";

export interface DirectionState {
  /** The key of the run, which orders the images. uint32[2] */
  key: Key;
  updates: number;
  kfac: KfacSimpleState;
  foof: KfacSimpleState;
}

export interface DirectionOptions extends Pick<KfacSimpleOptions, "dampingMode" | "inversePeriod"> {
  learningRate: number;
  damping: number;
}

/**
 * K-FAC as a method that looks at FOOF's direction as well, with K-FAC's λ_A. Metrics of each step: `cosine` of the two,
 * in the inner product of FOOF, and the parts of the loss of the batch that K-FAC's step (`kfacDecrease`) and FOOF's,
 * scaled in each layer to the norm of K-FAC's (`foofDecrease`), take away.
 */
export function directionDescent(task: Task, options: DirectionOptions): Method<Network, DirectionState> {
  const kfac = kfacSimple(options);
  const objective = objectiveOf(task);
  // Both measure the same factors, and differ in the direction that they take with them.
  const foof = kfacSimple({ ...options, dampingMode: "heuristic", dropE: true, matchNorm: "kfac" });
  const [kfacStep, foofStep] = [compiledStep(kfac, objective), compiledStep(foof, objective)];
  const start = compiled("start", (theta: Network, batch: Batch, key: Key) => {
    const at = objective(batch);
    return [kfac.init(theta, at, key), foof.init(theta, at, key)] as const;
  });
  const measure = compiled("measure", (theta: Network, steps: Steps, factors: Tensor[], batch: Batch) => {
    const { loss } = objective(batch);
    const moves = (to: Network) => theta.map((weights, i) => weights.sub(to[i]!));
    return {
      cosine: updateCosine(factors, moves(steps.kfac), moves(steps.foof)),
      kfacDecrease: relativeDecrease(loss, theta, steps.kfac),
      foofDecrease: relativeDecrease(loss, theta, steps.foof),
    };
  });
  const batchAt = batchesOf(task);
  return {
    name: "directionDescent",
    recipe: () => ({
      task: { sizes: [...task.sizes], images: task.labels.size, batchSize: task.batchSize },
      directions: plainOptions(options),
    }),
    init(theta, key) {
      const batch = batchAt(random.foldIn(key, "batches"), 0);
      const [own, other] = start(theta, batch, random.foldIn(key, "first"));
      return { key, updates: 0, kfac: own, foof: other };
    },
    step(theta, state, key) {
      const batch = batchAt(random.foldIn(state.key, "batches"), state.updates);
      const by = kfacStep(theta, state.kfac, batch, key);
      const other = foofStep(theta, state.foof, batch, key);
      const factors = by.state.layers.map(({ inputs }) => factorMean(inputs));
      const found = measure(theta, { kfac: by.theta, foof: other.theta }, factors, batch);
      const metrics = Object.entries(found).map(([name, value]) => [name, value.item()] as const);
      return {
        theta: by.theta,
        state: { key: state.key, updates: state.updates + 1, kfac: by.state, foof: other.state },
        loss: by.loss.item(),
        metrics: { innerSteps: 1, ...Object.fromEntries(metrics) },
      };
    },
  };
}

const plainOptions = ({
  learningRate,
  damping,
  dampingMode = "heuristic",
  inversePeriod = 1,
}: DirectionOptions) => ({
  ...{ learningRate, damping, dampingMode, inversePeriod },
});

interface Steps {
  kfac: Network;
  foof: Network;
}

/** By step. */
export interface Comparison {
  cosines: number[];
  kfac: number[];
  foof: number[];
}

/** A comparison from the records of `directionDescent`. */
export function comparisonOf(records: readonly Partial<Record<string, unknown>>[]): Comparison {
  const column = (name: string): number[] =>
    records.map((record) => (typeof record[name] === "number" ? record[name] : NaN));
  return { cosines: column("cosine"), kfac: column("kfacDecrease"), foof: column("foofDecrease") };
}

/**
 * A trajectory of K-FAC from a key, and both directions at each of its points. Throws `NonFiniteError` at the first point at which
 * one of the numbers is not finite, with `details.update`: nothing can be said on average of a trajectory that diverged.
 */
export function compareDirections(task: Task, options: DirectionOptions, key: Key): Comparison {
  const method = directionDescent(task, options);
  let theta = initNetwork(random.foldIn(key, "weights"), task.sizes);
  let state = method.init(theta, key);
  const records = Array.from({ length: task.updates }, (_, i) => {
    const next = method.step(theta, state, random.foldIn(random.foldIn(key, "steps"), i));
    ({ theta, state } = next);
    requireFinite(next.metrics, i);
    return next.metrics;
  });
  return comparisonOf(records);
}

function requireFinite(metrics: Readonly<Record<string, number | undefined>>, update: number): void {
  const [name, value] = Object.entries(metrics).find(([, number]) => !Number.isFinite(number)) ?? [];
  if (name === undefined) return;
  throw new NonFiniteError(
    "compareDirections",
    `${name} became ${value} at update ${update} of the trajectory, which has diverged. Take a smaller learning rate, ` +
      "more damping or fewer updates.",
    { update, name, value },
  );
}
