/** The process's executor: made when wanted, kept while the settings last. */
import { afterEach, expect, test } from "vitest";
import { np, random } from "../array/index.ts";
import { configureExecutor, defaultExecutor } from "./defaultExecutor.ts";
import { defineProblem } from "./problem.ts";
import { unroll } from "./unroll.ts";

afterEach(() => configureExecutor({}));

test("is the compiled one, and one and the same until the settings change", () => {
  const first = defaultExecutor();
  expect(first.name).toBe("compiled");
  expect(defaultExecutor()).toBe(first);
  configureExecutor({ portableBits: true });
  expect(defaultExecutor()).not.toBe(first);
  configureExecutor({ engine: "reference" });
  expect(defaultExecutor().name).toBe("reference");
});

test("settings that are not given return to their defaults", () => {
  configureExecutor({ engine: "reference" });
  configureExecutor({ threads: 2 });
  expect(defaultExecutor().name).toBe("compiled");
});

test("tells of programs as they are compiled", () => {
  const names: string[] = [];
  configureExecutor({ onCompile: ({ program }) => names.push(program.name) });
  const problem = defineProblem({
    horizon: 3,
    init: () => ({ x: np.ones([2]) }),
    step: (theta: { a: typeof one }, { x }) => ({ state: { x: x.mul(theta.a) }, loss: x.sum() }),
  });
  const one = np.array(0.5);
  const run = () => unroll(problem, { a: one }, { key: random.key(0), particles: 2 });
  expect([...run().losses.data]).toEqual([2, 2, 1, 1, 0.5, 0.5]);
  expect(names).toEqual(["unroll"]);
});

test("refuses settings that do not exist", () => {
  expect(() => configureExecutor({ engine: "compield" as never })).toThrow('Did you mean "compiled"?');
  expect(() => configureExecutor({ threads: 0 })).toThrow("threads must be an integer of at least 1, got 0");
});
