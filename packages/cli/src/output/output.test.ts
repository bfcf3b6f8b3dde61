import { afterEach, describe, expect, it, vi } from "vitest";
import { formatDuration, formatNumber, formatSpeed, formatTable } from "@unspool/report/format";
import { jsonLine } from "./jsonLine.ts";
import { progressBlock, progressLine, speedometer } from "./progressBlock.ts";
import { textReporter } from "./textReporter.ts";

describe("format", () => {
  it.each([
    [0, "0"],
    [12, "12"],
    [0.123456, "0.1235"],
    [-1.5, "−1.5"],
    [0.00001234, "1.234e−5"],
    [12_345_678, "1.235e7"],
    [1_000_000, "1e6"],
    [Number.NaN, "NaN"],
    [-Infinity, "−Infinity"],
  ])("writes the number %d as %s", (value, text) => expect(formatNumber(value)).toBe(text));

  it.each([
    [400, "0.4 s"],
    [9960, "10 s"],
    [59_400, "59 s"],
    [59_600, "1 min 00 s"],
    [185_000, "3 min 05 s"],
    [7_620_000, "2 h 07 min"],
    [Infinity, "unknown"],
  ])("writes %d ms as %s", (milliseconds, text) => expect(formatDuration(milliseconds)).toBe(text));

  it("turns slow speeds around", () => {
    expect([0, 0.07, 3.21, 132.4].map(formatSpeed)).toEqual([
      "…",
      "14.3 s/step",
      "3.2 steps/s",
      "132 steps/s",
    ]);
  });

  it("aligns text to the left and numbers to the right", () => {
    const rows = [
      ["pes", 0.5],
      ["tbptt", 12],
    ];
    expect(formatTable(["name", "loss"], rows)).toEqual([
      "name   loss",
      "─────  ────",
      "pes     0.5",
      "tbptt    12",
    ]);
  });
});

describe("jsonLine", () => {
  it("turns numbers that are not finite into null and says what they were", () => {
    const event = {
      event: "step",
      loss: Number.NaN,
      theta: { lr: [1, -Infinity] },
      data: Float32Array.of(0.5),
    };
    expect(JSON.parse(jsonLine(event))).toEqual({
      event: "step",
      loss: null,
      theta: { lr: [1, null] },
      data: [0.5],
      nonFinite: { loss: "NaN", "theta.lr.1": "-Infinity" },
    });
  });

  it("is one line and adds nothing where all is finite", () => {
    const line = jsonLine({ event: "error", message: "two\nlines", missing: undefined });
    expect(line).not.toContain("\n");
    expect(JSON.parse(line)).toEqual({ event: "error", message: "two\nlines" });
  });
});

describe("progress", () => {
  const half = { step: 50, steps: 100, loss: 0.25, stepsPerSecond: 10 };

  it("shows bar, loss, speed and forecast within the width", () => {
    const block = progressBlock(half, 60);
    expect(block[0]).toContain(" 50 %  50/100 steps");
    expect(block[1]).toBe("loss 0.25   10 steps/s   ETA 5.0 s");
    for (const width of [12, 40, 60, 200]) {
      for (const line of progressBlock(half, width)) expect(line.length).toBeLessThan(Math.max(2, width));
    }
  });

  it("fills the bar in proportion", () => {
    const filled = (step: number) => progressBlock({ ...half, step }, 80)[0]!.replaceAll(/[^█]/g, "").length;
    expect([filled(0), filled(50), filled(100)]).toEqual([0, 20, 40]);
  });

  it("has no forecast at the end or before a speed is known, and survives 0 steps", () => {
    expect(progressLine({ ...half, step: 100 })).toBe("step 100/100  loss 0.25  10 steps/s");
    expect(progressLine({ ...half, stepsPerSecond: 0 })).toBe("step 50/100  loss 0.25  …");
    expect(progressBlock({ ...half, step: 0, steps: 0, loss: null }, 80).join()).toContain("no loss");
  });

  it("forgets a slow start", () => {
    const measure = speedometer(1000);
    measure(0, 0);
    measure(1, 5000);
    for (let i = 1; i <= 300; i++) measure(1 + i, 5000 + 10 * i);
    expect(measure(302, 8010)).toBeCloseTo(100, 0);
  });
});

describe("textReporter", () => {
  afterEach(() => vi.unstubAllEnvs());

  const step = (n: number) =>
    ({
      type: "step",
      steps: 100,
      record: { step: n, loss: 1 / n, innerSteps: n, gradientNorm: 1, durationMs: 10 },
    }) as const;

  function reportSteps(isTTY: boolean): string {
    let text = "";
    let clock = 0;
    const output = { isTTY, columns: 80, write: (part: string) => void (text += part) };
    const reporter = textReporter(output, output, () => clock);
    reporter.preparing("demo");
    for (let n = 1; n <= 100; n++) {
      clock += 50;
      reporter.trainEvent(step(n));
    }
    return text;
  }

  it("writes about one plain line every two seconds where nothing can be redrawn", () => {
    const lines = reportSteps(false).trimEnd().split("\n");
    expect(lines[0]).toBe("preparing demo …");
    expect(lines.slice(1).map((line) => line.split("  ")[0])).toEqual([
      "step 1/100",
      "step 41/100",
      "step 81/100",
    ]);
    expect(lines.join()).not.toContain("\u001B");
  });

  it("redraws one block on a terminal", () => {
    vi.stubEnv("TERM", "xterm");
    const text = reportSteps(true);
    expect(text.split("\u001B[2A\u001B[J").length).toBeGreaterThan(20);
  });

  it("respects NO_COLOR", () => {
    vi.stubEnv("TERM", "xterm");
    vi.stubEnv("FORCE_COLOR", "");
    vi.stubEnv("NO_COLOR", "");
    expect(reportSteps(true)).toContain("\u001B[36m");
    vi.stubEnv("NO_COLOR", "1");
    expect(reportSteps(true)).not.toContain("\u001B[36m");
    expect(reportSteps(true)).not.toContain("\u001B[1m");
  });
});
