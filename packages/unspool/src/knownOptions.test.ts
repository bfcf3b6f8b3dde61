/** Options that do not exist are refused where they are given, with the nearest that does: also from JavaScript. */
import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "./array/index.ts";
import { OptionError } from "./errors.ts";
import * as advice from "./advice/index.ts";
import * as diagnostics from "./diagnostics/index.ts";
import * as estimators from "./estimators/index.ts";
import * as optimizers from "./optimizers/index.ts";
import * as problems from "./problems/index.ts";
import * as rl from "./rl/index.ts";
import * as train from "./train/index.ts";
import * as unrolls from "./unroll/index.ts";

const problem = unrolls.defineProblem({
  horizon: 4,
  init: () => np.array(1),
  step: (theta: Tensor, x) => ({ state: x.mul(theta), loss: x }),
});

/** Calls an untyped function, as JavaScript does. */
const call = (fn: unknown, ...args: unknown[]): unknown => (fn as (...args: unknown[]) => unknown)(...args);

describe("a misspelt option is answered with the right one", () => {
  test.each<[string, () => unknown, string, string]>([
    ["pes", () => call(estimators.pes, problem, { windowLength: 3 }), "windowLength", ""],
    ["pes", () => call(estimators.pes, problem, { trunkation: 3 }), "trunkation", "truncation"],
    ["fullEs", () => call(estimators.fullEs, problem, { pair: 3 }), "pair", "pairs"],
    ["tbptt", () => call(estimators.tbptt, problem, { checkpoint: "all" }), "checkpoint", "checkpoints"],
    [
      "createEstimator",
      () => call(estimators.createEstimator, "pes", problem, { sigmma: 1 }),
      "sigmma",
      "sigma",
    ],
    ["adam", () => call(optimizers.adam, { learningrate: 1 }), "learningrate", "learningRate"],
    ["lookahead", () => call(optimizers.lookahead, optimizers.adam(), { alfa: 1 }), "alfa", "alpha"],
    ["cosineDecay", () => call(optimizers.cosineDecay, { step: 1 }), "step", "steps"],
    ["lorenz", () => call(problems.lorenz, { horizons: 1 }), "horizons", "horizon"],
    [
      "lyapunov",
      () => call(diagnostics.lyapunov, problem, np.array(1), { key: random.key(0), burnin: 1 }),
      "burnin",
      "burnIn",
    ],
    ["bandit", () => call(rl.bandit, { arm: 2 }), "arm", "arms"],
    ["compiledExecutor", () => call(unrolls.compiledExecutor, { thread: 2 }), "thread", "threads"],
    [
      "unroll",
      () => call(unrolls.unroll, problem, np.array(1), { key: random.key(0), particle: 2 }),
      "particle",
      "particles",
    ],
    ["momentumSystem", () => call(diagnostics.momentumSystem, { clipp: 1 }), "clipp", "clip"],
    [
      "windowGradients",
      () => call(diagnostics.windowGradients, problem, np.array(1), { step: 2 }),
      "step",
      "steps",
    ],
    ["copyScore", () => call(problems.copyScore, { string: 2 }), "string", "strings"],
    ["initLstm", () => call(problems.initLstm, random.key(0), { unit: 2 }), "unit", "units"],
    [
      "memoryStore",
      () => call(train.memoryStore, { keepCheckpoint: 2 }),
      "keepCheckpoint",
      "keepCheckpoints",
    ],
    ["defineProblem", () => call(unrolls.defineProblem, { ...problem, inits: 1 }), "inits", "init"],
  ])("%s", (name, fn, given, near) => {
    expect(fn).toThrow(OptionError);
    expect(fn).toThrow(`${name}: the name of an option must be one of`);
    expect(fn).toThrow(`got "${given}".${near === "" ? "" : ` Did you mean "${near}"?`}`);
  });
});

test("every factory of every room refuses a name that is none", async () => {
  // What needs more than options to get as far as its check is in the list above, or takes options that are data.
  const unknown = { notAnOption: 1 };
  const asksForMore = new Set(["adaScale"]);
  const unchecked: string[] = [];
  for (const room of [estimators, problems, diagnostics, advice, rl, train, unrolls, optimizers]) {
    for (const [name, fn] of Object.entries(room)) {
      if (
        asksForMore.has(name) ||
        typeof fn !== "function" ||
        !/requireKnownOptions|withDefaults/.test(String(fn))
      )
        continue;
      // Given options in every place: one of them is the one of the options.
      const attempts: string[] = [];
      for (const filler of [
        problem,
        optimizers.adam(),
        optimizers.firstOrder(optimizers.adam()),
        optimizers.topK(),
      ]) {
        for (let place = 0; place < 5; place++) {
          try {
            const value = await call(fn, ...Array.from({ length: place }, () => filler), unknown);
            // A generator starts when it is asked for its first value.
            attempts.push(String((value as Partial<Generator> | undefined)?.next?.()));
          } catch (thrown) {
            attempts.push(String(thrown));
          }
        }
      }
      if (!attempts.some((text) => text.includes('got "notAnOption"'))) unchecked.push(name);
    }
  }
  expect(unchecked).toEqual([]);
});
