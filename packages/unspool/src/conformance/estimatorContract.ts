/** Checks of what an estimator promises besides its mean: bits, state, structure, errors and counts. */
import { type Tensor, random, tree } from "../array/index.ts";
import type { Estimate, GradientEstimator } from "../estimators/index.ts";
import type { Problem } from "../unroll/index.ts";
import { encodeState } from "../train/index.ts";
import { bitsOf, throughData } from "./bits.ts";
import { type FieldCheck, require, requireError } from "./check.ts";
import { type CheckedSubject, createFor, stepsPerEstimate, vector } from "./estimatorSubject.ts";
import { requireMeans, sample } from "./sampling.ts";
import {
  nest,
  nestedProblem,
  noisySystem,
  planarSystem,
  planarWithNoise,
  proportionalSystem,
} from "./tasks.ts";

export function contractChecks(subject: CheckedSubject): FieldCheck[] {
  const checks: [string, (subject: CheckedSubject) => void, ...fields: string[]][] = [
    ["same theta, state and key give the same bits, and the state is left as it was", requirePure],
    ["state goes through plain data at every step of a run, bit for bit", requireDataState],
    ["gradients have the structure, shapes and dtypes of theta, in float32 and float64", requireStructure],
    ["a nested tree gives the numbers of the flat vector", requireNested],
    ["the loss is right", requireLoss, "objective", "isWhole"],
    ["the step is not traced again after the first trajectory", requireOneTrace],
    ["inner steps are counted", requireInnerSteps, "innerSteps"],
    ["theta of another structure is refused", requireRefusal],
    ["noise on the losses that the particles share cancels", requireCommonNoise],
  ];
  return checks.map(([name, check, ...fields]) => ({ name, fields, run: () => check(subject) }));
}

/** Estimates that pass two trajectories and a step. */
function runLength(subject: CheckedSubject, horizon: number): number {
  return (2 * horizon) / stepsPerEstimate(subject, horizon, 2) + 1;
}

function requirePure(subject: CheckedSubject): void {
  const estimator = createFor(subject, noisySystem.problem);
  const theta = vector(noisySystem.theta);
  const start = estimator.init(theta, random.key(1));
  require(bitsOf(start) === bitsOf(estimator.init(theta, random.key(1))), subject.name, () =>
    "init gives other bits the second time.");
  let state = start;
  for (let i = 0; i < runLength(subject, noisySystem.horizon); i++) {
    const before = bitsOf(state);
    const [first, second] = [0, 1].map(() => estimator.estimate(theta, state, random.key(i))) as [Estimate<Tensor, unknown>, Estimate<Tensor, unknown>]; // prettier-ignore
    require(bitsOf(state) === before, subject.name, () =>
      `estimate ${i} has changed the state that it was given.`);
    for (const part of ["gradient", "loss", "state"] as const) {
      require(bitsOf(first[part]) === bitsOf(second[part]), subject.name, () =>
        `estimate ${i} made twice from the same theta, state and key gives another ${part}: ${shown(first[part])} and ${shown(second[part])}.`);
    }
    state = first.state;
  }
}

/** A new estimator with a state from JSON and bytes goes on as the first one does. */
function requireDataState(subject: CheckedSubject): void {
  const theta = vector(noisySystem.theta);
  const straight = createFor(subject, noisySystem.problem);
  const resumed = createFor(subject, noisySystem.problem);
  let state = straight.init(theta, random.key(2));
  for (let i = 0; i < runLength(subject, noisySystem.horizon); i++) {
    const copy = throughData(state);
    const [a, b] = [
      straight.estimate(theta, state, random.key(i)),
      resumed.estimate(theta, copy, random.key(i)),
    ];
    for (const part of ["gradient", "loss", "state"] as const) {
      require(bitsOf(a[part]) === bitsOf(b[part]), subject.name, () =>
        `the ${part} of estimate ${i} from a saved and loaded state differs: ${shown(b[part])} instead of ${shown(a[part])}.`);
    }
    state = a.state;
  }
}

function requireStructure(subject: CheckedSubject): void {
  for (const dtype of ["float32", "float64"] as const) {
    const theta = nest(vector(planarSystem.theta, dtype));
    const estimator = createFor(subject, nestedProblem(planarSystem));
    let state = estimator.init(theta, random.key(3));
    for (let i = 0; i < 2; i++) {
      const { gradient, loss, state: next } = estimator.estimate(theta, state, random.key(i));
      tree.requireSame(subject.name, "the gradient", theta, gradient);
      require(tree.isFinite(gradient), subject.name, () =>
        `the gradient of estimate ${i} is not finite in ${dtype}: ${shown(gradient)}.`);
      require(Number.isFinite(loss), subject.name, () => `the loss of estimate ${i} is ${loss} in ${dtype}.`);
      state = next;
    }
  }
}

function requireNested(subject: CheckedSubject): void {
  const theta = vector(planarSystem.theta);
  const nested = nest(theta);
  const few = { replicates: 1, windows: runLength(subject, planarSystem.horizon), seed: 4 };
  const flat = sample(createFor(subject, planarSystem.problem), theta, few).gradients[0]!.flat();
  const other = sample(createFor(subject, nestedProblem(planarSystem)), nested, few).gradients[0]!.flat();
  flat.forEach((x, i) =>
    require(Math.abs(x - other[i]!) <= 1e-9 * Math.max(1, Math.abs(x)), subject.name, () =>
      `element ${i % 2} of the gradient of estimate ${Math.floor(i / 2)} is ${other[i]} for a nested tree, ${x} for ` +
      "the flat vector. Draw one vector for the whole tree and cut it into leaves, as `gaussian` does."),
  );
}

/** On losses that are linear in theta perturbations average out exactly in pairs, and in the mean otherwise. */
function requireLoss(subject: CheckedSubject): void {
  const { problem, theta, truncation, horizon, loss } = proportionalSystem;
  const steps = stepsPerEstimate(subject, horizon, truncation);
  const windows = horizon / steps;
  const estimator = createFor(subject, problem, { truncation });
  const { losses } = sample(estimator, vector(theta), { replicates: 16, windows, seed: 5 });
  const exact = Array.from({ length: windows }, (_, w) => loss(w * steps, steps, subject.objective));
  requireMeans(`${subject.name} on ${problem.name}`, "the losses", losses, exact, {
    limit: subject.limit,
    relative: 1e-9,
  });
}

function requireOneTrace(subject: CheckedSubject): void {
  let traces = 0;
  const { problem, horizon } = planarSystem;
  const counted = {
    ...problem,
    step: (theta, state, context) => {
      traces++;
      return problem.step(theta, state, context);
    },
  } as Problem<Tensor, unknown, unknown>;
  const estimator = createFor(subject, counted);
  const theta = vector(planarSystem.theta);
  let state = estimator.init(theta, random.key(6));
  const perTrajectory = horizon / stepsPerEstimate(subject, horizon, 2);
  for (let i = 0; i < 3 * perTrajectory; i++) {
    if (i === perTrajectory) traces = 0;
    state = estimator.estimate(theta, state, random.key(i)).state;
  }
  require(traces === 0, subject.name, () => `the problem's step was traced ${traces} times in the second and third trajectory: compile once per estimator, and give states the same order of fields.`); // prettier-ignore
}

function requireInnerSteps(subject: CheckedSubject): void {
  const { problem, horizon, theta } = planarSystem;
  const particles = 3;
  const estimator: GradientEstimator<Tensor> = createFor(subject, problem, { particles });
  const { metrics } = estimator.estimate(
    vector(theta),
    estimator.init(vector(theta), random.key(7)),
    random.key(7),
  );
  const { innerSteps } = metrics;
  require(Number.isInteger(innerSteps) && innerSteps > 0, subject.name, () =>
    `metrics.innerSteps is ${innerSteps}, not a positive integer.`);
  const wanted = subject.innerSteps?.(particles, stepsPerEstimate(subject, horizon, 2)) ?? innerSteps;
  require(innerSteps === wanted, subject.name, () =>
    `metrics.innerSteps is ${innerSteps} for ${particles} particles, expected ${wanted}.`);
}

function requireRefusal(subject: CheckedSubject): void {
  const estimator = createFor(subject, planarSystem.problem) as GradientEstimator;
  const theta = vector(planarSystem.theta);
  const state = estimator.init(theta, random.key(8));
  const others: [string, unknown][] = [
    ["theta of another shape", vector([1, 2, 3])],
    ["theta of another dtype", vector(planarSystem.theta, "float32")],
    ["theta of another structure", { theta }],
  ];
  for (const [what, other] of others) {
    requireError(subject.name, what, "SHAPE", () => estimator.estimate(other, state, random.key(8)));
  }
}

/** Data, keys of steps and initial states are common to the particles whose losses are subtracted. */
function requireCommonNoise(subject: CheckedSubject): void {
  const theta = vector(planarSystem.theta);
  const [quiet, loud] = [0, 100].map((amplitude) => {
    const estimator = createFor(subject, planarWithNoise(amplitude));
    const windows = runLength(subject, planarSystem.horizon);
    return sample(estimator, theta, { replicates: 1, windows, seed: 9 }).gradients[0]!.flat();
  }) as [number[], number[]];
  quiet.forEach((x, i) =>
    require(Math.abs(x - loud[i]!) <= 1e-6 * Math.max(1, Math.abs(x)), subject.name, () =>
      `noise of size 100 on the losses, which theta does not move, turns element ${i % 2} of the gradient of estimate ` +
      `${Math.floor(i / 2)} from ${x} into ${loud[i]}: the particles whose losses are subtracted must share initial ` +
      "states, data and keys."),
  );
}

function shown(value: unknown): string {
  if (typeof value === "number") return String(value);
  return `[${[...encodeState(value).tensors.values()]
    .flatMap((x) => [...x.data].slice(0, 4))
    .slice(0, 8)
    .join(", ")}, …]`;
}
