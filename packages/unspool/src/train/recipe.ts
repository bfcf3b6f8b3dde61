/**
 * What computes a run: the method with its parts and the problem with its options, and the shapes of theta and states.
 * Kept with the run and in its checkpoints, and compared at resume.
 *
 * Options that are values have names here. What was written as code is there as a fingerprint of the program that it
 * traces to, with the numbers in it.
 */
import { type Tensor, np, random, tree } from "../array/index.ts";
import { type Json, type Recipe, programFingerprint, shapes } from "../methods/index.ts";
import { type ErasedProblem, eraseProblem } from "../unroll/index.ts";
import type { Setup } from "./experiment.ts";
import { encodeState } from "./stateCodec.ts";
import { type TrainState, methodOf } from "./trainState.ts";

/** Plain data, by name. */
export type Origin = { readonly [name: string]: Json };

/** The recipe of a run. `state` is the one before the first outer step. */
export function recipeOf(setup: Setup, { theta, methodState }: TrainState): Recipe {
  const method = methodOf(setup);
  const parts = method.recipe(theta, methodState);
  const { inner } = setup;
  return {
    theta: shapes(theta),
    method: { name: method.name },
    ...parts,
    ...(inner !== undefined && {
      estimator: { ...(parts["estimator"] as object | undefined), options: plainOptions(inner.options) },
      problem: problemRecipe(eraseProblem(inner.problem), theta),
    }),
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
