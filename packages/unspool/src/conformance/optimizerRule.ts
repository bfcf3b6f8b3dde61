/** Checks of an optimizer by itself: structure, bits, compilation, zero gradients, descent. */
import { type Tensor, type Tensors, type Tree, jit, np, tree } from "../array/index.ts";
import type { Optimizer } from "../optimizers/index.ts";
import type { Json } from "../methods/index.ts";
import { decodeState, encodeState } from "../train/index.ts";
import { type FieldCheck, require, requireError } from "./check.ts";
import type { CheckedOptimizer } from "./optimizerSubject.ts";

type FloatType = "float32" | "float64";

/** Relative to the larger of 1 and the value. */
const tolerance: Readonly<Record<FloatType, number>> = { float32: 2e-5, float64: 1e-11 };

export function ruleChecks(subject: CheckedOptimizer): FieldCheck[] {
  const checks: [string, (subject: CheckedOptimizer) => void, ...fields: string[]][] = [
    ["theta and state keep structure, shapes and dtypes, and `step` counts", requireStructure],
    ["a nested tree moves as its elements do", requireNested, "isPerLeaf"],
    ["float32 and float64 agree", requirePrecisions, "hyperparameters"],
    ["state goes through plain data after every update, bit for bit", requireDataState],
    ["compiled by jit it gives the same as step by step", requireJit],
    ["a zero gradient gives finite numbers, and no step without decay", requireZeroGradient, "hasDecay"],
    ["it descends on a quadratic", requireDescent, "hyperparameters", "stepsOfDescent"],
    ["a gradient of another structure is refused", requireRefusal],
  ];
  return checks.map(([name, check, ...fields]) => ({ name, fields, run: () => check(subject) }));
}

interface Nested {
  layers: { weights: Tensor; bias: Tensor }[];
}

const start = [1, -2, 0.5, -0.75, 2, 4];

function flatTheta(dtype: FloatType): Tensor {
  return np.array(start, { dtype });
}

/** The elements of `flatTheta` in the order of leaves, which is by name. */
function nestedTheta(dtype: FloatType): Nested {
  const part = (from: number, to: number, shape: number[]) =>
    np.array(start.slice(from, to), { dtype, shape });
  return {
    layers: [
      { weights: part(1, 3, [2, 1]), bias: part(0, 1, [1]) },
      { weights: part(4, 6, [1, 2]), bias: part(3, 4, []) },
    ],
  };
}

/** Gradient of Σ c_i x_i² / 2 over floats, with curvatures 1 to 3 in order of the elements, and the loss. */
function quadratic<Theta>(theta: Theta): { gradient: Theta; loss: number } {
  let [i, loss] = [0, 0];
  const gradient = tree.map((leaf) => {
    if (leaf.dtype !== "float32" && leaf.dtype !== "float64") return np.zerosLike(leaf);
    const values = Array.from(leaf.data, (x) => {
      const curvature = 1 + (i++ % 3);
      loss += (curvature * x * x) / 2;
      return curvature * x;
    });
    return np.array(values, { shape: leaf.shape, dtype: leaf.dtype });
  }, theta);
  return { gradient, loss };
}

interface Point<Theta> {
  theta: Theta;
  state: Tree;
}

function run<Theta>(optimizer: Optimizer, theta: Theta, steps: number): Point<Theta>[] {
  const points: Point<Theta>[] = [{ theta, state: optimizer.init(theta) }];
  for (let i = 0; i < steps; i++) {
    const { theta: at, state } = points.at(-1)!;
    points.push(optimizer.update(quadratic(at).gradient as Tensors<Theta>, state, at));
  }
  return points;
}

const create = (subject: CheckedOptimizer): Optimizer => subject.create(subject.hyperparameters);

interface CompiledOptimizer {
  optimizer: Optimizer;
  update: (gradient: Tensor, state: Tree, theta: Tensor) => Point<Tensor>;
}

const compiledOptimizers = new WeakMap<CheckedOptimizer, CompiledOptimizer>();

/** The subject's optimizer with its update as a program, which the checks share. */
function compiled(subject: CheckedOptimizer): CompiledOptimizer {
  const known = compiledOptimizers.get(subject);
  if (known !== undefined) return known;
  const optimizer = create(subject);
  const update = jit((gradient: Tensor, state: Tree, theta: Tensor) =>
    optimizer.update(gradient, state, theta),
  );
  const made = { optimizer, update };
  compiledOptimizers.set(subject, made);
  return made;
}

function requireClose(where: string, what: string, got: unknown, wanted: unknown, relative: number): void {
  const [a, b] = [tree.flatten(got), tree.flatten(wanted)];
  require(a.length === b.length, where, () => `${what} has ${a.length} elements, expected ${b.length}.`);
  a.forEach((x, i) =>
    require(Math.abs(x - b[i]!) <= relative * Math.max(1, Math.abs(b[i]!)), where, () =>
      `element ${i} of ${what} is ${x}, expected ${b[i]} within ${relative}.`),
  );
}

function requireStructure(subject: CheckedOptimizer): void {
  const { name } = subject;
  for (const dtype of ["float32", "float64"] as const) {
    const theta = { ...nestedTheta(dtype), index: np.array([3, 1], { dtype: "int32" }) };
    const optimizer = create(subject);
    let point: Point<typeof theta> = { theta, state: optimizer.init(theta) };
    const first = point.state;
    for (let i = 0; i < 4; i++) {
      const step = (point.state as { step?: Tensor }).step;
      require(step?.dtype === "int32" && step.ndim === 0 && step.item() === i, name, () => `state.step must be the int32 scalar ${i} after ${i} updates, got ${step?.toString()} ${step?.data[0]}.`); // prettier-ignore
      const gradient = quadratic(point.theta).gradient as Tensors<typeof theta>;
      point = optimizer.update(gradient, point.state, point.theta);
      tree.requireSame(name, "theta after an update", theta, point.theta);
      tree.requireSame(name, "the state after an update", first, point.state);
    }
    require(String(point.theta.index.data) === "3,1", name, () => `an integer leaf [3, 1] became [${String(point.theta.index.data)}]; only floating-point leaves move.`); // prettier-ignore
  }
}

function requireNested(subject: CheckedOptimizer): void {
  const optimizer = create(subject);
  const nested = run(optimizer, nestedTheta("float64"), 6).at(-1)!.theta;
  if (!subject.isPerLeaf) {
    requireClose(
      subject.name,
      "theta as a nested tree",
      nested,
      run(optimizer, flatTheta("float64"), 6).at(-1)!.theta,
      1e-11,
    );
    return;
  }
  // Each leaf by itself: alone it must move as it does in company, given the same gradients.
  const points = run(optimizer, nestedTheta("float64"), 6);
  tree.leaves(points[0]!.theta).forEach((leaf, i) => {
    let alone: Point<Tensor> = { theta: leaf, state: optimizer.init(leaf) };
    for (const { theta } of points.slice(0, -1)) {
      const gradient = tree.leaves(quadratic(theta).gradient)[i]!;
      alone = optimizer.update(gradient, alone.state, alone.theta);
    }
    requireClose(subject.name, `leaf ${i} alone`, alone.theta, tree.leaves(nested)[i], 1e-11);
  });
}

function requirePrecisions(subject: CheckedOptimizer): void {
  const [narrow, wide] = (["float32", "float64"] as const).map(
    (dtype) => run(create(subject), flatTheta(dtype), 6).at(-1)!.theta,
  );
  requireClose(subject.name, "theta in float32", narrow, wide, tolerance.float32);
}

function requireDataState(subject: CheckedOptimizer): void {
  const points = run(create(subject), nestedTheta("float32"), 5);
  const other = create(subject);
  points.slice(0, -1).forEach(({ theta, state }, i) => {
    const { structure, tensors } = encodeState({ theta, state });
    const copies = [...tensors].map(
      ([path, x]) => [path, tree.tensors(x.data.slice()).reshape([...x.shape])] as const,
    );
    const loaded = decodeState(
      JSON.parse(JSON.stringify(structure)) as Json,
      new Map(copies),
    ) as Point<Nested>;
    const next = other.update(quadratic(loaded.theta).gradient, loaded.state, loaded.theta);
    const [got, wanted] = [next, points[i + 1]!].map((point) => [...tree.flatten(point)]);
    require(got!.every((x, j) => Object.is(x, wanted![j])), subject.name, () =>
      `update ${i + 1} from a saved and loaded state gives other numbers: ${String(got)} instead of ${String(wanted)}.`);
  });
}

function requireJit(subject: CheckedOptimizer): void {
  for (const dtype of ["float32", "float64"] as const) {
    const { optimizer, update } = compiled(subject);
    const points = run(optimizer, flatTheta(dtype), 4);
    points.slice(0, -1).forEach(({ theta, state }, i) => {
      const next = update(quadratic(theta).gradient, state, theta);
      requireClose(
        subject.name,
        `theta after compiled update ${i + 1} (${dtype})`,
        next.theta,
        points[i + 1]!.theta,
        tolerance[dtype],
      );
      requireClose(
        subject.name,
        `the state after compiled update ${i + 1} (${dtype})`,
        next.state,
        points[i + 1]!.state,
        tolerance[dtype],
      );
    });
  }
}

function requireZeroGradient(subject: CheckedOptimizer): void {
  const optimizer = create(subject);
  const theta = flatTheta("float32");
  let point: Point<Tensor> = { theta, state: optimizer.init(theta) };
  for (let i = 0; i < 3; i++) {
    point = optimizer.update(np.zerosLike(theta), point.state, point.theta);
    require(tree.isFinite(point), subject.name, () => `update ${i + 1} with zero gradients gives [${String(point.theta.data)}] and a state with numbers that are not finite.`); // prettier-ignore
  }
  if (subject.hasDecay) return;
  require(String(point.theta.data) === String(theta.data), subject.name, () => `three zero gradients moved theta from [${String(theta.data)}] to [${String(point.theta.data)}].`); // prettier-ignore
}

function requireDescent(subject: CheckedOptimizer): void {
  const { stepsOfDescent, name } = subject;
  // Hundreds of updates, operation by operation, take seconds.
  const { optimizer, update } = compiled(subject);
  const start = flatTheta("float64");
  let point: Point<Tensor> = { theta: start, state: optimizer.init(start) };
  for (let i = 0; i < stepsOfDescent; i++) {
    point = update(quadratic(point.theta).gradient, point.state, point.theta);
  }
  const [from, to] = [start, point.theta].map((theta) => quadratic(theta).loss);
  require(to! < from! / 2, name, () => `the loss ${from} of a quadratic is ${to} after ${stepsOfDescent} updates, not below half of it.`); // prettier-ignore
}

function requireRefusal(subject: CheckedOptimizer): void {
  const optimizer = create(subject);
  const theta = nestedTheta("float32");
  const state = optimizer.init(theta);
  const others: [string, unknown][] = [
    ["a gradient without a leaf", { layers: theta.layers.slice(0, 1) }],
    ["a gradient of another shape", tree.map((x) => np.zeros([...x.shape, 2]), theta)],
  ];
  for (const [what, gradient] of others) {
    requireError(subject.name, what, "SHAPE", () => optimizer.update(gradient as Nested, state, theta));
  }
}
