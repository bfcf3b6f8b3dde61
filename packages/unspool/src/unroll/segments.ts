/**
 * Functions of one unit that call simulators, for all units: programs between the calls, and the calls in plain loops
 * between the programs.
 *
 * A piece computes only what the next call, or the result, does not find among its inputs: states and thetas that pass
 * through a piece never enter its program.
 */
import { type Tensor, type TracedProgram, np, tensorOf, traceProgram, tree, vmap } from "../array/index.ts";
import { type HostRunner, type UnitValues, hostRunner, withHostCalls } from "./hostCall.ts";

/** Makes a program of a function, for arguments like `args`. */
export type Compile = <Args extends readonly unknown[], Out>(
  name: string,
  fn: (...args: Args) => Out,
  args: Args,
) => (...args: Args) => Out;

export interface Segments {
  /** The leaves of the function's value, from the leaves of its arguments. */
  run(inputs: readonly UnitValues[], units: number): UnitValues[];
  /** The structure of the value: tensors of one unit. Known after the first run. */
  output(): unknown;
}

/** Where a leaf of a piece's result comes from. */
type Source = { readonly input: number } | { readonly computed: number };

interface Piece {
  /** Absent where all leaves are inputs. */
  readonly program: ((shared: Tensor[], own: Tensor[]) => Tensor[]) | undefined;
  /** Inputs that the program reads. */
  readonly shared: readonly number[];
  readonly own: readonly number[];
  readonly sources: readonly Source[];
  /** The call at the end of the piece; absent after the last. */
  readonly runner: HostRunner | undefined;
  /** Structure of the value, of the last piece. */
  readonly output: unknown;
}

/** `fn` takes the leaves of one unit as a list. The shapes of the inputs must be those of the first run. */
export function segments(name: string, fn: (leaves: Tensor[]) => unknown, compile: Compile): Segments {
  const pieces: Piece[] = [];
  /** Structures of the results of the calls so far. */
  const results: unknown[] = [];
  return {
    run(inputs, units) {
      let values = [...inputs];
      for (let i = 0; ; i++) {
        pieces[i] ??= makePiece(name, resumed(fn, inputs.length, [...results]), compile, values, units);
        const piece = pieces[i]!;
        const leaves = runPiece(piece, values, units);
        if (piece.runner === undefined) return leaves;
        const called = piece.runner.rows(leaves, units);
        if (results.length === i) results.push(piece.runner.result());
        values = [...values, ...called.map((tensor) => ({ tensor, isShared: false }))];
      }
    },
    output: () => pieces.at(-1)!.output,
  };
}

function runPiece({ program, shared, own, sources }: Piece, values: readonly UnitValues[], units: number) {
  const pick = (i: number): Tensor => values[i]!.tensor;
  const computed = program?.(shared.map(pick), own.length === 0 ? [counters(units)] : own.map(pick)) ?? [];
  return sources.map((source): UnitValues => {
    return "input" in source
      ? values[source.input]!
      : { tensor: computed[source.computed]!, isShared: false };
  });
}

/** A function of the inputs and of the results of its first calls: its value, or the call that comes next. */
type Resumed = (leaves: Tensor[]) => ReturnType<typeof withHostCalls<unknown>>;

function resumed(fn: (leaves: Tensor[]) => unknown, width: number, results: readonly unknown[]): Resumed {
  return (leaves) => {
    let next = width;
    const known = results.map((like) => tree.map(() => leaves[next++]!, like));
    return withHostCalls(known, () => fn(leaves.slice(0, width)));
  };
}

/** `values` are examples of what `fn` takes. */
function makePiece(
  name: string,
  fn: Resumed,
  compile: Compile,
  values: readonly UnitValues[],
  units: number,
): Piece {
  let end!: ReturnType<Resumed>;
  const leavesOf = (leaves: Tensor[]): Tensor[] => {
    end = fn(leaves);
    return tree.leaves("call" in end ? end.call.args : end.output);
  };
  const blank = values.map(({ tensor, isShared }) =>
    np.zeros(isShared ? tensor.shape : tensor.shape.slice(1), { dtype: tensor.dtype }),
  );
  const traced = traceProgram(name, leavesOf, [blank]);
  const { sources, used, computed } = dataflow(traced, values.length);
  const shared = used.filter((i) => values[i]!.isShared);
  const own = used.filter((i) => !values[i]!.isShared);
  const mapped = vmap(
    (sharedLeaves: Tensor[], ownLeaves: Tensor[]) => {
      const leaves = [...blank];
      shared.forEach((input, i) => (leaves[input] = sharedLeaves[i]!));
      own.forEach((input, i) => (leaves[input] = ownLeaves[i]!));
      const value = leavesOf(leaves);
      return computed.map((i) => value[i]!);
    },
    [null, 0],
  );
  const pick = (i: number): Tensor => values[i]!.tensor;
  const examples: [Tensor[], Tensor[]] = [
    shared.map(pick),
    own.length === 0 ? [counters(units)] : own.map(pick),
  ];
  const program = computed.length === 0 ? undefined : compile(name, mapped, examples);
  return {
    program,
    shared,
    own,
    sources,
    runner: "call" in end ? hostRunner(end.call, unitTensors(end.call.args)) : undefined,
    output: "output" in end ? unitTensors(end.output) : undefined,
  };
}

/** What passes through, what has to be computed, and which inputs that needs. */
function dataflow(
  { constants, body }: TracedProgram,
  inputs: number,
): { sources: Source[]; used: number[]; computed: number[] } {
  const inputOf = new Map(body.inputs.slice(constants.length).map((id, i) => [id, i]));
  const computed: number[] = [];
  const needed = new Set<number>();
  const sources = body.outputs.map((atom, leaf): Source => {
    const input = "id" in atom ? inputOf.get(atom.id) : undefined;
    if (input !== undefined) return { input };
    if ("id" in atom) needed.add(atom.id);
    return { computed: computed.push(leaf) - 1 };
  });
  for (const equation of body.equations.toReversed()) {
    if (!equation.outputs.some(({ id }) => needed.has(id))) continue;
    for (const atom of equation.inputs) if ("id" in atom) needed.add(atom.id);
  }
  const used = Array.from({ length: inputs }, (_, i) => i).filter((i) =>
    needed.has(body.inputs[constants.length + i]!),
  );
  return { sources, used, computed };
}

/** Tensors without elements of one's own, for structure, shapes and dtypes. */
function unitTensors<T>(traced: T): T {
  return tree.map(({ shape, dtype }) => np.zeros(shape, { dtype }), traced);
}

/** Something to map over where a program reads nothing that differs between units. */
function counters(units: number): Tensor {
  return tensorOf(
    Int32Array.from({ length: units }, (_, i) => i),
    [units],
    "int32",
  );
}
