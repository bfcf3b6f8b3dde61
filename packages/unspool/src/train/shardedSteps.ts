/**
 * Outer steps whose units are computed elsewhere: in shards, which are whole tiles of the engine's order of sums, so that
 * every number has the bits of a run on one machine. What is sent are bytes of typed arrays, checked for their length.
 */
import { type Key, type Tensor, type TensorData, random, tensorOf, tree } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import type { MethodWindows } from "../methods/index.ts";
import type { TileRange, TiledWindows } from "../unroll/index.ts";
import type { Setup, StepRecord } from "./experiment.ts";
import { type TrainState, methodOf } from "./trainState.ts";
import { firstBad, recordReader } from "./trainSteps.ts";

/** The part of a machine that computes units. */
export interface ShardRunner {
  /** Tiles of each of `shards` shards, as equal as they can be. Throws `OptionError` for more shards than tiles. */
  ranges(shards: number): TileRange[];
  load(range: TileRange, units: Uint8Array): void;
  save(range: TileRange): Uint8Array;
  /** What units share in the next window, as `ShardedSteps.shared` gave it. */
  share(bytes: Uint8Array): void;
  /** One window: the sums of the range's tiles. */
  run(range: TileRange): Float64Array;
  /** Bytes of the sums of a range. */
  sumBytes(range: TileRange): number;
}

/** The part of the machine that has theta and the optimizer. */
export interface ShardedSteps {
  /** Outer steps done. */
  readonly step: number;
  /** The units of a range before the first step. */
  unitsBefore(range: TileRange): Uint8Array;
  /** What units share in the next window: theta, keys, counters. */
  shared(): Uint8Array;
  /**
   * Takes the next step, from the sums of all tiles in order. Undefined if it is not finite: then nothing has changed, and
   * `trainSteps` has to take it alone, which says what is wrong, or leaves the update out where the optimizer can.
   */
  next(sums: Float64Array): StepRecord | undefined;
  /** The state after the steps taken, of the units of all shards in order. */
  state(units: readonly Uint8Array[]): TrainState;
}

export interface Sharded {
  readonly runner: ShardRunner;
  /** Steps from `state` on. */
  steps(state: TrainState): ShardedSteps;
}

/** `state` is for the shapes. Throws `OptionError` where the method's steps are not windows of independent units. */
export function shardedRun(setup: Setup, state: TrainState): Sharded {
  const key = random.foldIn(state.key, "step");
  const windows = windowsOf(setup, state);
  const tiled = windows.executor.tiled!(windows.program, windows.start(key, state.step), windows.units);
  return {
    runner: shardRunner(tiled, layoutOf(windows, key, state.step)),
    steps: (from) => shardedSteps(tiled, windowsOf(setup, from), key, from),
  };
}

function windowsOf(setup: Setup, { theta, methodState }: TrainState): MethodWindows<unknown, unknown> {
  const method = methodOf(setup);
  const windows = method.windows?.(theta, methodState);
  if (windows?.executor.tiled !== undefined && windows.most === Infinity) return windows;
  throw new OptionError(
    "shards",
    "the run",
    `the method "${method.name}"${setup.estimator ? ` with the estimator "${setup.estimator.name}"` : ""}`,
    "descent by an estimator whose estimate is one window of independent units (pes, nres, truncatedEs, fullEs, rtrl, uoro, dodge…; not tbptt, and none with isDividedByStd), on the compiled engine",
    "Run it on one machine, or several runs of it as a sweep with --queue.",
  );
}

/** Shapes of what is sent. */
interface Layout {
  readonly units: readonly Tensor[];
  readonly outer: readonly Tensor[];
}

function layoutOf({ units, start }: MethodWindows<unknown, unknown>, key: Key, step: number): Layout {
  return { units: tree.leaves(units), outer: tree.leaves(start(key, step)) };
}

function shardRunner(tiled: TiledWindows, { units, outer }: Layout): ShardRunner {
  const { tiles, isShared, sumSize } = tiled;
  return {
    ranges(shards) {
      if (!Number.isSafeInteger(shards) || shards < 1 || shards > tiles)
        throw new OptionError(
          "shards",
          "shards",
          shards,
          `an integer from 1 to ${tiles}`,
          `The engine adds ${units[0]!.shape[0]} units up in ${tiles} tiles, and a shard is one of them at least.`,
        );
      const edge = (i: number): number => Math.round((i * tiles) / shards);
      return Array.from({ length: shards }, (_, i) => ({ from: edge(i), to: edge(i + 1) }));
    },
    load(range, bytes) {
      const count = tiled.unitsIn(range);
      const sizes = units.map((leaf) => (count * leaf.size) / leaf.shape[0]!);
      tiled.load(range, split("the units of a shard", bytes, units, sizes));
    },
    save: (range) => joined(tiled.save(range)),
    share(bytes) {
      const read = outer.filter((_, i) => isShared[i]);
      const parts = split(
        "what units share",
        bytes,
        read,
        read.map(({ size }) => size),
      );
      let next = 0;
      tiled.share(outer.map((_, i) => (isShared[i] === true ? parts[next++] : undefined)));
    },
    run: (range) => tiled.run(range),
    sumBytes: ({ from, to }) => 8 * sumSize * (to - from),
  };
}

function shardedSteps(
  tiled: TiledWindows,
  windows: MethodWindows<unknown, unknown>,
  key: Key,
  from: TrainState,
): ShardedSteps {
  let outer = windows.start(key, from.step);
  let [steps, innerSteps] = [0, from.innerSteps];
  let startedAt = performance.now();
  const units = tree.leaves(windows.units);
  return {
    get step() {
      return from.step + steps;
    },
    unitsBefore(range) {
      const first = tiled.unitsIn({ from: 0, to: range.from });
      const count = tiled.unitsIn(range);
      return joined(
        units.map(({ data, size, shape }) => {
          const each = size / shape[0]!;
          return data.subarray(first * each, (first + count) * each);
        }),
      );
    },
    shared: () =>
      joined(
        tree
          .leaves(outer)
          .filter((_, i) => tiled.isShared[i])
          .map(({ data }) => data),
      ),
    next(sums) {
      if (sums.length !== tiled.tiles * tiled.sumSize)
        throw new OptionError(
          "shards",
          "the sums",
          `${sums.length} numbers`,
          `${tiled.tiles * tiled.sumSize}`,
        );
      const made = tiled.update(
        tree.leaves(outer).map(({ data }) => data),
        sums,
      );
      const asOne = (leaf: Tensor): Tensor => tensorOf(leaf.data, [1, ...leaf.shape], leaf.dtype);
      const measured = windows.measured(tree.map(asOne, made.record), 1);
      if (firstBad(measured) >= 0) return undefined;
      outer = made.outer;
      steps++;
      innerSteps += measured.innerSteps;
      const now = performance.now();
      const record = recordReader(measured)(0, from.step + steps, innerSteps, now - startedAt);
      startedAt = now;
      return record;
    },
    state(parts) {
      const count = units[0]!.shape[0]!;
      const given = parts.reduce((sum, { length }) => sum + length, 0);
      const wanted = units.reduce((sum, { data }) => sum + data.byteLength, 0);
      if (given !== wanted)
        throw new OptionError("shards", "the units of all shards", `${given} bytes`, `${wanted} bytes`);
      // [units, …] of each leaf, part after part.
      const whole = units.map(({ data }) => new (data.constructor as Float32ArrayConstructor)(data.length));
      const at = units.map(() => 0);
      for (const bytes of parts) {
        const each = units.map(({ size }) => size / count);
        const unitBytes = units.reduce((sum, { data }, i) => sum + each[i]! * data.BYTES_PER_ELEMENT, 0);
        const own = bytes.length / unitBytes;
        const leaves = split(
          "the units of a shard",
          bytes,
          units,
          each.map((size) => own * size),
        );
        leaves.forEach((leaf, i) => {
          whole[i]!.set(leaf as Float32Array, at[i]!);
          at[i]! += leaf.length;
        });
      }
      const joint = units.map(({ shape, dtype }, i) => tensorOf(whole[i]!, shape, dtype));
      const { theta, state } = windows.after(outer, tree.unflatten(windows.units, joint), steps);
      return { step: from.step + steps, key: from.key, theta, methodState: state, innerSteps };
    },
  };
}

/** Bytes of typed arrays, one after the other. */
function joined(arrays: readonly TensorData[]): Uint8Array {
  const bytes = new Uint8Array(arrays.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return bytes;
}

/** Arrays of the dtypes of `like` with `sizes` elements. */
function split(
  what: string,
  bytes: Uint8Array,
  like: readonly Tensor[],
  sizes: readonly number[],
): TensorData[] {
  const wanted = like.reduce((sum, { data }, i) => sum + sizes[i]! * data.BYTES_PER_ELEMENT, 0);
  if (bytes.length !== wanted)
    throw new OptionError("shards", what, `${bytes.length} bytes`, `${wanted} bytes`);
  let at = 0;
  return like.map(({ data }, i) => {
    const length = sizes[i]! * data.BYTES_PER_ELEMENT;
    // A copy: elements need not lie at a multiple of their size.
    const part = bytes.slice(at, at + length);
    at += length;
    return new (data.constructor as Float32ArrayConstructor)(part.buffer, 0, sizes[i]);
  });
}
