/** The study at a small size: stopped and gone on with it is the same, and draws what LISSA has learned. */
import { train } from "unspool";
import { expect, test } from "vitest";
import { runStopped } from "../shared/studyTest.ts";
import { principalSubspaceStudy } from "./principalSubspace.ts";
import { distancesOf } from "./subspaceFigures.ts";
import { subspaceTraining } from "./subspaceTraining.ts";

const small = { seeds: 1, syntheticSteps: 40, puddleSteps: 20, bins: 3 };

test(
  "stopped in the middle it comes to the same, with maps of what was learned",
  { tags: ["long"] },
  async () => {
    const only = ["g20-lissa-0", "puddle-world-lissa-0"];
    const { figures, metrics } = await runStopped(principalSubspaceStudy, small, { stopAfter: 43, only });
    expect(figures!.map(({ id }) => id)).toEqual(["g20", "puddle-world", "directions", "learned-features"]);
    expect(Object.keys(metrics!)).toEqual(["g20 lissa", "puddle-world lissa"]);
  },
);

test(
  "components of MNIST are drawn as images, whatever has been learned of them",
  { tags: ["long"] },
  async () => {
    const config = { task: "mnist", images: 64, dimensions: 16, steps: 3, method: "oja", learningRate: 1e-3 };
    const { figures } = await train(subspaceTraining, { config });
    expect(figures.map(({ id }) => id)).toEqual(["distance", "components", "learned-components"]);
    // Four by four images of 28 by 28, and lines between them.
    expect(figures.map(({ heatmap }) => heatmap?.values.length)).toEqual([undefined, 115 ** 2, 115 ** 2]);
  },
);

test("least squares over all rows finds the subspace of G20, and says so along the run", async () => {
  const { metrics, evaluation } = await train(subspaceTraining, {
    seed: 1,
    config: { method: "oracle", steps: 8000, measurements: 4 },
  });
  const { x, y } = distancesOf(metrics);
  expect(x).toEqual(Array.from({ length: 4 }, (_, i) => 2000 * (i + 1)));
  expect(y.at(-1)).toBe(evaluation!.metrics["subspaceDistance"]);
  // In NumPy at most 2e-4 for four seeds; the start is near 1 - d / S.
  expect(y.at(-1)!).toBeLessThan(1e-3);
});
