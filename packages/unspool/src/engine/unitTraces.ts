/** The traces of a program of units: each of its functions for one unit, and those around a window. */
import { type Tensor, type TracedProgram, traceProgram, tree } from "../array/index.ts";
import type { ForwardProgram, OuterProgram, UnitChange } from "../program/index.ts";

/** What is run around a window of a program of several. */
export interface OuterSource {
  readonly program: Omit<OuterProgram, "window">;
  /** The outer state, for its shapes. */
  readonly outer: unknown;
}

export interface UnitTraces {
  /** (shared, unit) -> [constants, carries, kept] */
  readonly begin: TracedProgram;
  /** (shared, constant, carry, k) -> carry; undefined without steps. */
  readonly step: TracedProgram | undefined;
  /** (shared, unit, constants, carries, kept) -> [unit, mean, each] */
  readonly finish: TracedProgram;
  readonly record: TracedProgram | undefined;
  readonly members: number;
  /** Leaves of what one member has and of what is kept, for their shapes. */
  readonly constant: readonly Tensor[];
  readonly carry: readonly Tensor[];
  readonly kept: readonly Tensor[];
  readonly outer: OuterTraces | undefined;
}

export interface OuterTraces {
  /** (shared, unit) -> [condition, unit] */
  readonly restart: TracedProgram | undefined;
  readonly settle: TracedProgram | undefined;
  readonly share: TracedProgram;
  /** (outer, mean) -> [outer, record] */
  readonly update: TracedProgram;
}

type Begun = readonly [constants: unknown[], carries: unknown[], kept: unknown];

const firstLeaves = (members: readonly unknown[]): readonly Tensor[] =>
  members.length === 0 ? [] : tree.leaves(members[0]);

/** `one` is a unit with the shapes of the units. */
export function traceUnit(
  program: ForwardProgram,
  shared: unknown,
  one: unknown,
  source: OuterSource | undefined,
): UnitTraces {
  const { name } = program;
  const begin = traceProgram(
    name,
    (s: unknown, u: unknown): Begun => {
      const { members, kept } = program.begin(s, u);
      return [members.map(({ constant }) => constant), members.map(({ carry }) => carry), kept];
    },
    [shared, one],
  );
  const begun = tree.zerosLike(begin.output) as Begun;
  const [constants, carries, kept] = begun;
  const step = traceStep(program, shared, begun);
  const finish = traceFinish(program, shared, one, begun);
  const record =
    program.record && traceProgram(name, (carry: unknown) => program.record!(carry), [carries[0]]);
  const [, mean] = finish.output as [unknown, unknown, unknown];
  return {
    begin,
    step,
    finish,
    record,
    members: constants.length,
    constant: firstLeaves(constants),
    carry: firstLeaves(carries),
    kept: tree.leaves(kept),
    outer: source && traceOuter(name, shared, one, mean, source),
  };
}

function traceStep(
  program: ForwardProgram,
  shared: unknown,
  [constants, carries]: Begun,
): TracedProgram | undefined {
  const { name, length } = program;
  if (length === 0) return undefined;
  return traceProgram(
    name,
    (s: unknown, constant: unknown, carry: unknown, k: Tensor) => {
      const next = program.step(s, constant, carry, k);
      tree.requireSame(name, "the carry after a step", carry, next);
      return next;
    },
    [shared, constants[0], carries[0], tree.scalar(0, "int32")],
  );
}

function traceFinish(program: ForwardProgram, shared: unknown, one: unknown, begun: Begun): TracedProgram {
  return traceProgram(
    program.name,
    (s: unknown, u: unknown, constants: unknown[], carries: unknown[], kept: unknown) => {
      const members = constants.map((constant, m) => ({ constant, carry: carries[m] }));
      const { unit, mean, each } = program.finish(s, u, members, kept);
      return [unit, mean, each];
    },
    [shared, one, ...begun],
  );
}

/** `mean` is a tree with the shapes of what is averaged over units. */
function traceOuter(
  name: string,
  shared: unknown,
  one: unknown,
  mean: unknown,
  { program, outer }: OuterSource,
): OuterTraces {
  const change = (from: UnitChange | undefined) =>
    from && traceProgram(name, (s: unknown, u: unknown) => [from.when(u), from.apply(s, u)], [shared, one]);
  return {
    restart: change(program.restart),
    settle: change(program.settle),
    share: traceProgram(name, (state: unknown) => program.share(state), [outer]),
    update: traceProgram(
      name,
      (state: unknown, means: unknown) => {
        const next = program.update(state, means);
        tree.requireSame(name, "the outer state", state, next.outer);
        return [next.outer, next.record];
      },
      [outer, tree.zerosLike(mean, "float64")],
    ),
  };
}
