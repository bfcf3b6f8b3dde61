/**
 * A loop as one equation: carry, y_t = step(carry, x_t, t) for t = 0 … length - 1, with the ys stacked along a new
 * axis 0. It differentiates in both modes, maps and nests; a compiler sees one equation with the step as its body.
 * Reverse mode keeps the carries and computes each step a second time on the way back.
 */
import { OptionError, ShapeError, isThenable, requireInteger, show } from "../errors.ts";
import { concrete, toRaw, wrap } from "./lift.ts";
import { type Raw, avalsOf, record } from "./jaxprs.ts";
import { bindScan, bodyAvals } from "./scanEquation.ts";
import { named } from "./namedTrees.ts";
import { installScan } from "./scanRules.ts";
import type { Tensor } from "./tensor.ts";
import { inTrace } from "./transforms.ts";
import * as tree from "./tree.ts";

installScan();

export interface ScanOptions {
  /** Number of steps; needed where `xs` has no leaves. Default: the length of axis 0 of the leaves of `xs`. */
  length?: number;
  /**
   * Which carries reverse mode keeps: of every step ("all", the default), of about the square root of their number
   * ("sqrt", which computes each step once more), or of at most `states` steps.
   */
  checkpoints?: "all" | "sqrt" | { states: number };
}

/**
 * A loop of `step` over the rows of `xs`: the last carry, and the ys stacked. The step is traced once; it may use traced values from outside, and its carry
 * must keep its structure, shapes and dtypes. A step without a y returns undefined in its place.
 *
 * @example
 * // Partial sums: [6, [1, 3, 6]].
 * scan((sum: Tensor, x: Tensor) => [sum.add(x), sum.add(x)], np.array(0), np.array([1, 2, 3]));
 */
export function scan<Carry, X, Y>(
  step: (carry: Carry, x: X, k: Tensor) => [Carry, Y],
  carry: Carry,
  given: X | null,
  settings: ScanOptions | number = {},
): [Carry, Y] {
  // As JAX writes it: scan(step, carry, null, length).
  const options = typeof settings === "number" ? { length: settings } : settings;
  const xs = (given ?? undefined) as X;
  const inputs = {
    carry: named("scan", "the carry", () => tree.tensors(carry)) as unknown,
    xs: xs === undefined ? [] : (named("scan", "xs", () => tree.tensors(xs)) as unknown),
  };
  const length = lengthOf(inputs.xs, options);
  const checkpoints = checkpointsOf(length, options);
  // Structure of the results, known once the step has been traced.
  let like: { carry: unknown; y: unknown } | undefined;
  const run = (start: unknown, rows: unknown): Tensor[] => {
    const traced = traceStep(step as Step, start, xs === undefined ? undefined : rows, length);
    like = traced;
    const raws = {
      carry: tree.leaves(start).map(toRaw),
      xs: [...countUp(length), ...tree.leaves(rows)].map(toRaw),
    };
    const outs = bindScan(traced.body, { consts: [], ...raws }, { length, reverse: false, checkpoints });
    return wrap(outs) as Tensor[];
  };
  const outs = inTrace(run, [inputs.carry, inputs.xs]) as Tensor[];
  const numCarry = tree.leaves(inputs.carry).length;
  const ys = outs.slice(numCarry);
  return [
    tree.unflatten(inputs.carry, outs.slice(0, numCarry)) as Carry,
    (like!.y === undefined ? undefined : tree.unflatten(like!.y, ys)) as Y,
  ];
}

type Step = (carry: unknown, x: unknown, k: Tensor) => [unknown, unknown];

/** Step numbers as the first of the xs; `bindScan` drops them if the step does not look. */
function countUp(length: number): [Tensor] {
  return [
    concrete(
      Int32Array.from({ length }, (_, i) => i),
      [length],
      "int32",
    ),
  ];
}

function traceStep(
  step: Step,
  start: unknown,
  rows: unknown,
  length: number,
): { body: ReturnType<typeof record>; carry: unknown; y: unknown } {
  const startLeaves = tree.leaves(start);
  const rowLeaves = rows === undefined ? [] : tree.leaves(rows);
  const examples = (leaves: readonly Tensor[]) => {
    const raws = leaves.map(toRaw);
    const avals = avalsOf(raws);
    for (const raw of raws) raw.dispose();
    return avals;
  };
  const avals = bodyAvals({
    consts: [],
    carry: examples(startLeaves),
    xs: examples([...countUp(length), ...rowLeaves]),
  });
  const like: { carry: unknown; y: unknown } = { carry: undefined, y: undefined };
  const body = record(avals, (...raws: Raw[]) => {
    const tensors = wrap(raws) as Tensor[];
    const carry = tree.unflatten(start, tensors.slice(0, startLeaves.length));
    const [k, ...xLeaves] = tensors.slice(startLeaves.length) as [Tensor, ...Tensor[]];
    const x = rows === undefined ? undefined : tree.unflatten(rows, xLeaves);
    const result: unknown = step(carry, x, k);
    if (isThenable(result)) returned("what the step returned", result);
    if (!Array.isArray(result) || result.length !== 2) {
      throw new ShapeError(
        "scan",
        `the step must return [carry, y], got ${show(result)}. y may be undefined.`,
      );
    }
    // Compared with what was handed in: the step may have written into the records of its carry.
    const next = likeCarry(returned("the carry that the step returned", result[0]), start);
    like.carry = next;
    like.y = result[1] === undefined ? undefined : returned("the y that the step returned", result[1]);
    const yLeaves = like.y === undefined ? [] : tree.leaves(like.y);
    return [...tree.leaves(next), ...yLeaves].map(toRaw);
  });
  return { body, ...like };
}

const returned = (what: string, value: unknown): unknown =>
  named("scan", what, () => tree.tensors(value as object));

/** The carry that a step returned, checked against the one that it was given. */
function likeCarry(next: unknown, carry: unknown): unknown {
  tree.requireSame("scan", "the carry that the step returned", carry, next);
  return next;
}

function lengthOf(xs: unknown, { length }: ScanOptions): number {
  if (length !== undefined) requireInteger("scan", "length", length, 1);
  let found = length;
  for (const [path, leaf] of tree.entries(xs)) {
    const label = `xs${path === "" ? "" : ` at "${path}"`}`;
    if (leaf.ndim === 0)
      throw new ShapeError(
        "scan",
        `${label} is a scalar, which has no axis to walk along. A list of numbers is a tree of scalars: write np.array([...]).`,
        { path },
      );
    found ??= leaf.shape[0]!;
    if (leaf.shape[0] === found) continue;
    throw new ShapeError(
      "scan",
      `${label} has length ${leaf.shape[0]}, expected ${found}${length === undefined ? "" : " (options.length)"}.`,
      { path },
    );
  }
  if (found === undefined) throw new OptionError("scan", "length", found, "given where xs has no leaves");
  if (found === 0) throw new ShapeError("scan", "xs has length 0; a loop needs at least one step.");
  return found;
}

function checkpointsOf(length: number, { checkpoints = "all" }: ScanOptions): number {
  if (checkpoints === "all") return length;
  if (checkpoints === "sqrt") return Math.ceil(Math.sqrt(length));
  if (typeof checkpoints !== "object" || checkpoints === null) {
    throw new OptionError("scan", "checkpoints", checkpoints, '"all", "sqrt" or { states }');
  }
  requireInteger("scan", "checkpoints.states", checkpoints.states, 1);
  return Math.min(length, checkpoints.states);
}
