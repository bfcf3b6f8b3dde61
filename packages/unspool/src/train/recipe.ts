/**
 * What computes a run: estimator, optimizer and problem with their options, and the shapes of theta and states. Kept
 * with the run and in its checkpoints, and compared at resume.
 *
 * Options that are values have names here. What was written as code is there as a fingerprint of the program that it
 * traces to, with the numbers in it.
 */
import { Tensor, np, random, tree } from "../array/index.ts";
import { type ErasedProblem, eraseProblem } from "../unroll/index.ts";
import type { Setup } from "./experiment.ts";
import { programFingerprint } from "./programFingerprint.ts";
import { type Json, encodeState } from "./stateCodec.ts";
import { type TrainState, optimizerOf } from "./trainState.ts";

/** Plain data, by part. */
export type Recipe = { readonly [part: string]: Json };

/** Plain data, by name. */
export type Origin = { readonly [name: string]: Json };

/** The recipe of a run. `state` is the one before the first outer step. */
export function recipeOf(setup: Setup, state: TrainState): Recipe {
  const optimizer = optimizerOf(setup);
  const { theta, optimizerState } = state;
  return {
    theta: shapes(theta),
    estimator: {
      name: setup.estimator.name,
      ...(setup.inner !== undefined && { options: plainOptions(setup.inner.options) }),
      state: shapes(state.estimatorState),
    },
    optimizer: {
      name: setup.optimizer.name,
      ...fingerprint("optimizer", (gradient, own, at) => optimizer.update(gradient, own, at), [
        theta,
        optimizerState,
        theta,
      ]),
    },
    ...(setup.inner !== undefined && { problem: problemRecipe(eraseProblem(setup.inner.problem), theta) }),
  };
}

function problemRecipe(problem: ErasedProblem, theta: unknown): Json {
  const { name, horizon, isDifferentiable, isTraceable } = problem;
  const about = { name, horizon: String(horizon), isDifferentiable };
  if (!isTraceable) return about;
  const key = random.key(0);
  const traced = (part: string, fn: (...args: never[]) => unknown, args: readonly unknown[]) => {
    try {
      const { program, numbers, output } = programFingerprint(part, fn, args);
      return { told: { program, numbers }, output: tree.map(zerosOf, output) as unknown };
    } catch {
      // What cannot be traced will say so when the run takes its first step.
      return undefined;
    }
  };
  const init = traced("init", (at: unknown, own: typeof key) => tree.tensors(problem.init(at, own)), [
    theta,
    key,
  ]);
  const data = problem.data && traced("data", (own: typeof key) => problem.data!(own), [key]);
  const time = np.array(0, { dtype: "int32" });
  // A problem without data has no batch among its arguments.
  const step =
    init &&
    traced(
      "step",
      (at: unknown, from: unknown, t: Tensor, own: typeof key, ...[batch]: unknown[]) => {
        const { state, loss } = problem.step(at, from, { t, key: own, batch });
        return { state, loss };
      },
      [theta, init.output, time, key, ...(data === undefined ? [] : [data.output])],
    );
  return {
    ...about,
    ...(init && { init: init.told }),
    ...(data && { data: data.told }),
    ...(step && { step: step.told }),
  };
}

const zerosOf = ({ shape, dtype }: Tensor): Tensor => np.zeros([...shape], { dtype });

function fingerprint(
  name: string,
  fn: (...args: unknown[]) => unknown,
  args: readonly unknown[],
): { program: string; numbers: string } | Record<string, never> {
  try {
    const { program, numbers } = programFingerprint(name, fn as (...args: never[]) => unknown, args);
    return { program, numbers };
  } catch {
    return {};
  }
}

/** @internal `path: float32[3, 2]` of tensors, the type of everything else. */
export function shapes(state: unknown): Json {
  const found: Record<string, Json> = {};
  const visit = (path: string, node: unknown): void => {
    if (Tensor.is(node)) found[path || "it"] = `${node.dtype}[${node.shape.join(", ")}]`;
    // Lists of plain data may grow with the run.
    else if (typeof node !== "object" || node === null) found[path || "it"] = typeof node;
    else
      for (const [name, child] of Object.entries(node)) visit(path === "" ? name : `${path}.${name}`, child);
  };
  visit("", state);
  return found;
}

/** Options that are data; a function is there by its name, an executor is not part of the recipe. */
function plainOptions(options: object): Json {
  const plain: Record<string, Json> = {};
  for (const [name, value] of Object.entries(options)) {
    if (name === "executor" || value === undefined) continue;
    if (typeof value === "function") {
      plain[name] = `function ${value.name}`;
      continue;
    }
    try {
      const { structure, tensors } = encodeState(value, name);
      plain[name] =
        tensors.size === 0
          ? structure
          : [...tensors.values()].map(({ data }) => Array.from(data.subarray(0, 64)));
    } catch {
      plain[name] = typeof value;
    }
  }
  return plain;
}
