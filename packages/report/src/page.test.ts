import { parseHTML } from "linkedom";
import { describe, expect, it } from "vitest";
import type { Figure, StepRecord } from "unspool/train";
import { draw } from "./drawing.ts";
import { planHeatmap } from "./heatmap.ts";
import { reportPage } from "./page.ts";
import type { RunView } from "./runView.ts";

const evil = `<script>alert("x")</script> & 'y'`;

const figure: Figure = {
  id: "figure-1",
  title: `Figure 1 ${evil}`,
  caption: `Caption ${evil}`,
  x: { label: `inner step ${evil}`, scale: "log" },
  y: { label: "loss", scale: "symlog" },
  series: [
    { name: `PES ${evil}`, kind: "band", x: [1, 10, 100], y: [3, 2, 1], low: [1, 0, -1] },
    { name: `PES ${evil}`, x: [1, 10, 100], y: [2, 1, 0] },
    { name: "measured", kind: "dots", x: [5], y: [1.5] },
  ],
  references: [{ axis: "y", value: 0.5, label: "optimum" }],
};

const surface: Figure = {
  id: "surface",
  title: "Surface",
  caption: "",
  x: { label: "log rate" },
  y: { label: "momentum" },
  series: [],
  heatmap: { x: [0, 1, 2], y: [0, 1], values: [1, 10, 100, 1000, 0, 10], label: "loss", scale: "log" },
};

function record(step: number): StepRecord {
  return {
    step,
    loss: 1000 / step ** 2,
    innerSteps: 50 * step,
    gradientNorm: 1 / step,
    // 2 ms on average.
    durationMs: step % 2 === 0 ? 1 : 3,
    lossDifferenceStd: 0.1 / step,
    speed: 3,
    theta: { "task.lr": [0.1 * step], weights: [step, -step] },
  };
}

function runView(changes: Partial<RunView> = {}): RunView {
  const startedAt = "2026-01-02T03:04:05.000Z";
  return {
    label: "first",
    folder: `/runs/${evil}`,
    manifest: {
      experiment: "demo",
      config: { estimator: "pes", task: { lr: 0.1, name: evil } },
      seed: 7,
      steps: 5000,
      status: "done",
      startedAt,
      updatedAt: startedAt,
      environment: { node: "v20", processor: evil },
      command: { threads: 1 },
    },
    about: { summary: `Summary ${evil}`, paper: "Somebody (2021), figure 3" },
    metrics: Array.from({ length: 5000 }, (_, i) => record(i + 1)),
    evaluation: {
      metrics: { accuracy: 0.875 },
      table: { title: "Losses", columns: ["method", "loss"], rows: [[evil, 0.25]] },
    },
    figures: [figure, surface],
    ...changes,
  };
}

const parse = (page: string) => parseHTML(page).document;
const texts = (document: Document, selector: string) =>
  [...document.querySelectorAll(selector)].map((element) =>
    element.textContent.replaceAll(/\s+/g, " ").trim(),
  );

describe("reportPage", () => {
  const page = reportPage([runView()]);
  const document = parse(page);

  it("says what was run, how it ended and what came out", () => {
    const text = document.body.textContent;
    for (const part of [
      "demo",
      "Somebody (2021), figure 3",
      "done",
      "5,000",
      "250,000",
      "10 s",
      "accuracy",
      "0.875",
    ]) {
      expect(text).toContain(part);
    }
    expect(texts(document, "section h2")).toEqual([
      "Evaluation",
      "Figures",
      "Progress",
      "The same in every step",
      "Theta over outer steps",
      "Config",
      "Environment",
    ]);
  });

  it("draws the experiment's figures and the run's curves, each with labelled axes", () => {
    expect(texts(document, "figure h3")).toEqual([
      `Figure 1 ${evil}`,
      "Surface",
      "Loss over outer steps",
      "Loss over inner steps spent",
      "Norm of the gradient estimate",
      "Time per outer step",
      "Spread of the loss difference over pairs",
      "theta: task.lr",
      "theta: weights",
    ]);
    for (const svg of document.querySelectorAll("svg.plot")) {
      for (const axis of ["x", "y"]) {
        const labels = texts(svg as unknown as Document, `[aria-label="${axis}-axis label"]`);
        expect(labels.join("")).not.toBe("");
        const ticks = texts(svg as unknown as Document, `[aria-label="${axis}-axis tick label"] text`);
        expect(ticks.length).toBeGreaterThan(1);
        expect(ticks).not.toContain("");
      }
    }
  });

  it("escapes everything that comes from the run", () => {
    expect(page).not.toContain("<script");
    expect(page).toContain("&lt;script&gt;");
    expect(document.querySelectorAll("script")).toHaveLength(0);
  });

  it("needs nothing from elsewhere and stays small for long runs", () => {
    expect(page).not.toMatch(/(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?\/\//i);
    expect(page).not.toMatch(/@import|<link[^>]+stylesheet/i);
    expect(page.length).toBeLessThan(800_000);
  });

  it("reports a run that has done nothing, and one that failed", () => {
    const base = runView();
    const error = { code: "NON_FINITE", message: `loss is NaN ${evil}` };
    const failed = reportPage([
      runView({
        manifest: { ...base.manifest, status: "failed", error },
        metrics: [],
        evaluation: undefined,
        figures: [],
      }),
    ]);
    expect(failed).toContain("No outer step was done yet.");
    expect(failed).toContain("NON_FINITE");
    expect(failed).not.toContain("<script");
  });

  it("says in words that a figure has no point yet, in place of empty axes", () => {
    const card = (changes: Partial<Figure>) => {
      const { references: _, ...plain } = figure;
      const document = parse(reportPage([runView({ figures: [{ ...plain, ...changes }], metrics: [] })]));
      const own = document.querySelector("figure")!;
      return {
        note: own.querySelector(".note")?.textContent.trim(),
        drawings: own.querySelectorAll("svg.plot").length,
      };
    };
    const empty = { name: "zoac", x: [], y: [] };
    const none = {
      note: "No points yet: nothing has been run, or not far enough, for this figure.",
      drawings: 0,
    };
    expect(card({ series: [] })).toEqual(none);
    expect(card({ series: [empty, empty] })).toEqual(none);
    expect(card({ series: [{ name: "cost", x: [1, 2], y: [Number.NaN, Infinity] }] })).toEqual({
      note: "None of its 2 values is finite: there is nothing to draw.",
      drawings: 0,
    });
    expect(card({ series: [empty, { name: "es", x: [1], y: [2] }] })).toEqual({
      note: undefined,
      drawings: 1,
    });
    // A line that is asked for is something to see.
    expect(card({ series: [], references: [{ axis: "y", value: 1, label: "best" }] }).drawings).toBe(1);
  });

  it("explains a figure that cannot be drawn and keeps the rest", () => {
    const broken = { ...figure, series: undefined } as unknown as Figure;
    const text = reportPage([runView({ figures: [broken, surface] })]);
    expect(text).toContain("This figure could not be drawn");
    expect(text).toContain("Surface");
  });
});

describe("reportPage of several runs", () => {
  const base = runView();
  const manifest = {
    ...base.manifest,
    config: { estimator: "tbptt", task: { lr: 0.1, name: "x" } },
    seed: 8,
  };
  const second = runView({ label: "second", manifest });
  const document = parse(reportPage([base, second]));

  it("overlays curves in one colour per run", () => {
    for (const item of document.querySelectorAll(".legend li")) {
      const colour = /var\(--series-\d\)/.exec(item.innerHTML)?.[0];
      if (item.textContent.trim() === "first") expect(colour).toBe("var(--series-0)");
      if (item.textContent.trim() === "second") expect(colour).toBe("var(--series-1)");
    }
    const names = texts(document, "section:nth-of-type(3) figure:first-child .legend li");
    expect(names).toEqual(["first", "second"]);
  });

  it("shows each run's own figures and marks what differs in the configs", () => {
    expect(texts(document, "figure h3").filter((title) => title.endsWith("Surface"))).toHaveLength(2);
    expect(texts(document, "tr.differs th")).toEqual(["estimator", "task.name", "--seed"]);
  });
});

describe("draw", () => {
  it("tells what a logarithmic axis hides and where numbers are missing", () => {
    const series = [{ name: "loss", x: [1, 2, 3, 4], y: [1, 0, Number.NaN, 4] }];
    const { notes } = draw({ ...figure, y: { label: "loss", scale: "log" }, series });
    expect(notes).toEqual([
      "loss: 1 value of 0 or less not shown on the logarithmic axis.",
      "loss: 1 value missing or not finite; gaps in the drawing.",
    ]);
  });

  it("does not tell of gaps that are meant: points without an x", () => {
    const edges = { name: "weight 1", x: [0, 1, Number.NaN, 0, 1], y: [0, 0, Number.NaN, 1, 1] };
    expect(draw({ ...figure, series: [edges] }).notes).toEqual([]);
  });

  it("names a line and its band once, and references by their label", () => {
    const labels = draw(figure).legend.map(({ label, kind }) => [label, kind]);
    expect(labels).toEqual([
      [`PES ${evil}`, "line"],
      ["measured", "dots"],
      ["optimum", "reference"],
    ]);
  });

  it("tells many series apart", () => {
    const series = Array.from({ length: 32 }, (_, i) => ({ name: `${i}`, x: [0, 1], y: [0, i] }));
    const pens = draw({ ...figure, series, references: [] }).legend.map(
      ({ pen }) => `${pen.colour} ${pen.dash}`,
    );
    expect(new Set(pens).size).toBe(32);
  });
});

describe("planHeatmap", () => {
  it("puts cells around grid points and leaves out what has no colour", () => {
    const { cells, stops } = planHeatmap(surface.heatmap!);
    expect(cells).toHaveLength(5);
    expect(cells[0]).toMatchObject({ x1: -0.5, x2: 0.5, y1: -0.5, y2: 0.5, colour: "#440154" });
    expect(cells[3]!.colour).toBe("#fde725");
    expect(stops[0]).toBe(1);
    expect(stops[1]).toBeCloseTo(31.62, 2);
    expect(stops[2]).toBe(1000);
  });

  it("merges cells that are too fine to see", () => {
    const line = Array.from({ length: 300 }, (_, i) => i);
    const { cells } = planHeatmap({ x: line, y: line, values: line.flatMap(() => line), label: "" });
    expect(cells).toHaveLength(100 * 100);
    expect(cells.at(-1)).toMatchObject({ x2: 299.5, y2: 299.5 });
  });
});
