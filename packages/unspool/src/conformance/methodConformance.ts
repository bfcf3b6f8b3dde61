/**
 * What the training loop relies on in every method, as checks for any test runner: the same bits for the same theta,
 * state and key; state that goes through a checkpoint; theta that keeps its shapes; steps in groups as one by one; a
 * recipe that is plain data.
 */
import { type Key, random, tree } from "../array/index.ts";
import { requireInteger, requireKnownOptions } from "../errors.ts";
import { type Method, type MethodSteps, loggedThetaSize, reservedMetrics } from "../methods/index.ts";
import { encodeState } from "../train/index.ts";
import { bitsOf, throughData } from "./bits.ts";
import { type ConformanceCheck, once, require } from "./check.ts";

export interface MethodSubject<Theta = unknown> {
  /** Shown in messages. */
  name: string;
  /** Makes the method: called several times, so that nothing is remembered outside of theta and state. */
  create(): Method<Theta>;
  /** A theta to start from: floating-point tensors. */
  theta(): Theta;
  /** Outer steps that the checks take. Default 8. */
  steps?: number;
  /** Default 0. */
  seed?: number;
}

/**
 * The checks of one method.
 *
 * @example
 * const checks = methodConformance({
 *   name: "onePlusOne",
 *   create: () => onePlusOne(sphere, { sigma: 0.3 }),
 *   theta: () => ({ x: np.ones([5]) }),
 * });
 * for (const check of checks) test(check.name, check.run);
 */
export function methodConformance<Theta>(subject: MethodSubject<Theta>): ConformanceCheck[] {
  requireKnownOptions("methodConformance", subject, ["name", "create", "theta", "steps", "seed"]);
  const { steps = 8, seed = 0 } = subject;
  requireInteger("methodConformance", "steps", steps, 2);
  const key = random.key(seed);
  const trial: Trial<Theta> = { ...subject, steps, key, walked: once(() => walk(subject, steps, key)) };
  const checks: [string, (trial: Trial<Theta>) => void][] = [
    ["same theta, state and key give the same bits, and what was given is left as it was", requirePure],
    ["state goes through a checkpoint at every step, bit for bit", requireDataState],
    ["theta keeps its structure, shapes and dtypes, and its numbers are finite", requireTheta],
    ["loss (or null) and metrics are numbers, and inner steps are counted", requireNumbers],
    ["several steps in one call have the bits of single ones", requireSeveral],
    ["the recipe is plain data, and the same for a method made again", requireRecipe],
    ["the theta to evaluate is like theta", requireEvaluated],
  ];
  return checks.map(([name, check]) => ({ name: `${subject.name}: ${name}`, run: () => check(trial) }));
}

interface Trial<Theta> extends MethodSubject<Theta> {
  steps: number;
  key: Key;
  /** One run for all checks: a method compiles its steps when they are first taken. */
  walked(): Walk<Theta>;
}

interface Place<Theta> {
  theta: Theta;
  state: unknown;
}

/** A run of a method, one step at a time. */
interface Walk<Theta> {
  method: Method<Theta>;
  /** What each step was given and has made. */
  steps: { place: Place<Theta>; made: ReturnType<Method<Theta>["step"]> }[];
  end: Place<Theta>;
}

const stepKey = (key: Key, i: number): Key => random.foldIn(random.foldIn(key, "step"), i);

/** Theta as the loop makes it, and the first state. */
function start<Theta>(method: Method<Theta>, theta: () => Theta, key: Key): Place<Theta> {
  const first = tree.tensors(theta()) as Theta;
  return { theta: first, state: method.init(first, random.foldIn(key, "init")) };
}

function walk<Theta>({ create, theta }: MethodSubject<Theta>, count: number, key: Key): Walk<Theta> {
  const method = create();
  const steps: Walk<Theta>["steps"] = [];
  let place = start(method, theta, key);
  for (let i = 0; i < count; i++) {
    const made = method.step(place.theta, place.state, stepKey(key, i));
    // A method may hand out one record of metrics again and again.
    steps.push({ place, made: { ...made, metrics: { ...made.metrics } } });
    place = { theta: made.theta, state: made.state };
  }
  return { method, steps, end: place };
}

function requirePure<Theta>(trial: Trial<Theta>): void {
  const { name, key, theta } = trial;
  const { steps } = trial.walked();
  const again = trial.create();
  require(bitsOf(start(trial.create(), theta, key)) === bitsOf(start(again, theta, key)), name, () =>
    "init gives another state the second time.");
  steps.forEach(({ place, made }, i) => {
    const before = bitsOf(place);
    const second = again.step(place.theta, place.state, stepKey(key, i));
    require(bitsOf(place) === before, name, () =>
      `step ${i} has changed the theta or the state that it was given.`);
    for (const part of ["theta", "state", "loss", "metrics"] as const) {
      require(bitsOf(made[part]) === bitsOf(second[part]), name, () =>
        `step ${i} taken twice from the same theta, state and key gives another ${part}: what it depends on must be in them.`);
    }
  });
}

/**
 * One method made anew takes all steps from the last to the first, and another one in the middle: what a method
 * remembers besides its state comes from other steps there.
 */
function requireDataState<Theta>(trial: Trial<Theta>): void {
  const { steps } = trial.walked();
  const backward = steps.map((_, i) => i).toReversed();
  for (const order of [backward, [steps.length >> 1]]) {
    const method = trial.create();
    for (const i of order) {
      const { place, made } = steps[i]!;
      const kept = throughData(place);
      const resumed = method.step(kept.theta, kept.state, stepKey(trial.key, i));
      for (const part of ["theta", "state", "loss"] as const) {
        require(bitsOf(resumed[part]) === bitsOf(made[part]), trial.name, () =>
          `the ${part} of step ${i} from a saved and loaded state differs: a method made anew must go on from theta and state alone.`);
      }
    }
  }
}

function requireTheta<Theta>(trial: Trial<Theta>): void {
  trial.walked().steps.forEach(({ place, made: { theta } }, i) => {
    tree.requireSame(trial.name, `the theta of step ${i}`, place.theta, theta);
    require(tree.isFinite(theta), trial.name, () => `the theta of step ${i} is not finite.`);
  });
}

function requireNumbers<Theta>(trial: Trial<Theta>): void {
  trial.walked().steps.forEach(({ made: { loss, metrics } }, i) => {
    require(loss === null || Number.isFinite(loss), trial.name, () =>
      `the loss of step ${i} is ${String(loss)}: null says that a step has none.`);
    const { innerSteps } = metrics;
    require(Number.isFinite(innerSteps) && innerSteps >= 0, trial.name, () =>
      `metrics.innerSteps of step ${i} is ${String(innerSteps)}, not a count of inner steps.`);
    for (const [metric, value] of Object.entries(metrics)) {
      require(!reservedMetrics.includes(metric), trial.name, () =>
        `a metric of step ${i} is called "${metric}", as a field of its record is: give it another name.`);
      require(value === undefined || typeof value === "number", trial.name, () =>
        `metrics.${metric} of step ${i} is ${String(value)}, not a number.`);
    }
  });
}

/** In groups of every size, and from places in the middle. */
function requireSeveral<Theta>(trial: Trial<Theta>): void {
  const { name, key, steps } = trial;
  const { method, steps: taken, end } = trial.walked();
  if (method.several === undefined) return;
  const all = random.foldIn(key, "step");
  const places = [...taken.map(({ place }) => place), end];
  const losses = taken.map(({ made }) => made.loss ?? NaN);
  for (let from = 0; from < steps; from++) {
    const { theta, state } = places[from]!;
    const done = method.several(theta, state, all, from, steps - from);
    if (done === undefined) continue;
    require(done.steps >= 1 && done.steps <= steps - from, name, () =>
      `several did ${done.steps} steps, asked for ${steps - from}.`);
    const wanted = places[from + done.steps]!;
    require(bitsOf(done.theta) === bitsOf(wanted.theta) &&
      bitsOf(done.state) === bitsOf(wanted.state), name, () =>
      `${done.steps} steps in one call from step ${from} end in other bits than one by one.`);
    const found =
      done.loss === null ? Array<number>(done.steps).fill(NaN) : Array.from(done.loss.data, Number);
    const single = losses.slice(from, from + done.steps);
    require(found.every((loss, i) => Object.is(loss, single[i])) && found.length === done.steps, name, () =>
      `the losses of several steps in one call are ${found.join(", ")}, one by one ${single.join(", ")}.`);
    taken.slice(from, from + done.steps).forEach(({ made }, i) => {
      const [own, alone] = [rowMetrics(done, i), shownMetrics(made.metrics)].map((x) => JSON.stringify(x));
      require(own === alone, name, () =>
        `the metrics of step ${from + i} are ${own} of several steps in one call, and ${alone} of one.`);
    });
    requireLoggedThetas(name, done, wanted.theta);
  }
}

/** Metrics as a record has them: by name, without those that say nothing. */
function shownMetrics(metrics: Readonly<Record<string, number | undefined>>): [string, number][] {
  const shown = Object.entries(metrics).filter(
    (entry): entry is [string, number] =>
      entry[1] !== undefined && !(entry[0] === "skippedUpdates" && entry[1] === 0),
  );
  return shown.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

const rowMetrics = ({ innerSteps, metrics }: MethodSteps<unknown, unknown>, i: number): [string, number][] =>
  shownMetrics({
    innerSteps,
    ...Object.fromEntries(Object.entries(metrics).map(([name, { data }]) => [name, Number(data[i])])),
  });

function requireLoggedThetas(name: string, done: MethodSteps<unknown, unknown>, theta: unknown): void {
  if (tree.size(theta) > loggedThetaSize) return;
  require(done.thetas !== undefined, name, () =>
    `several returned no thetas; a theta of up to ${loggedThetaSize} numbers is logged at every step.`);
  const last = tree.map((leaf) => leaf.slice(done.steps - 1), done.thetas);
  require(bitsOf(last) === bitsOf(theta), name, () =>
    "the last of the thetas that several returned is not the theta that it ends in.");
}

function requireRecipe<Theta>(trial: Trial<Theta>): void {
  const recipeOf = (): unknown => {
    const method = trial.create();
    const { theta, state } = start(method, trial.theta, trial.key);
    return method.recipe(theta, state);
  };
  const recipe = recipeOf();
  const isRecord = typeof recipe === "object" && recipe !== null && !Array.isArray(recipe);
  require(isRecord && encodeState(recipe, "recipe").tensors.size === 0, trial.name, () =>
    "recipe must return a record of plain data: names and options, no tensors.");
  require(bitsOf(recipe) === bitsOf(recipeOf()), trial.name, () =>
    "a method made again has another recipe: its runs could not be resumed.");
}

function requireEvaluated<Theta>(trial: Trial<Theta>): void {
  const {
    method,
    end: { theta, state },
  } = trial.walked();
  const kept = method.evaluationTheta?.(theta, state) ?? theta;
  tree.requireSame(trial.name, "what evaluationTheta returned", theta, kept);
}
