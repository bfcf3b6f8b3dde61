/** A run that costs nothing but its files, and the file system's operations under a folder, counted and stopped. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { type Tensor, np, sgd } from "unspool";
import { type Experiment, defineExperiment } from "unspool/train";

type Theta = { weights: Tensor };

// Made once: their programs are compiled once.
const optimizer = sgd({ learningRate: 0.1 });
const estimator = {
  name: "plain",
  init: () => ({ count: 0 }),
  estimate: (theta: Theta, state: unknown) => {
    const { count } = state as { count: number };
    return {
      loss: 1 / (1 + count),
      gradient: theta,
      state: { count: count + 1 },
      metrics: { innerSteps: 1 },
    };
  },
};

export const plain: Experiment<unknown, Theta> = defineExperiment({
  name: "plain",
  summary: "Nothing but files.",
  config: { parse: () => ({}) },
  setup: () => ({
    theta: { weights: np.array([1, 2, 3]) },
    estimator,
    optimizer,
    steps: 3,
    evaluate: ({ weights }: Theta) => ({ metrics: { first: weights.data[0]! } }),
  }),
}) as Experiment<unknown, Theta>;

const functions = ["open", "writeFile", "appendFile", "mkdir", "rename", "link", "rm", "rmdir"] as const;
const methods = ["writeFile", "appendFile", "sync", "truncate"] as const;
type AnyFunction = (...args: unknown[]) => Promise<unknown>;
type Functions = Record<string, AnyFunction>;

export interface Watch {
  /** Operations so far. */
  count(): number;
  /** Resolves when the operation with the given number was to begin: it and all later ones never end. */
  stopped: Promise<void>;
  restore(): void;
}

/**
 * Lets operations on paths below `folder` happen up to the one before number `stopAt` (from 1). That one and all after
 * it hang, which is what a kill leaves on the disk; a write is first done by half.
 */
export function watchFiles(folder: string, stopAt: number): Watch {
  const promises = fs.promises as unknown as Functions;
  const originals = functions.map((name) => [name, promises[name]!] as const);
  let count = 0;
  let stop!: () => void;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  const never = new Promise<never>(() => {});
  /** True if the operation may happen. */
  const next = (): boolean => {
    count++;
    if (count >= stopAt) stop();
    return count < stopAt;
  };
  const watchHandle = (path: string, handle: Functions): void => {
    for (const name of methods) {
      const original = handle[name]!.bind(handle);
      handle[name] = async (...args) => {
        if (next()) return original(...args);
        const data = args[0];
        if (count === stopAt && (typeof data === "string" || ArrayBuffer.isView(data))) {
          const half = data as string;
          fs.appendFileSync(path, half.slice(0, half.length >> 1));
        }
        return never;
      };
    }
  };
  for (const [name, original] of originals) {
    promises[name] = async (...args) => {
      const path = String(args[0]);
      if (!path.includes(folder)) return original(...args);
      if (!next()) return never;
      const result = await original(...args);
      if (name === "open") watchHandle(path, result as Functions);
      return result;
    };
  }
  syncBuiltinESMExports();
  return {
    count: () => count,
    stopped,
    restore() {
      for (const [name, original] of originals) promises[name] = original;
      syncBuiltinESMExports();
    },
  };
}
