/** The study at a small size: stopped and gone on with it is the same, and draws what LISSA has learned. */
import { train } from "unspool";
import { expect, test } from "vitest";
import { runStopped } from "../shared/studyTest.ts";
import { principalSubspaceStudy } from "./principalSubspace.ts";
import { distancesOf } from "./subspaceFigures.ts";
import { subspaceTraining } from "./subspaceTraining.ts";

const small = { syntheticSteps: 40, mnistSteps: 6, puddleSteps: 20, images: 64, bins: 3 };

test("stopped in the middle it comes to the same, with images of what was learned", async () => {
  const only = ["g20-lissa-0", "mnist-lissa-0", "puddle-world-lissa-0"];
  const { figures, metrics } = await runStopped(principalSubspaceStudy, small, { stopAfter: 43, only });
  expect(figures!.map(({ id }) => id)).toEqual([
    ...["g20", "mnist", "puddle-world"],
    ...["components", "learned-components", "directions", "learned-features"],
  ]);
  expect(Object.keys(metrics!)).toEqual([...["g20 lissa", "mnist lissa", "puddle-world lissa"]]);
  // Four by four images of 28 by 28, and lines between them.
  expect(figures!.find(({ id }) => id === "components")!.heatmap!.values).toHaveLength(115 * 115);
});

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
