/** The experiment on whole images: pixels that stay bytes until they are used give the bits that floats give. */
import { configureExecutor, initTraining, random, trainSteps, tree } from "unspool";
import { afterAll, expect, test, vi } from "vitest";
import { mnistSchedule } from "./mnistSchedule.ts";

const codes = vi.hoisted(() => ({ areMade: true }));
vi.mock("../../../unspool/src/engine/codedArray.ts", async (original) => {
  const { codedArray } = (await original()) as { codedArray(data: unknown): unknown };
  return { codedArray: (data: unknown) => (codes.areMade ? codedArray(data) : undefined) };
});

afterAll(() => configureExecutor({}));

// Takes seconds and 200 MB.
test("--set pool=1: the same theta from bytes and from floats, in a quarter of the memory", async () => {
  const run = async (areMade: boolean) => {
    codes.areMade = areMade;
    let bytes = 0;
    configureExecutor({ onCompile: ({ program }) => (bytes = Math.max(bytes, program.layout.bytes)) });
    const config = mnistSchedule.config.parse({ pool: 1, pairs: 4, truncation: 5 });
    const setup = await mnistSchedule.setup(config, random.key(3));
    let state = initTraining(setup, random.key(4));
    while (state.step < 6) state = trainSteps(setup, state, 6 - state.step).state;
    return { theta: tree.leaves(state.theta).map((leaf) => leaf.item()), bytes };
  };
  const [floats, coded] = [await run(false), await run(true)];
  expect(coded.theta).toEqual(floats.theta);
  // 50,000 images of 784 pixels are 157 MB as floats.
  expect(floats.bytes).toBeGreaterThan(157e6);
  expect(coded.bytes).toBeLessThan(46e6);
});
