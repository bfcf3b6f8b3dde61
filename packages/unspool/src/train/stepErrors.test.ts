/** What a method's own code does wrong in a step is told with the method, the step, what is kept and how to go on. */
import { describe, expect, test } from "vitest";
import { type Tensor, np } from "../array/index.ts";
import { ExperimentError, NonFiniteError, ShapeError, UnspoolError } from "../errors.ts";
import type { Method, MethodStep } from "../methods/index.ts";
import { type Experiment, defineExperiment } from "./experiment.ts";
import { memoryStore } from "./memoryStore.ts";
import { resume } from "./resume.ts";
import { type TrainOptions, train } from "./train.ts";

interface Theta {
  x: Tensor;
}
type Made = Partial<Record<keyof MethodStep<Theta, unknown>, unknown>>;

/** An experiment whose method counts its steps in its state; `at(step, …)` is what it does otherwise in one of them. */
function counting(at: (step: number) => Made, method: Partial<Method<Theta>> = {}): Experiment {
  return defineExperiment({
    name: "toy",
    summary: "",
    config: { parse: () => ({}) },
    setup: () => ({
      theta: { x: np.ones([2]) },
      method: {
        name: "mine",
        recipe: () => ({}),
        init: () => ({ count: 0 }),
        step(theta: Theta, state: unknown) {
          const count = (state as { count: number }).count + 1;
          const usual = { theta, state: { count }, loss: 1, metrics: { innerSteps: 1 } };
          return { ...usual, ...at(count) } as MethodStep<Theta, unknown>;
        },
        ...method,
      } as Method<Theta>,
      steps: 9,
    }),
  }) as Experiment;
}

const every = { checkpointEvery: { steps: 3 } };
async function failure(experiment: Experiment, options: TrainOptions = {}): Promise<UnspoolError> {
  const error: unknown = await train(experiment, { ...every, ...options }).catch((thrown: unknown) => thrown);
  // Not by the matcher: its report of a whole run is endless.
  expect(error instanceof UnspoolError).toBe(true);
  return error as UnspoolError;
}

describe("a step that throws", () => {
  const throwing = counting((step) => {
    if (step === 8) throw new TypeError("oh");
    return {};
  });

  test("is told with its number, the steps that are kept and the line that goes on", async () => {
    const store = { ...memoryStore(), resumeLine: () => "unspool resume runs/toy" };
    const error = await failure(throwing, { store });
    expect(error.message).toBe(
      'outer step 8 of "toy": method "mine": its step threw TypeError: oh. ' +
        "Once it is mended, unspool resume runs/toy goes on from the last checkpoint, of step 6.",
    );
    expect(error).toBeInstanceOf(ExperimentError);
    expect(error).toMatchObject({ code: "EXPERIMENT", details: { during: "run", step: 8, checkpoint: 6 } });
    expect(error.cause).toBeInstanceOf(TypeError);
    expect(
      (
        await resume(
          counting(() => ({})),
          store,
        )
      ).step,
    ).toBe(9);
  });

  test("in a file, which is another once it is mended, is gone on with by --force", async () => {
    const store = memoryStore();
    const error = await failure(throwing, { store, origin: { file: "sha256:then" } });
    expect(error.message).toContain(
      "unspool resume memory --force goes on from the last checkpoint, of step 6 (--force, because the file is another then).",
    );
    const origin = { file: "sha256:now" };
    const again = resume(
      counting(() => ({})),
      store,
      { origin, isForced: true },
    );
    expect((await again).step).toBe(9);
  });

  test.each([
    ["the first of a run, of which nothing is kept", 1, true],
    ["a run without a store", 5, false],
  ])("says nothing of a way on in %s", async (_, step, isKept) => {
    const error = await failure(
      counting((now) => {
        if (now === step) throw new TypeError("oh");
        return {};
      }),
      isKept ? { store: memoryStore() } : {},
    );
    expect(error.message).toBe(`outer step ${step} of "toy": method "mine": its step threw TypeError: oh.`);
  });
});

describe("what a step returns", () => {
  test("a state that cannot be kept is told in that step, and not at the next checkpoint", async () => {
    const store = memoryStore();
    const error = await failure(
      counting((step) => (step < 7 ? {} : { state: { seen: new Set([1]) } })),
      {
        store,
      },
    );
    expect(error).toBeInstanceOf(ShapeError);
    expect(error.message).toContain(
      'outer step 7 of "toy": method "mine": the state that step returned cannot be kept in a checkpoint: ' +
        '"state.seen" is a Set, which cannot be saved.',
    );
    expect((await store.readMetrics()).length).toBe(6);
  });

  test.each([
    [
      "a list",
      { x: [1, 2] },
      'the theta of step at "x" must be a tensor like theta\'s, float32[2], got [1, 2]. Write np.array([1, 2])',
    ],
    ["a number", { x: 3 }, 'the theta of step at "x" must be a tensor like theta\'s, float32[2], got 3.'],
    ["a typed array", { x: new Float32Array(2) }, 'at "x" must be a tensor like theta\'s'],
    ["another shape", { x: np.ones([3]) }, 'the theta of step at "x" is float32[3], expected float32[2].'],
  ])("a theta with %s names the method and what to write", async (_, theta, words) => {
    const { message } = await failure(counting((step) => (step === 2 ? { theta } : {})));
    expect(message).toContain('outer step 2 of "toy": method "mine": the theta of step at "x"');
    expect(message).toContain(words);
  });

  test("a problem that ends in a full stop gets no second one", async () => {
    const problem = "the inner loss is Infinity.";
    const diverging = counting((step) => {
      if (step === 2) throw new NonFiniteError("mine", problem, { problem });
      return {};
    });
    expect((await failure(diverging)).message).toBe(
      'outer step 2 of "toy": the inner loss is Infinity. Replay it by: train with seed 0 and the same config.',
    );
  });

  test("a loss that is NaN is told once", async () => {
    const error = await failure(counting((step) => (step === 5 ? { loss: NaN } : {})));
    expect(error).toBeInstanceOf(NonFiniteError);
    expect(error.message).toBe(
      'outer step 5 of "toy": the loss is NaN. Replay it by: train with seed 0 and the same config.',
    );
  });
});

describe("what a method is made of", () => {
  test("a state of init that cannot be kept names the method", async () => {
    const { message } = await failure(counting(() => ({}), { init: () => ({ seen: new Map() }) }));
    expect(message).toContain(
      'toy, method "mine": the state that init returned cannot be kept in a checkpoint: "state.seen" is a Map',
    );
  });

  test("a recipe with a tensor says where it is and what to write", async () => {
    const recipe = () => ({ options: { start: np.ones([2]) } }) as never;
    const { message } = await failure(
      counting(() => ({}), { recipe }),
      { store: memoryStore() },
    );
    expect(message).toContain(
      'toy, method "mine": recipe must return a record of plain data (names and options), and "recipe.options.start" is a tensor, ',
    );
    expect(message).toContain("Write its numbers, Array.from(x.data), or leave it out");
  });

  test("a recipe with a function names the method and its place", async () => {
    const { message } = await failure(
      counting(() => ({}), { recipe: () => ({ f: () => 1 }) as never }),
      { store: memoryStore() },
    );
    expect(message).toContain(
      'toy, method "mine": the recipe cannot be kept in a checkpoint: "recipe.f" is a function',
    );
  });
});
