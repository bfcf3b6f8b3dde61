import { expect, test } from "vitest";
import { memoryStore } from "./memoryStore.ts";
import { resume } from "./resume.ts";
import { encodeState } from "./stateCodec.ts";
import { quadratic } from "./testExperiment.ts";
import { train } from "./train.ts";

test("a run that is extended has the bits of a run of full length", async () => {
  const store = memoryStore();
  const full = await train(quadratic, { seed: 1, steps: 6 });
  await train(quadratic, { seed: 1, steps: 3, store });
  const extended = await resume(quadratic, store, { steps: 6 });
  expect(encodeState(extended.state)).toEqual(encodeState(full.state));
});
