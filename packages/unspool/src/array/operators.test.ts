/** JavaScript's operators on tensors say which function to use, in plain code and inside of a trace. */
import { expect, test } from "vitest";
import { ShapeError } from "../errors.ts";
import { type Tensor, grad, jit, np } from "./index.ts";

const attempts: Readonly<Record<string, (x: never) => unknown>> = {
  "x > 1": (x) => (x as number) > 1,
  "x * 2": (x) => (x as number) * 2,
  "x + 1": (x) => (x as number) + 1,
  "+x": (x) => +(x as number),
  "-x": (x) => -(x as number),
  "x == 1": (x) => (x as number) == 1,
  "Math.exp(x)": (x) => Math.exp(x),
  "Number(x)": (x) => Number(x),
};

test.each(Object.entries(attempts))(
  "%s on a tensor is a typed error (a branch was silently false)",
  (_, attempt) => {
    for (const run of [
      () => attempt(np.array([2]) as never),
      () => attempt(np.array(2) as never),
      () => jit((x: Tensor) => (attempt(x as never), x))(np.array([2])),
      () => grad((x: Tensor) => (attempt(x as never), x.sum()))(np.array([2])),
    ]) {
      expect(run).toThrow(ShapeError);
      expect(run).toThrow(/np\.where\(x\.greater\(1\)/);
    }
  },
);

test("text of a tensor is allowed", () => {
  const x = np.array([1, 2]);
  expect(`${String(x)} ${[x].join()}`).toBe("float32[2] float32[2]");
  expect(`${x as unknown as string}`).toBe("float32[2]");
});
