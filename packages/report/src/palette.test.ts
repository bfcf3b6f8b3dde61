/** Twelve colours that can be told apart by all readers on both pages, and one pen per estimator in every figure. */
import { estimators } from "unspool";
import { describe, expect, test } from "vitest";
import { colours, estimatorPen } from "./palette.ts";

type Triple = readonly [number, number, number];

/** sRGB to linear light (IEC 61966-2-1). */
function linear(colour: string): Triple {
  const channel = (at: number): number => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

const times = (matrix: readonly Triple[], v: Triple): Triple =>
  matrix.map((row) => row[0] * v[0] + row[1] * v[1] + row[2] * v[2]) as unknown as Triple;

/** Simulated dichromats: Machado, Oliveira and Fernandes 2009, severity 1. */
const eyes: Record<string, readonly Triple[]> = {
  normal: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  protanopia: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  deuteranopia: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  tritanopia: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}; // prettier-ignore

/** OKLab (Ottosson 2020): a distance of about 0.02 is just seen. */
function oklab(rgb: Triple): Triple {
  const cones = times(
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]],
    rgb.map((x) => Math.min(1, Math.max(0, x))) as unknown as Triple,
  ); // prettier-ignore
  return times(
    [[0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099], [0.0259040371, 0.7827717662, -0.808675766]],
    cones.map(Math.cbrt) as unknown as Triple,
  ); // prettier-ignore
}

const luminance = ([r, g, b]: Triple): number => 0.2126 * r + 0.7152 * g + 0.0722 * b;

describe.each([
  ["light", "#ffffff"],
  ["dark", "#1c2026"],
] as const)("on the %s page", (theme, page) => {
  const list = colours[theme];
  test("twelve colours, each with a contrast of 3 against the page (WCAG 2.1)", () => {
    expect(new Set(list).size).toBe(12);
    for (const colour of list) {
      const [low, high] = [luminance(linear(page)), luminance(linear(colour))].toSorted((a, b) => a - b);
      expect((high! + 0.05) / (low! + 0.05)).toBeGreaterThanOrEqual(3);
    }
  });
  test.each([
    ["normal", 0.16],
    ["protanopia", 0.075],
    ["deuteranopia", 0.075],
    ["tritanopia", 0.075],
  ])("%s: the closest two are %f apart at least", (eye, least) => {
    const seen = list.map((colour) => oklab(times(eyes[eye]!, linear(colour))));
    for (const [i, a] of seen.entries())
      for (const b of seen.slice(i + 1))
        expect(Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])).toBeGreaterThan(least);
  });
});

test("each estimator that is compared has a colour of its own, and a dash and symbol for who sees none", () => {
  const pens = estimators
    .filter(({ objective }) => objective !== "final")
    .map(({ name }) => estimatorPen(name));
  const first = pens.slice(0, 12);
  expect(new Set(first.map(({ colour }) => colour)).size).toBe(12);
  expect(new Set(first.map(({ dash, symbol }) => `${dash} ${symbol}`)).size).toBe(12);
  const all = [...pens, estimatorPen("nobody's")];
  expect(new Set(all.map((pen) => JSON.stringify(pen))).size).toBe(all.length);
});
