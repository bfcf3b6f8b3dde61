/** Which records a curve is drawn of. */
import { expect, test } from "vitest";
import { progressFigures } from "./curves.ts";
import type { RunView } from "./runView.ts";

test("a metric that is measured now and then has its points alone; what was not finite stays a gap", () => {
  const metrics = [1, 2, 3, 4].map((step) => ({
    step,
    loss: step,
    innerSteps: step,
    durationMs: 1,
    ...(step % 2 === 0 && { gap: step / 2 }),
    dense: step === 3 ? null : step,
  }));
  const run: Pick<RunView, "label" | "metrics"> = { label: "run", metrics };
  const figures = progressFigures([run as RunView]);
  const of = (title: string) => figures.find((figure) => figure.title === title)!.series[0]!;
  expect(of("gap")).toMatchObject({ x: [2, 4], y: [1, 2] });
  expect(of("dense")).toMatchObject({ x: [1, 2, 3, 4], y: [1, 2, Number.NaN, 4] });
});
