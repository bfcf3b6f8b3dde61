/** What a reader of the signatures gets wrong first: each says what to write. */
import { expect, test } from "vitest";
import { random } from "../array/index.ts";
import { UnspoolError } from "../errors.ts";
import { adam } from "../optimizers/index.ts";
import { principalDirections } from "./diagnostics/principalDirections.ts";
import { initTable } from "./featureMap.ts";
import { principalSubspace } from "./principalSubspace.ts";
import { denseMatrix } from "./sampledMatrix.ts";
import { oja } from "./streaming/oja.ts";
import { streamingDescent } from "./streaming/streamingDescent.ts";
import { subspaceDescent } from "./subspaceDescent.ts";
import { double, smallMatrix } from "./testing.ts";

const key = random.key(0);
const estimator = principalSubspace(denseMatrix(smallMatrix), { dimensions: 2 });
const { basis } = principalDirections(smallMatrix, 2);
const columns = () => double([[1, 2, 3, 4]]);
const streaming = streamingDescent(oja(), { columns });
const loose =
  (fn: unknown, ...given: unknown[]) =>
  (): unknown =>
    (fn as (...all: unknown[]) => unknown)(...given);

test.each<[string, () => unknown, string]>([
  ["no optimizer", loose(subspaceDescent, estimator), "subspaceDescent: the second argument must be an optimizer, got undefined. Write adam()."], // prettier-ignore
  ["an optimizer that is not called", loose(subspaceDescent, estimator, adam), "Call it: adam()."],
  ["an optimizer for an estimator", loose(subspaceDescent, adam(), estimator), "the first argument must be an estimator of principalSubspace"], // prettier-ignore
  ["a target that is never measured", loose(subspaceDescent, estimator, adam(), { target: basis }), "measureEvery must be above 0 with a target, got 0"], // prettier-ignore
  [
    "a tensor for a matrix",
    loose(principalSubspace, smallMatrix, { dimensions: 2 }),
    "write denseMatrix(psi)",
  ],
  [
    "no options",
    loose(principalSubspace, denseMatrix(smallMatrix)),
    "principalSubspace: options must be a record",
  ],
  ["a rule that is not called", loose(streamingDescent, oja, { columns }), "Call it: oja()."],
  ["no options of a rule", loose(streamingDescent, oja()), "streamingDescent: options must be a record"],
  ["columns that are a tensor", loose(streamingDescent, oja(), { columns: columns() }), "columns must be a function of a key"], // prettier-ignore
  ["features in place of components", loose(streaming.init, { features: basis }, key), "theta must be { components: [k, S] }"], // prettier-ignore
  ["components by columns", loose(streaming.init, { components: initTable(key, 4, 2) }, key), "theta.components must be [k, 4] for columns of 4 entries, got float32[4,2]. They are transposed: initTable(key, k, S)"], // prettier-ignore
])("%s", (_, run, message) => {
  expect(run).toThrow(UnspoolError);
  expect(run).toThrow(message);
});

test("a matrix with NaN is no matter of learning rates", () => {
  const broken = () => principalDirections(double([[NaN, 1], [0, 1]]), 1); // prettier-ignore
  expect(broken).toThrow("the matrix must be finite, got NaN at [0, 0].");
  expect(broken).not.toThrow("learning rate");
});
