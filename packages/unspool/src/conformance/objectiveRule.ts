/** Checks of an optimizer of objectives by itself: structure, bits, phases, precision, zero gradients, descent. */
import { type Key, type Tensor, type Tree, np, random, tree } from "../array/index.ts";
import {
  type CompiledStep,
  type ObjectiveOptimizer,
  type StepOutcome,
  compiledStep,
} from "../optimizers/index.ts";
import type { Json } from "../methods/index.ts";
import { decodeState, encodeState } from "../train/index.ts";
import { type FieldCheck, once, require, requireError } from "./check.ts";
import {
  type CheckedObjectiveOptimizer,
  type FloatType,
  type SmallBatch,
  type SmallNetwork,
  labelledBatch,
  objectiveOf,
  shiftedBatch,
  smallNetwork,
} from "./objectiveSubject.ts";

/** Relative to the larger of 1 and the value. */
const tolerance: Readonly<Record<FloatType, number>> = { float32: 1e-4, float64: 1e-10 };

export function objectiveRuleChecks(subject: CheckedObjectiveOptimizer): FieldCheck[] {
  const compiled = once(() => {
    const optimizer = create(subject);
    return { optimizer, step: compiledStep(optimizer, objectiveOf) };
  });
  type Check = (subject: CheckedObjectiveOptimizer, compiled: () => Compiled) => void;
  const checks: [string, Check, ...fields: string[]][] = [
    ["theta and state keep structure, shapes and dtypes, and `step` counts", requireStructure],
    ["float32 and float64 agree", requirePrecisions, "hyperparameters"],
    ["state goes through plain data after every step, bit for bit", requireDataState],
    ["compiled, with its phases and without, it gives the same as step by step", requireCompiled],
    [
      "a zero gradient gives finite numbers, and no step unless it moves at rest",
      requireZeroGradient,
      "movesAtRest",
    ],
    ["it descends on a network", requireDescent, "hyperparameters", "stepsOfDescent"],
    ["an objective without a network is refused by those that need one", requireRefusal, "needsNetwork"],
  ];
  return checks.map(([name, check, ...fields]) => ({ name, fields, run: () => check(subject, compiled) }));
}

type Point = { theta: SmallNetwork; state: Tree };
type Outcome = StepOutcome<SmallNetwork, Tree>;
type Step = (point: Point, key: Key) => Outcome;

/** An optimizer with its step, which is compiled once for all checks. */
interface Compiled {
  optimizer: ObjectiveOptimizer;
  step: CompiledStep<SmallNetwork, Tree, SmallBatch>;
}

const create = (subject: CheckedObjectiveOptimizer): ObjectiveOptimizer =>
  subject.create(subject.hyperparameters);

const keyOf = (i: number): Key => random.foldIn(random.key(7), i);

function startOf(optimizer: ObjectiveOptimizer, theta: SmallNetwork, batch: SmallBatch): Point {
  return { theta, state: optimizer.init(theta, objectiveOf(batch), random.key(6)) };
}

/** One program per phase. */
function compiledOn(batch: SmallBatch, step: Compiled["step"]): Step {
  return ({ theta, state }, key) => step(theta, state, batch, key);
}

/** Function by function, with no word about the phase. */
function eagerOn(optimizer: ObjectiveOptimizer, batch: SmallBatch): Step {
  return ({ theta, state }, key) => optimizer.step(theta, state, objectiveOf(batch), { key });
}

/** The point before each step with what the step made of it. */
function run(step: Step, start: Point, steps: number): { before: Point; outcome: Outcome }[] {
  let before = start;
  return Array.from({ length: steps }, (_, i) => {
    const outcome = step(before, keyOf(i));
    const done = { before, outcome };
    before = outcome;
    return done;
  });
}

function requireClose(where: string, what: string, got: unknown, wanted: unknown, relative: number): void {
  const others = new Map(tree.entries(wanted));
  for (const [path, leaf] of tree.entries(got)) {
    const other = others.get(path)!.data;
    leaf.data.forEach((x, i) =>
      require(Math.abs(x - other[i]!) <= relative * Math.max(1, Math.abs(other[i]!)), where, () =>
        `element ${i} of ${what} at "${path}" is ${x}, expected ${other[i]} within ${relative}.`),
    );
  }
}

/** `steps` compiled steps from the start. */
function compiledRun(
  { optimizer, step }: Compiled,
  dtype: FloatType,
  steps: number,
): { before: Point; outcome: Outcome }[] {
  const batch = labelledBatch(dtype);
  return run(compiledOn(batch, step), startOf(optimizer, smallNetwork(dtype), batch), steps);
}

function requireStructure({ name }: CheckedObjectiveOptimizer, compiled: () => Compiled): void {
  const { optimizer } = compiled();
  for (const dtype of ["float32", "float64"] as const) {
    const points = compiledRun(compiled(), dtype, 3);
    const start = points[0]!.before;
    points.forEach(({ before, outcome }, i) => {
      const { step } = before.state as { step?: Tensor };
      require(step?.dtype === "int32" && step.ndim === 0 && step.item() === i, name, () => `state.step must be the int32 scalar ${i} after ${i} steps, got ${step?.toString()} ${step?.data[0]}.`); // prettier-ignore
      tree.requireSame(name, "theta after a step", start.theta, outcome.theta);
      tree.requireSame(name, "the state after a step", start.state, outcome.state);
      require(String(outcome.theta.index.data) === "3,1", name, () => `an integer leaf [3, 1] became [${String(outcome.theta.index.data)}]; only floating-point leaves move.`); // prettier-ignore
      for (const [metric, value] of Object.entries(outcome.metrics)) {
        require(value.ndim === 0 && tree.isFinite(value), name, () => `metric ${metric} is ${value.toString()} ${value.data[0]}, expected a finite scalar.`); // prettier-ignore
      }
    });
    const { before, outcome } = points.at(-1)!;
    const loss = objectiveOf(labelledBatch(dtype)).loss(before.theta);
    requireClose(name, "the loss", outcome.loss, loss, tolerance[dtype]);
    const evaluated = optimizer.evaluationTheta?.(outcome.state, outcome.theta) ?? start.theta;
    tree.requireSame(name, "theta to evaluate", start.theta, evaluated);
  }
}

function requirePrecisions({ name }: CheckedObjectiveOptimizer, compiled: () => Compiled): void {
  const [narrow, wide] = (["float32", "float64"] as const).map(
    (dtype) => compiledRun(compiled(), dtype, 4).at(-1)!.outcome.theta,
  );
  requireClose(name, "theta in float32", narrow, wide, tolerance.float32);
}

function requireDataState(subject: CheckedObjectiveOptimizer, compiled: () => Compiled): void {
  const points = compiledRun(compiled(), "float32", 4);
  const other = compiledOn(labelledBatch("float32"), compiledStep(create(subject), objectiveOf));
  points.forEach(({ before: { theta, state }, outcome }, i) => {
    const { structure, tensors } = encodeState({ theta, state });
    const copies = [...tensors].map(
      ([path, x]) => [path, tree.tensors(x.data.slice()).reshape([...x.shape])] as const,
    );
    const loaded = decodeState(JSON.parse(JSON.stringify(structure)) as Json, new Map(copies)) as Point;
    const next = other(loaded, keyOf(i));
    const [got, wanted] = [next, outcome].map((point) => [...tree.flatten(point)]);
    require(got!.every((x, j) => Object.is(x, wanted![j])), subject.name, () =>
      `step ${i + 1} from a saved and loaded state gives other numbers: ${String(got)} instead of ${String(wanted)}.`);
  });
}

/**
 * Single steps from points of a compiled run, so that differences cannot pile up: one after the first step, and the
 * first as well where there are phases.
 */
function requireCompiled(subject: CheckedObjectiveOptimizer, compiled: () => Compiled): void {
  const { optimizer, step: withPhase } = compiled();
  const batch = labelledBatch("float64");
  const eager = eagerOn(optimizer, batch);
  const points = compiledRun(compiled(), "float64", 2)
    .map(({ before }, i) => ({ before, i }))
    .slice(optimizer.phaseAt === undefined ? 1 : 0)
    .map(({ before, i }) => ({ before, i, outcome: eager(before, keyOf(i)) }));
  const steps: [string, Step][] = [["compiled", compiledOn(batch, withPhase)]];
  if (optimizer.phaseAt !== undefined) {
    const { phaseAt: _, ...withoutPhases } = optimizer;
    steps.push(["compiled for all phases", compiledOn(batch, compiledStep(withoutPhases, objectiveOf))]);
  }
  for (const [how, step] of steps) {
    points.forEach(({ before, i, outcome }) => {
      const { theta, state, loss } = step(before, keyOf(i));
      const [got, wanted] = [{ theta, state, loss }, { theta: outcome.theta, state: outcome.state, loss: outcome.loss }]; // prettier-ignore
      requireClose(subject.name, `step ${i + 1}, ${how},`, got, wanted, tolerance.float64);
    });
  }
}

function requireZeroGradient(subject: CheckedObjectiveOptimizer): void {
  const optimizer = create(subject);
  const theta = smallNetwork("float32");
  // Outputs computed by the program that compares with them, so that the difference is zero to the bit.
  const still = compiledStep(optimizer, (x: SmallNetwork) => objectiveOf(shiftedBatch(x, 0, "float32")));
  let point = startOf(optimizer, theta, shiftedBatch(theta, 0, "float32"));
  for (let i = 0; i < 3; i++) {
    point = still(point.theta, point.state, theta, keyOf(i));
    require(tree.isFinite(point), subject.name, () => `step ${i + 1} with zero gradients gives theta [${String(tree.flatten(point.theta))}] and a theta or state with numbers that are not finite.`); // prettier-ignore
  }
  if (subject.movesAtRest) return;
  requireClose(subject.name, "theta after three zero gradients", point.theta, theta, 1e-6);
}

function requireDescent({ stepsOfDescent, name }: CheckedObjectiveOptimizer, compiled: () => Compiled): void {
  const points = compiledRun(compiled(), "float32", stepsOfDescent);
  const [from, to] = [points[0]!, points.at(-1)!].map(({ outcome }) => outcome.loss.item());
  require(to! < from! / 2, name, () => `the loss ${from} of a network is ${to} after ${stepsOfDescent} steps, not below half of it.`); // prettier-ignore
}

function requireRefusal(subject: CheckedObjectiveOptimizer): void {
  const optimizer = create(subject);
  const theta = { x: np.array([1, -2, 0.5]) };
  const objective = {
    loss: (at: typeof theta) => at.x.mul(at.x).sum().mul(0.5),
    losses: (at: typeof theta) => at.x.mul(at.x).mul(1.5),
  };
  if (subject.needsNetwork) {
    requireError(subject.name, "init on an objective without a network", "OPTION", () =>
      optimizer.init(theta, objective, random.key(0)),
    );
    return;
  }
  const step = compiledStep(optimizer, () => objective);
  let state = optimizer.init(theta, objective, random.key(0));
  let at = theta;
  for (let i = 0; i < 3; i++) ({ theta: at, state } = step(at, state, {}, keyOf(i)));
  require(tree.isFinite({ at, state }), subject.name, () =>
    `three steps on a quadratic without a network give [${String(at.x.data)}] and a state that is not finite.`);
}
