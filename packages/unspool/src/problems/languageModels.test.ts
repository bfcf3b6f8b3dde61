/** Language models as tasks: their losses against oracles, and training of each as the inner problem that it is for. */
import { describe, expect, test } from "vitest";
import { np, random, tree } from "../array/index.ts";
import { OptionError } from "../errors.ts";
import { learnableAdam } from "../optimizers/index.ts";
import { unroll } from "../unroll/index.ts";
import { metaTraining } from "./metaTraining.ts";
import { recurrentLanguageModel } from "./recurrentLanguageModel.ts";
import type { TaskFamily } from "./task.ts";
import { textSequences } from "./textSequences.ts";
import { transformerLanguageModel } from "./transformerLanguageModel.ts";

const key = random.key(0);
/** 0 1 2 3 0 1 2 3 …: what follows is known. */
const text = Int32Array.from({ length: 60 }, (_, i) => i % 4);
const small = { text, symbols: 4, length: 6, batchSize: 3 };

test("sequences are pieces of the text, with the characters that follow", () => {
  const { inputs, wanted } = textSequences("test", small).draw(key);
  expect([inputs.shape, wanted.shape]).toEqual([[3, 6], [3, 6]]); // prettier-ignore
  inputs.data.forEach((character, i) => expect(wanted.data[i]).toBe((character + 1) % 4));
});

const models: [name: string, family: TaskFamily<Record<string, never>, never, never>][] = [
  ["gru", recurrentLanguageModel({ ...small, embedding: 3, units: 5 })],
  ["lstm", recurrentLanguageModel({ ...small, embedding: 3, units: 5, cell: "lstm" })],
  ["transformer", transformerLanguageModel({ ...small, features: 16 })],
] as never;

describe.each(models)("%s", (_name, family) => {
  test("guesses where its last layer is 0, and is trained to know", { tags: ["long"] }, () => {
    const weights = family.init({}, key) as { read: object };
    const mute = { ...weights, read: tree.map(np.zerosLike, weights.read) };
    const loss = family.loss({}, mute as never, family.data!(key)).item();
    expect(loss).toBeCloseTo(Math.log(4), 5);
    expect(family.ceiling).toBeCloseTo(1.5 * Math.log(4), 12);
    const learned = learnableAdam({ learningRate: 0.05 });
    const problem = metaTraining(learned, family, { horizon: 40 });
    const { losses } = unroll(problem, learned.init(key), { key });
    expect(losses.data[39]).toBeLessThan(losses.data[0]! / 3);
  });
});

test("the transformer does not look ahead: a change of the last input changes the loss at its place only", () => {
  const family = transformerLanguageModel({ ...small, features: 4, blocks: 2 });
  const weights = tree.astype(family.init({}, key), "float64");
  const inputs = Int32Array.of(0, 1, 2, 3, 0, 1);
  const batch = (last: number, at: number) => {
    // The loss at one place, from the mean over six by differences in what is wanted there.
    const seen = Int32Array.from(inputs, (x, i) => (i === 5 ? last : x));
    const of = (wanted: number) =>
      family
        .loss({}, weights, {
          inputs: np.array(seen).reshape([1, 6]),
          wanted: np.array(Int32Array.from(inputs, (_, i) => (i === at ? wanted : 0))).reshape([1, 6]),
        })
        .item();
    return of(1) - of(2);
  };
  for (const at of [0, 2, 4]) expect(batch(1, at)).toBeCloseTo(batch(3, at), 12);
  expect(Math.abs(batch(1, 5) - batch(3, 5))).toBeGreaterThan(1e-6);
});

test("texts that are none are refused", () => {
  expect(() => recurrentLanguageModel({ ...small, length: 60 })).toThrow(OptionError);
  expect(() => transformerLanguageModel({ ...small, symbols: 3 })).toThrow("made of numbers from 0 to 2");
  expect(() => transformerLanguageModel({ ...small, features: 4, heads: 3 })).toThrow("a divisor of the 4");
});
