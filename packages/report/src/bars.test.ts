/** Named bars: what is drawn, how long, and in which colour. */
import { expect, test } from "vitest";
import { drawBars } from "./bars.ts";

const figure = { title: "a <b>", x: { label: "numbers" } };
const lengths = (svg: string): number[] =>
  [...svg.matchAll(/<rect [^>]*? width="([\d.]+)"/g)].map(([, length]) => Number(length));

test("bars are as long as their values, names and words are escaped, and groups have a colour each", () => {
  const { svg, legend, notes } = drawBars(figure, [
    { label: "<w>", value: 10, group: "one", note: "[2, 5] & more" },
    { label: "b", value: 5, group: "two" },
    { label: "c", value: 10, group: "one" },
  ]);
  expect(svg).toContain('aria-label="a &lt;b&gt;"');
  expect(svg).toContain("&lt;w&gt;: 10 [2, 5] &amp; more");
  const [first, second, third] = lengths(svg);
  expect(first).toBe(2 * second!);
  expect(third).toBe(first);
  expect(legend.map(({ label, pen }) => [label, pen.colour])).toEqual([
    ["one", "var(--series-0)"],
    ["two", "var(--series-1)"],
  ]);
  expect(notes).toEqual(["Length of a bar: numbers."]);
});

test("long names are cut, a value that is none has no bar, and more than 200 are told", () => {
  const long = "x".repeat(100);
  const many = Array.from({ length: 230 }, (_, i) => ({ label: i === 0 ? long : "b", value: i === 1 ? NaN : 1, group: "" })); // prettier-ignore
  const { svg, notes } = drawBars({ ...figure, x: { label: "n", scale: "log" } }, many);
  expect(svg).toContain("…</text>");
  expect(svg).toContain(`<title>${long}: 1</title>`);
  expect(lengths(svg)[1]).toBe(0);
  expect(lengths(svg)).toHaveLength(200);
  expect(notes).toEqual(["Length of a bar: n (logarithmic).", "200 of 230 bars are shown."]);
});
