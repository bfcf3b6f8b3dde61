/**
 * The host executor: programs around simulators. What a method does before, between and after the calls of a simulator
 * runs as programs of another executor over all units; the calls run in plain loops over units and members, in order,
 * so results do not depend on anything but the arguments.
 */
import { type Tensor, jit, tensorOf, tree } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import type { ForwardProgram, ForwardResult, Member } from "../program/index.ts";
import { type Executor, typedExecutor } from "./executor.ts";
import type { UnitValues } from "./hostCall.ts";
import { averageUnits } from "./referenceExecutor.ts";
import { type Compile, type Segments, segments } from "./segments.ts";

type Begun = { members: Member[]; kept: unknown };
type Finished = { unit: unknown; mean: unknown; each: unknown };

/** An executor for problems made by `defineSimulator`; for others too, slower than `base`, which compiles its programs. */
export function hostExecutor(base: Pick<Executor, "compile">): Executor {
  const compile: Compile = base.compile?.bind(base) ?? ((_name, fn) => jit(fn));
  const machines = new WeakMap<object, Map<string, Machine>>();
  return typedExecutor({
    name: "host",
    ...(base.compile && { compile: base.compile.bind(base) }),
    forward(program, shared, units) {
      const known = machines.get(program) ?? new Map<string, Machine>();
      machines.set(program, known);
      const signature = tree.entries([shared, units]).map(([path, leaf]) => `${path}:${leaf.toString()}`);
      const name = signature.join();
      const machine = known.get(name) ?? machineOf(program, compile, shared, units);
      known.set(name, machine);
      return machine(shared, units);
    },
    reverse({ name }) {
      throw new OptionError(
        name,
        "problem",
        "a simulator",
        "differentiable",
        "Use an evolution-strategy estimator such as pes, nres or fullEs.",
      );
    },
  });
}

type Machine = (shared: unknown, units: unknown) => ForwardResult;

/** What runs a program for arguments like these. */
function machineOf(
  program: ForwardProgram,
  compile: Compile,
  sharedLike: unknown,
  unitsLike: unknown,
): Machine {
  const { name, length } = program;
  const width = tree.leaves(sharedLike).length;
  const given = (leaves: Tensor[]) =>
    [tree.unflatten(sharedLike, leaves.slice(0, width)), leaves.slice(width)] as const;
  const unitWidth = tree.leaves(unitsLike).length;
  const begin = segments(
    `${name} begin`,
    (leaves) => {
      const [shared, rest] = given(leaves);
      return program.begin(shared, tree.unflatten(unitsLike, rest));
    },
    compile,
  );
  // Known after `begin` has run.
  const begun = (): Begun => begin.output() as Begun;
  const step = segments(
    `${name} step`,
    (leaves) => {
      const [shared, rest] = given(leaves);
      const { constant, carry } = begun().members[0]!;
      const constants = tree.leaves(constant).length;
      const before = tree.unflatten(carry, rest.slice(constants, -1));
      const fixed = tree.unflatten(constant, rest.slice(0, constants));
      const after = program.step(shared, fixed, before, rest.at(-1)!);
      tree.requireSame(name, "the carry after a step", before, after);
      return after;
    },
    compile,
  );
  const record = segments(
    `${name} record`,
    (leaves) => program.record!(tree.unflatten(begun().members[0]!.carry, leaves)),
    compile,
  );
  const finish = segments(
    `${name} finish`,
    (leaves) => {
      const [shared, rest] = given(leaves);
      const unit = tree.unflatten(unitsLike, rest.slice(0, unitWidth));
      const { members, kept } = tree.unflatten(begun(), rest.slice(unitWidth));
      return program.finish(shared, unit, members, kept);
    },
    compile,
  );
  return (shared, units) => {
    const fixed = valuesOf(shared, true);
    const own = valuesOf(units, false);
    const count = own[0]!.tensor.shape[0]!;
    const started = begin.run([...fixed, ...own], count);
    const { constants, carry, kept, members } = stackMembers(begun(), started, count);
    const history: Record<string, Tensor>[] = [];
    let moved = carry;
    for (let k = 0; k < length; k++) {
      const at = { tensor: tree.scalar(k, "int32"), isShared: true };
      moved = expand(step.run([...fixed, ...constants, ...moved, at], members * count), members * count);
      if (program.record !== undefined)
        history.push(
          treeOf(record, record.run(moved, members * count), members * count) as Record<string, Tensor>,
        );
    }
    const ended = splitMembers(constants, moved, kept, members, count);
    const outcome = finish.run([...fixed, ...own, ...ended], count);
    const { unit, mean, each } = treeOf(finish, outcome, count) as Finished;
    return { units: unit, mean: averageUnits(mean), each, history };
  };
}

function valuesOf(given: unknown, isShared: boolean): UnitValues[] {
  return tree.leaves(given).map((tensor) => ({ tensor, isShared }));
}

/** The value of segments, [units, …]. */
function treeOf(of: Segments, leaves: readonly UnitValues[], units: number): unknown {
  return tree.unflatten(
    of.output(),
    expand(leaves, units).map(({ tensor }) => tensor),
  );
}

/** The leaves of what `begin` leaves: members' constants and carries stacked, first members first. */
function stackMembers(
  { members, kept }: Begun,
  leaves: readonly UnitValues[],
  units: number,
): { constants: UnitValues[]; carry: UnitValues[]; kept: readonly UnitValues[]; members: number } {
  // Leaves are in the order of names: kept, then members, and of each its carry and its constant.
  const keptWidth = tree.leaves(kept).length;
  const [first] = members;
  const widths =
    first === undefined ? [0, 0] : [first.carry, first.constant].map((x) => tree.leaves(x).length);
  const [carries, constants] = widths as [number, number];
  const stacked = Array.from({ length: carries + constants }, (_, leaf) => {
    const parts = members.map((_member, m) => leaves[keptWidth + m * (carries + constants) + leaf]!);
    return stack(parts, units);
  });
  return {
    carry: expand(stacked.slice(0, carries), members.length * units),
    constants: stacked.slice(carries),
    kept: leaves.slice(0, keptWidth),
    members: members.length,
  };
}

function stack(parts: readonly UnitValues[], units: number): UnitValues {
  const [first] = parts as [UnitValues];
  if (parts.every(({ tensor, isShared }) => isShared && tensor === first.tensor)) return first;
  const tensors = expand(parts, units).map(({ tensor }) => tensor);
  const { dtype, shape } = tensors[0]!;
  const data = new (tensors[0]!.data.constructor as Float64ArrayConstructor)(
    tensors[0]!.size * tensors.length,
  );
  tensors.forEach((tensor, m) => data.set(tensor.data, m * tensor.size));
  return { tensor: tensorOf(data, [parts.length * units, ...shape.slice(1)], dtype), isShared: false };
}

/** The leaves that `finish` wants: kept, then members. */
function splitMembers(
  constants: readonly UnitValues[],
  carry: readonly UnitValues[],
  kept: readonly UnitValues[],
  members: number,
  units: number,
): UnitValues[] {
  const ofMember = (m: number) =>
    [...carry, ...constants].map(({ tensor, isShared }): UnitValues => {
      if (isShared) return { tensor, isShared };
      const width = tensor.size / members;
      const data = tensor.data.subarray(m * width, (m + 1) * width);
      return { tensor: tensorOf(data, [units, ...tensor.shape.slice(1)], tensor.dtype), isShared };
    });
  return [...kept, ...Array.from({ length: members }, (_, m) => ofMember(m)).flat()];
}

/** Values with a copy for each unit. */
function expand(values: readonly UnitValues[], units: number): UnitValues[] {
  return values.map((value) => {
    if (!value.isShared) return value;
    const { data, shape, dtype, size } = value.tensor;
    const copies = new (data.constructor as Float64ArrayConstructor)(size * units);
    for (let i = 0; i < units; i++) copies.set(data, i * size);
    return { tensor: tensorOf(copies, [units, ...shape], dtype), isShared: false };
  });
}
