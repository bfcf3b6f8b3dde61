/**
 * The reference executor: the program of one unit, mapped over units by `vmap` and run step by step through
 * jax-js. Correct at any speed; the compiled engine is tested against it.
 */
import { type Tensor, np, tree, vmap } from "../array/index.ts";
import {
  type DeviceTree,
  type Pipeline,
  type Stage,
  compilePipeline,
  flush,
  fromDevice,
  keep,
  release,
  toDevice,
} from "../array/device.ts";
import { checkpointPlan } from "./checkpoints.ts";
import { splitFloats } from "./floats.ts";
import { reverseFunctions } from "./reverseFunctions.ts";
import type {
  ForwardProgram,
  ForwardResult,
  Member,
  ReverseProgram,
  ReverseResult,
} from "../program/index.ts";
import { type CheckpointPolicy, type Executor, typedExecutor } from "./executor.ts";

/** Steps between forced evaluations of jax-js's lazy queue. */
const stepsPerFlush = 10;

/** An executor on jax-js. Programs are compiled once per program object and argument shapes. */
export function referenceExecutor(): Executor {
  const cache = new WeakMap<object, Map<string, Pipeline>>();
  const compiled = (program: object, args: unknown[], compile: () => Pipeline): Pipeline => {
    const pipelines = cache.get(program) ?? new Map<string, Pipeline>();
    cache.set(program, pipelines);
    const shapes = args.map((arg) =>
      tree
        .entries(arg)
        .map(([path, leaf]) => `${path}:${leaf.toString()}`)
        .join(),
    );
    const signature = shapes.join("|");
    const pipeline = pipelines.get(signature) ?? compile();
    pipelines.set(signature, pipeline);
    return pipeline;
  };
  return typedExecutor({
    name: "reference",
    forward(program, shared, units) {
      const pipeline = compiled(program, [shared, units], () => compileForward(program, shared, units));
      return runForward(program, pipeline, shared, units);
    },
    reverse(program, policy, theta, shared, units) {
      const pipeline = compiled(program, [theta, shared, units], () =>
        compileReverse(program, theta, shared, units),
      );
      return runReverse(program, policy, pipeline, theta, shared, units);
    },
  });
}

/**
 * What `begin` leaves for the loop: constants and carries of the members stacked (positives first), and what `finish`
 * wants. An array, because the leaves of the parts are told apart by their order.
 */
type Begun = readonly [constant: unknown, carry: unknown, kept: unknown];

/** Stages: begin, finish, then step and record where there are any. */
function compileForward(program: ForwardProgram, shared: unknown, units: unknown): Pipeline {
  const count = unitCount(units);
  const begin = (s: unknown, u: unknown): Begun => {
    const { members, kept } = vmap(program.begin, [null, 0])(s, u);
    const { constant, carry } = stackMembers(members);
    return [constant, carry, kept];
  };
  const step = (s: unknown, constant: unknown, carry: unknown, k: Tensor) => {
    const next = vmap(program.step, [null, 0, 0, null])(s, constant, carry, k);
    tree.requireSame(program.name, "the carry after a step", carry, next);
    return next;
  };
  const finish = (s: unknown, u: unknown, [constant, carry, kept]: Begun) =>
    vmap(program.finish, [null, 0, 0, 0])(s, u, splitMembers({ constant, carry }, count), kept);
  const zero = tree.scalar(0, "int32");
  const { record } = program;
  const stepSource = {
    fn: step,
    args: ([begun]: unknown[]) => [shared, (begun as Begun)[0], (begun as Begun)[1], zero],
  };
  return compilePipeline([
    { fn: begin, args: () => [shared, units] },
    { fn: finish, args: ([begun]) => [shared, units, begun] },
    ...(program.length === 0 ? [] : [stepSource]),
    ...(record === undefined
      ? []
      : [{ fn: vmap(record), args: ([begun]: unknown[]) => [(begun as Begun)[1]] }]),
  ]);
}

function runForward(
  program: ForwardProgram,
  { device, stages }: Pipeline,
  shared: unknown,
  units: unknown,
): ForwardResult {
  const [begin, finish, step, record] = stages as [Stage, Stage, Stage | undefined, Stage | undefined];
  const sharedOn = toDevice(device, shared);
  const unitsOn = toDevice(device, units);
  const begun = begin.run(keep(sharedOn), keep(unitsOn));
  const [constants, carried] = (begin.output as Begun).map((part) => tree.leaves(part).length) as [
    number,
    number,
  ];
  const constant = begun.slice(0, constants);
  const kept = begun.slice(constants + carried);
  let carry: DeviceTree = begun.slice(constants, constants + carried);
  const history: Record<string, Tensor>[] = [];
  for (let k = 0; k < program.length; k++) {
    carry = step!.run(keep(sharedOn), keep(constant), carry, toDevice(device, tree.scalar(k, "int32")));
    if (record !== undefined)
      history.push(fromDevice(record.run(keep(carry)), record.output) as Record<string, Tensor>);
    else if (k % stepsPerFlush === stepsPerFlush - 1) flush(carry);
  }
  const outputs = finish.run(sharedOn, unitsOn, constant, carry, kept);
  const finished = fromDevice(outputs, finish.output) as { unit: unknown; mean: unknown; each: unknown };
  return { units: finished.unit, mean: averageUnits(finished.mean), each: finished.each, history };
}

/** Stages: begin, step, backward step, backward begin. Carries are kept per unit; theta is shared. */
function compileReverse(program: ReverseProgram, theta: unknown, shared: unknown, units: unknown): Pipeline {
  const zero = tree.scalar(0, "int32");
  const { begin, step, pullStep, pullBegin, floatsOf } = reverseFunctions(program);
  const count = unitCount(units);
  const zeroSum = tree.map((leaf) => np.zeros([count, ...leaf.shape], { dtype: "float64" }), theta);
  const stages = [
    vmap(begin, [null, null, 0]),
    vmap(step, [null, null, 0, null]),
    vmap(pullStep, [null, null, 0, null, 0, 0]),
    vmap(pullBegin, [null, null, 0, 0, 0]),
  ] as const;
  return compilePipeline([
    { fn: stages[0], args: () => [theta, shared, units] },
    { fn: stages[1], args: ([carry]) => [theta, shared, carry, zero] },
    { fn: stages[2], args: ([carry]) => [theta, shared, carry, zero, floatsOf(carry), zeroSum] },
    { fn: stages[3], args: ([carry]) => [theta, shared, units, floatsOf(carry), zeroSum] },
  ]);
}

function runReverse(
  program: ReverseProgram,
  policy: CheckpointPolicy,
  { device, stages }: Pipeline,
  theta: unknown,
  shared: unknown,
  units: unknown,
): ReverseResult {
  const [begin, step, backStep, backBegin] = stages as [Stage, Stage, Stage, Stage];
  const count = unitCount(units);
  const fixed = [...toDevice(device, theta), ...toDevice(device, shared)];
  const unitsOn = toDevice(device, units);
  const at = (k: number) => toDevice(device, tree.scalar(k, "int32"));
  const carryLike = (step.output as { carry: unknown }).carry;
  const losses = new Float64Array(count);
  let forwardSteps = 0;
  /** One forward step; the losses of a step count the first time that it is computed. */
  const advance = (carry: DeviceTree, k: number, isFirst: boolean): DeviceTree => {
    const next = step.run(keep(fixed), carry, at(k));
    const loss = fromDevice([next.pop()!], [tree.scalar(0)]) as [Tensor];
    if (isFirst) for (let i = 0; i < count; i++) losses[i]! += loss[0].data[i]!;
    forwardSteps += count;
    return next;
  };
  const floats = splitFloats(begin.output).floats;
  let cotangent = toDevice(
    device,
    floats.map((leaf) => np.zeros(leaf.shape, { dtype: leaf.dtype })),
  );
  const zeroSum = tree.map((leaf) => np.zeros([count, ...leaf.shape], { dtype: "float64" }), theta);
  let sum = toDevice(device, zeroSum);
  let last: DeviceTree | undefined;
  const plan = checkpointPlan(program.length, policy);
  const held = new Map<number, DeviceTree>();
  let statesHeld = 1;
  held.set(0, begin.run(keep(fixed), keep(unitsOn)));
  let reached = 0;
  for (const action of plan) {
    if (action.kind === "advance") {
      let carry = keep(held.get(action.from)!);
      for (let k = action.from; k < action.to; k++) carry = advance(carry, k, k >= reached);
      reached = Math.max(reached, action.to);
      if (action.to === program.length) {
        last = carry;
      } else {
        held.set(action.to, carry);
        statesHeld = Math.max(statesHeld, held.size);
      }
    } else {
      const back = backStep.run(keep(fixed), held.get(action.step)!, at(action.step), cotangent, sum);
      held.delete(action.step);
      cotangent = back.slice(0, floats.length);
      sum = back.slice(floats.length);
      flush(sum);
    }
  }
  const perUnit = fromDevice(backBegin.run(fixed, unitsOn, cotangent, sum), zeroSum);
  for (const leftover of held.values()) release(leftover);
  const gradient = tree.map((mean, leaf) => mean.astype(leaf.dtype), averageUnits(perUnit), theta);
  return {
    carry: fromDevice(last!, carryLike),
    losses: np.array(losses),
    gradient,
    forwardSteps,
    statesHeld,
  };
}

/** Members of all units as one batch: all first members, then all second ones. */
function stackMembers(members: Member[]): Member {
  const [first, ...others] = members;
  if (first === undefined) return { constant: [], carry: [] };
  return tree.map((leaf, ...rest) => np.concatenate([leaf, ...rest], 0), first, ...others);
}

function splitMembers(stacked: Member, units: number): Member[] {
  if (tree.leaves(stacked).length === 0) return [];
  const total = unitCount(stacked);
  return Array.from({ length: total / units }, (_, m) =>
    tree.map((leaf) => leaf.slice([m * units, (m + 1) * units]), stacked),
  );
}

function unitCount(units: unknown): number {
  const count = tree.leaves(units)[0]?.shape[0];
  if (count === undefined) throw new Error("internal: a program needs at least one leaf per unit");
  return count;
}

/** Mean over axis 0 of each leaf: in index order, in float64, kept in float64 unless the leaf is float32. */
export function averageUnits<T>(perUnit: T): T {
  return tree.map((leaf) => {
    const count = leaf.shape[0]!;
    const width = leaf.size / count;
    const mean = new Float64Array(width);
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < width; j++) mean[j]! += leaf.data[i * width + j]!;
    }
    for (let j = 0; j < width; j++) mean[j]! /= count;
    return np.array(mean, { shape: leaf.shape.slice(1) });
  }, perUnit);
}
