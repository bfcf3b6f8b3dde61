/**
 * Calls of a simulator's plain functions from functions of tensors. A function that contains such calls is run in
 * pieces: traced up to the first call, whose arguments are then the result; called again, it is given what the call
 * returned, and goes on to the next one, or to its end. The functions are pure, so calling them again changes nothing.
 */
import { type Key, type Tensor, type TensorData, randomStream, tensorOf, tree } from "../array/index.ts";
import { OptionError, ShapeError, show } from "../errors.ts";
import { type Table, plainTable, tensorsOf, toTensors } from "./plainData.ts";
import { requireSynchronous } from "./requireSynchronous.ts";

/** The functions of a simulator, whatever their types. */
export interface HostFunctions {
  readonly name: string;
  init(theta: unknown, context: object): unknown;
  step(theta: unknown, state: unknown, context: object): unknown;
  finalLoss?(theta: unknown, state: unknown): unknown;
}

export interface HostArguments {
  readonly theta: unknown;
  readonly state?: unknown;
  /** int32 scalar. */
  readonly t?: Tensor;
  readonly key?: Key;
}

export interface HostCall {
  readonly functions: HostFunctions;
  readonly kind: "init" | "step" | "finalLoss";
  readonly args: HostArguments;
}

/** Stops a function of tensors at a call whose result is not known yet. */
class Suspended extends Error {
  readonly call: HostCall;
  constructor(call: HostCall) {
    super("internal: a call of a simulator was not caught");
    this.call = call;
  }
}

/** Results of the calls that the running function has made before, in order. */
let replay: { readonly results: readonly unknown[]; used: number } | undefined;

/** Runs `body` with the results of its first calls; gives its value, or the first call without a result. */
export function withHostCalls<T>(
  results: readonly unknown[],
  body: () => T,
): { output: T } | { call: HostCall } {
  const outer = replay;
  replay = { results, used: 0 };
  try {
    return { output: body() };
  } catch (thrown) {
    if (thrown instanceof Suspended) return { call: thrown.call };
    throw thrown;
  } finally {
    replay = outer;
  }
}

/**
 * Calls a simulator: the state after `init`, `{ state, loss }` after `step`, `{ loss }` after `finalLoss`, as tensors.
 * With traced arguments only inside `withHostCalls`.
 */
export function hostCall(functions: HostFunctions, kind: HostCall["kind"], args: HostArguments): unknown {
  const call = { functions, kind, args };
  if (replay !== undefined) {
    if (replay.used < replay.results.length) return replay.results[replay.used++];
    throw new Suspended(call);
  }
  const leaves = tree.leaves(args);
  if (leaves.some(({ isTraced }) => isTraced)) {
    throw new OptionError(
      functions.name,
      "executor",
      "a program",
      "one that runs simulators",
      "A simulator cannot be traced: grad, jit, vmap and the compiled executor do not go through it. ES estimators " +
        "and unroll choose the right executor; elsewhere use hostExecutor().",
    );
  }
  const run = hostRunner(call, args);
  const columns = run.rows(
    leaves.map((tensor) => ({ tensor, isShared: true })),
    1,
  );
  const single = columns.map(({ data, shape, dtype }) => tensorOf(data, shape.slice(1), dtype));
  return tree.unflatten(run.result(), single);
}

/** Tensors of all units, [units, …], or of one that all share. */
export interface UnitValues {
  readonly tensor: Tensor;
  readonly isShared: boolean;
}

export interface HostRunner {
  /** Calls the function for each unit, in order. `leaves` are those of the arguments; so are the results', [units, …]. */
  rows(leaves: readonly UnitValues[], units: number): Tensor[];
  /** The structure of a result: tensors of one unit. Known after the first run. */
  result(): unknown;
}

/** What runs a call for arguments like `example`, the tensors of one unit. */
export function hostRunner({ functions, kind }: HostCall, example: HostArguments): HostRunner {
  const where = `${functions.name}.${kind}`;
  const args = plainTable(where, "the arguments", example);
  const isState = tree.entries(example).map(([path]) => path === "state" || path.startsWith("state."));
  const stateColumns = args.columns.filter((_, i) => isState[i]);
  let state: Table | undefined =
    kind === "step" ? plainTable(where, "the returned state", example.state) : undefined;
  let losses = new Float64Array(0);
  let stateExample: unknown = example.state;

  const load = (leaves: readonly UnitValues[], units: number): void => {
    args.columns.forEach((column, i) => {
      const { tensor, isShared } = leaves[i]!;
      // A step may write into the state it is given.
      const isOwn = isState[i]!;
      column.data = isOwn ? ownRows(tensor.data, isShared ? units : 1) : tensor.data;
      column.stride = isShared && !isOwn ? 0 : column.size;
    });
    losses = new Float64Array(kind === "init" ? 0 : units);
    if (kind === "step") state!.columns.forEach((column, i) => (column.data = stateColumns[i]!.data));
    else state?.columns.forEach((column) => (column.data = emptyLike(column.data, units * column.size)));
  };

  const begin = (first: unknown, units: number): Table => {
    stateExample = toTensors(where, first);
    const table = plainTable(where, "the initial state", stateExample);
    tree
      .leaves(stateExample)
      .forEach(({ data, size }, i) => (table.columns[i]!.data = emptyLike(data, units * size)));
    return table;
  };

  const call = (row: number, units: number): void => {
    const given = args.read(row) as { theta: unknown; state?: unknown; t?: number; key?: Uint32Array };
    if (kind === "init") {
      const made = functions.init(given.theta, { random: randomStream(given.key!) });
      const value = requireSynchronous(where, made);
      state ??= begin(value, units);
      state.write(row, value);
    } else if (kind === "step") {
      const context = { t: given.t, random: randomStream(given.key!) };
      const value = requireSynchronous(where, functions.step(given.theta, given.state, context)) as
        { state: unknown; loss: unknown } | undefined;
      losses[row] = lossOf(where, value?.loss);
      state!.write(row, value!.state);
    } else {
      const loss = requireSynchronous(where, functions.finalLoss!(given.theta, given.state));
      losses[row] = lossOf(where, loss);
    }
  };

  return {
    rows(leaves, units) {
      load(leaves, units);
      for (let row = 0; row < units; row++) call(row, units);
      const states = kind === "finalLoss" ? [] : tensorsOf(state!, units);
      return kind === "init" ? states : [tensorOf(losses, [units], "float64"), ...states];
    },
    result() {
      const loss = tree.scalar(0, "float64");
      if (kind === "finalLoss") return { loss };
      return kind === "init" ? stateExample : { loss, state: stateExample };
    },
  };
}

function lossOf(where: string, loss: unknown): number {
  if (typeof loss === "number") return loss;
  throw new ShapeError(where, `the loss must be a number, got ${show(loss)}.`);
}

function emptyLike(data: TensorData, length: number): TensorData {
  return new (data.constructor as Float64ArrayConstructor)(length);
}

/** A copy, `times` times over. */
function ownRows(data: TensorData, times: number): TensorData {
  if (times === 1) return data.slice();
  const rows = emptyLike(data, data.length * times);
  for (let i = 0; i < times; i++) rows.set(data, i * data.length);
  return rows;
}
