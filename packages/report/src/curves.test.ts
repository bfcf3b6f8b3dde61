/** Which records a curve is drawn of. */
import { expect, test } from "vitest";
import { constantMetrics, progressFigures } from "./curves.ts";
import { markupText } from "./html.ts";
import type { RunView } from "./runView.ts";
import { constantTable } from "./tables.ts";

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

test("what is the same in every step is a row of a table, and no figure", () => {
  const record = (step: number, more: object) => ({
    step,
    loss: 1,
    innerSteps: step,
    durationMs: step,
    ...more,
  });
  const of = (label: string, ...records: object[]) => {
    const run: Pick<RunView, "label" | "metrics"> = {
      label,
      metrics: records.map((more, i) => record(i + 1, more)),
    };
    return run as RunView;
  };
  const a = of("a", { speed: 3, moved: 1, odd: null }, { speed: 3, moved: 2, odd: null });
  const b = of("b", { speed: 4, only: 7 }, { speed: 4, only: 7 });
  expect(constantMetrics([a, b])).toEqual([
    { name: "speed", values: [3, 4] },
    { name: "only", values: [undefined, 7] },
  ]);
  const titles = progressFigures([a, b]).map(({ title }) => title);
  expect(titles).toContain("moved");
  // A loss that never changes is news.
  expect(titles).toContain("Loss over outer steps");
  for (const name of ["speed", "only"]) expect(titles).not.toContain(name);
  const section = markupText(constantTable(constantMetrics([a, b]), [a, b])!);
  expect(section).toMatch(/speed[^]*3[^]*4[^]*only/);
  // One step says nothing of the next.
  expect(constantMetrics([of("c", { speed: 3 })])).toEqual([]);
});

test("what a method says of its loss stands below the curves of the loss, once for runs that say the same", () => {
  const metrics = [1, 2].map((step) => ({
    step,
    loss: step,
    innerSteps: step,
    durationMs: step,
    speed: step,
  }));
  const of = (label: string, lossNote?: string): RunView => {
    const run: Pick<RunView, "label" | "metrics" | "about"> = {
      ...{ label, metrics },
      about: lossNote === undefined ? {} : { lossNote },
    };
    return run as RunView;
  };
  const captions = (...runs: RunView[]) => progressFigures(runs).map(({ caption }) => caption);
  expect(captions(of("a", "It may rise."), of("b"), of("c", "It may rise."))).toEqual([
    "It may rise.",
    "It may rise.",
    "",
    "",
  ]);
  expect(captions(of("b"))).toEqual(["", "", "", ""]);
});
