/** What esEnas and hybridSpace refuse, and how they say it. */
import { describe, expect, test } from "vitest";
import { type Key, np, random } from "../../array/index.ts";
import { NonFiniteError, OptionError, ShapeError } from "../../errors.ts";
import { sgd } from "../../optimizers/index.ts";
import type { Controller } from "./controllers/controller.ts";
import { controllers } from "./controllers/registry.ts";
import { type ChoiceSpace, choose, list, mask, oneOf } from "./choiceSpace.ts";
import { esEnas } from "./esEnas.ts";
import { hybridEvolution } from "./hybridEvolution.ts";
import type { EsEnasOptions } from "./esEnasOptions.ts";
import type { Search } from "../search.ts";
import { hybridLosses } from "./hybridLosses.ts";
import { type HybridPoint, hybridSpace } from "./hybridSpace.ts";

const discrete = list([oneOf(4), choose(2, 5), mask(2)]);
const space = hybridSpace({ discrete, continuous: 6 });
const key = (i: number): Key => random.foldIn(random.key(9), i);

describe("errors", () => {
  const make = (options: Partial<EsEnasOptions>) => () => esEnas({ space, ...options });
  test.each([
    [{ pairs: 0 }, "esEnas: pairs must be an integer of at least 1, got 0."],
    [{ pairs: 4, topK: 5 }, "esEnas: topK must be at most `pairs`, 4, got 5."],
    [{ sigma: 0 }, "esEnas: sigma must be a finite number above 0, got 0."],
    [{ sigma: -1 }, "esEnas: sigma must be a finite number above 0, got -1."],
    [{ alpha: 0 }, "esEnas: alpha must be a finite number above 0, got 0."],
    [{ alpha: 1, optimizer: { name: "adam" } }, "esEnas: alpha must be left out beside `optimizer`, got 1."],
    [
      { estimator: "forward", exactEvaluations: 0 } as const,
      "esEnas: exactEvaluations must be an integer of at least 1, got 0.",
    ],
    [
      { optimizer: sgd({ learningRate: 0.1 }) as never },
      "esEnas: optimizer must be a record with the name of an optimizer and its options, got",
    ],
    [{ proposalInterval: 0 }, "esEnas: proposalInterval must be an integer of at least 1, got 0."],
  ] satisfies [Partial<EsEnasOptions>, string][])("options %o", (options, message) => {
    expect(make(options)).toThrow(message);
    expect(make(options)).toThrow(OptionError);
  });

  test("names that are none, with the nearest one", () => {
    expect(make({ estimator: "antithetc" as "antithetic" })).toThrow('Did you mean "antithetic"?');
    expect(make({ ensemble: "orthogonl" as "orthogonal" })).toThrow('Did you mean "orthogonal"?');
    expect(make({ controller: "hillClimber" as "hillClimb" })).toThrow('Did you mean "hillClimb"?');
    expect(make({ controller: {} as Controller })).toThrow(
      "esEnas: controller must be a controller, or one of",
    );
    expect(() => esEnas({ space: discrete as unknown as typeof space })).toThrow(
      "Make one with hybridSpace().",
    );
  });

  const asked = () => {
    const search = esEnas({ space, pairs: 5, controller: "random" });
    return { search, state: search.ask(search.init(space.point(), random.key(0)), key(0)).state };
  };

  test("tell with another number of losses, or before ask", () => {
    const { search, state } = asked();
    expect(() => search.tell(state, [1, 2])).toThrow(
      "esEnas: tell takes one loss for each of the 10 candidates that were asked for, got 2.",
    );
    expect(() => search.tell(state, [1, 2])).toThrow(ShapeError);
    expect(() => search.tell(search.init(space.point(), random.key(0)), [1])).toThrow("called after ask");
  });

  test("more than 40 % of the losses not finite", () => {
    const { search, state } = asked();
    const losses = (failed: number) => Array.from({ length: 10 }, (_, i) => (i < failed ? NaN : i));
    expect(search.tell(state, losses(4)).metrics!["failed"]).toBe(4);
    expect(() => search.tell(state, losses(5))).toThrow(
      "esEnas: 5 of the 10 losses of this step are not finite, more than 40 %.",
    );
    expect(() => search.tell(state, losses(5))).toThrow(NonFiniteError);
  });

  test("a start that is no point of the space", () => {
    const search = esEnas({ space });
    const point = space.point();
    const start = (part: Partial<HybridPoint>) => () => search.init({ ...point, ...part }, random.key(0));
    expect(() => search.init(undefined as never, random.key(0))).toThrow(
      "esEnas: choice must be int32 [5], got undefined.",
    );
    expect(start({ theta: np.zeros([5]) })).toThrow("esEnas: theta must be float [6], got");
    expect(start({ choice: np.zeros([5]) })).toThrow("esEnas: choice must be int32 [5], got");
    expect(start({ choice: np.array([4, 0, 1, 0, 0], { dtype: "int32" }) })).toThrow(
      "number 0 of a choice must be an integer from 0 to 3",
    );
    expect(start({ theta: np.array([0, 0, NaN, 0, 0, 0]) })).toThrow("every number of theta must be finite");
  });

  test("a key that is none, and a state that is none", () => {
    const evolution = hybridEvolution({ space, candidates: 4 });
    for (const search of [esEnas({ space, pairs: 3 }), evolution] as Search<HybridPoint>[]) {
      const begun = search.init(space.point(), random.key(0));
      const { state } = search.ask(begun, key(0));
      for (const noKey of [undefined, 7, np.zeros([2])])
        expect(() => search.ask(begun, noKey as Key)).toThrow(
          /^(esEnas|hybridEvolution)\.ask: a key is uint32\[2\]/,
        );
      for (const lost of [JSON.parse(JSON.stringify(state)) as unknown, structuredClone(state)])
        for (const use of [
          () => search.ask(lost, key(1)),
          () => search.tell(lost, [1, 2, 3, 4, 5, 6]),
          () => search.incumbent(lost),
        ]) {
          expect(use).toThrow(OptionError);
          expect(use).toThrow(/is no tensor.*keep it by encodeState and decodeState/);
        }
      expect(() => search.ask({}, key(0))).toThrow(/It has no "start": is it the state of another search\?/);
    }
    const other = evolution.init(space.point(), random.key(0));
    expect(() => esEnas({ space }).ask(other as never, key(0))).toThrow(
      /It has no "theta": is it the state of/,
    );
    expect(() => hybridLosses(() => 0, { iscommon: true } as object)).toThrow(/Did you mean "isCommon"/);
  });

  test("losses that are no numbers", () => {
    const losses = (given: unknown) => () => hybridLosses(() => given as number)(stacked, random.key(0));
    const stacked = { choice: np.zeros([1, 1], { dtype: "int32" }), theta: np.zeros([1, 2]) };
    expect(losses("3")).toThrow('hybridLosses: what loss returned must be a number, got "3".');
    expect(losses(Promise.resolve(1))).toThrow(
      /got "a promise". Evaluations that wait are asked for and told by hand/,
    );
    expect(losses(NaN)).not.toThrow();
  });

  test("hybridSpace", () => {
    expect(() => hybridSpace({ discrete: oneOf(2), continuous: 2, box: [-1, 1] as never })).toThrow(
      "hybridSpace: box: options must be a record, got [-1, 1]. Write { low: … }.",
    );
    expect(() => hybridSpace({ discrete, continuous: 0 })).toThrow(
      "hybridSpace: continuous must be an integer of at least 1, got 0.",
    );
    expect(() => hybridSpace({ discrete: {} as ChoiceSpace, continuous: 1 })).toThrow(
      "discrete must be a discrete space",
    );
    expect(() => hybridSpace({ discrete, continuous: 2, box: { low: 1, high: [2, 1] } })).toThrow(
      "hybridSpace: box at number 1 must be a lower bound below an upper one, got [1, 1].",
    );
    expect(() => hybridSpace({ discrete, continuous: 2, box: { low: [1], high: 2 } })).toThrow(
      "box.low must be a number, or 2 of them",
    );
  });

  test("a controller that proposes too little", () => {
    const short: Controller = {
      ...controllers.create("random", { population: 4 }),
      propose: (_space, state) => ({ choices: new Int32Array(3), state }),
    };
    const search = esEnas({ space, pairs: 2, controller: short });
    expect(() => search.ask(search.init(space.point(), random.key(0)), key(0))).toThrow(
      'controller "random" proposed 3 numbers for 2 choices of 5.',
    );
  });
});
