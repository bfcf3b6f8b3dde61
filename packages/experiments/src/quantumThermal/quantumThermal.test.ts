/** The study at a small size: stopped and gone on with it is the same; natural steps come nearer than plain ones. */
import { train } from "unspool";
import { expect, test } from "vitest";
import { runStopped } from "../shared/studyTest.ts";
import { quantumThermal } from "./quantumThermal.ts";
import { stateTraining } from "./stateTraining.ts";

test("stopped in the middle it comes to the same, and natural steps are ahead", async () => {
  const small = {
    qubits: 2,
    layers: 1,
    steps: 6,
    seeds: 1,
    betas: [1],
    tasks: ["vqt"],
    methods: ["natural", "sgd"],
  };
  const { figures, metrics } = await runStopped(quantumThermal, small, { stopAfter: 8 });
  expect(figures!.map(({ id }) => id)).toEqual(["vqt-beta-1", "vqt-by-temperature"]);
  expect(figures![0]!.series.map(({ y }) => y.length)).toEqual([6, 6]);
  expect(metrics!["vqt natural 1"]!).toBeLessThan(metrics!["vqt sgd 1"]!);
});

test("a torus of sampled measurements, by mirror descent", async () => {
  const config = {
    qubits: 4,
    rows: 2,
    layers: 1,
    steps: 3,
    mode: "sampled",
    shots: 50,
    task: "qmhl",
    method: "mirror",
  };
  const { metrics, figures, evaluation } = await train(stateTraining, { config });
  expect(metrics.map(({ step }) => step)).toEqual([1, 2, 3]);
  expect(figures[0]!.series.every(({ y }) => y.length === 3)).toBe(true);
  expect(evaluation!.metrics["fidelity"]!).toBeGreaterThan(0);
});

test.each([
  [3, 2],
  [4, 4],
])("a torus of %i sites in %i rows is refused by the names of the settings", async (qubits, rows) => {
  const wrong = train(stateTraining, { config: { qubits, rows } });
  await expect(wrong).rejects.toThrow(
    `state-training: rows must be 1, or a divisor of qubits = ${qubits} that leaves at least 2 columns, got ${rows}.`,
  );
});
