/** A training run on a resident data set: kept as bytes or as floats, the bits are the same. */
import { expect, test } from "vitest";
import { type Tensor, np, random, tree } from "../array/index.ts";
import { type GradientEstimator, pes, tbptt } from "../estimators/index.ts";
import { compiledExecutor } from "../unroll/index.ts";
import { type ScheduleTheta, scheduleTuning } from "./index.ts";

const [count, features] = [4096, 32];
/** Pixels k / 78.57 - 1/3 of 200 kinds: only a table gives them. */
const pixels = Float32Array.from(
  { length: count * features },
  (_, i) => ((i * i * 7 + (i >> 5)) % 200) / 78.57 - 1 / 3,
);
const labels = np.array(Int32Array.from({ length: count }, (_, i) => (i * i) % 7));

/** Too many kinds for a table of bytes, in two rows that no batch of this test draws. */
const manyKinds = pixels.map((value, i) => (i < 2 * features ? value + (i + 1) * 1e-3 : value));

const estimators = { pes, tbptt } as const;

/** Three windows; losses, gradients and bytes of the program's constants. */
function run(name: keyof typeof estimators, inputs: Tensor, threads: number) {
  let constantBytes = 0;
  const executor = compiledExecutor({
    threads,
    onCompile: ({ program }) => (constantBytes = Math.max(constantBytes, program.layout.constantBytes)),
  });
  const problem = scheduleTuning({ train: { inputs, labels }, classes: 7, hidden: [9], batchSize: 8 });
  const particles = name === "tbptt" ? { tasks: 3 } : { sigma: 0.1, pairs: 3 };
  const options = { ...particles, truncation: 4, executor };
  const estimator = estimators[name](problem, options as never) as GradientEstimator<ScheduleTheta, unknown>;
  const theta = { logLearningRate: np.array(-3), logDecay: np.array(-1) };
  let state = estimator.init(theta, random.key(1));
  const numbers: number[] = [];
  for (let window = 0; window < 3; window++) {
    const result = estimator.estimate(theta, state, random.key(10 + window));
    state = result.state;
    numbers.push(result.loss, ...tree.leaves(result.gradient).flatMap(({ data }) => [...data]));
  }
  return { numbers, constantBytes };
}

test.each(["pes", "tbptt"] as const)(
  "%s: bytes and floats, one thread and two",
  { tags: ["long"] },
  (name) => {
    const [inputs, uncoded] = [pixels, manyKinds].map((data) => np.array(data, { shape: [count, features] }));
    const bytes = run(name, inputs!, 1);
    const floats = run(name, uncoded!, 1);
    expect(floats.constantBytes).toBeGreaterThan(pixels.byteLength);
    expect(bytes.constantBytes).toBeLessThan(0.3 * floats.constantBytes);
    expect(bytes.numbers.every(Number.isFinite)).toBe(true);
    expect(bytes.numbers).toEqual(floats.numbers);
    expect(run(name, inputs!, 2)).toEqual(bytes);
  },
);
