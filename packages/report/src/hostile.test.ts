/** Pages of folders and names that someone else made: whatever stands in a field, it is text. */
import { parseHTML } from "linkedom";
import { expect, test } from "vitest";
import { html, markupText } from "./html.ts";
import { reportPage } from "./page.ts";
import type { RunView } from "./runView.ts";
import { sectionedPage } from "./sectionedPage.ts";

/** Closes an element, an attribute of either kind of quotes, a script and a comment, and begins others. */
const evil = `"'></script></style></svg><img src=x onerror=alert(1)><script>alert(2)</script><!--\u2028`;

/** Every text in a value replaced by the hostile one; `kept` are words that have a meaning. */
function spoil<T>(value: T, kept: readonly string[] = []): T {
  if (typeof value === "string") return (kept.includes(value) ? value : `${value}${evil}`) as T;
  if (Array.isArray(value)) return value.map((item: unknown) => spoil(item, kept)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, spoil(item, kept)])) as T;
}

const figure = {
  id: "f",
  title: "title",
  caption: "caption",
  x: { label: "x label (unit)" },
  y: { label: "y label" },
  series: [
    { name: "first", x: [1, 2], y: [1, 2] },
    { name: "second", kind: "dots" as const, x: [1], y: [Number.NaN] },
  ],
  heatmap: { x: [1, 2], y: [1, 2], values: [1, 2, 3, 4], label: "level" },
  references: [{ axis: "y" as const, value: 1.5, label: "known" }],
};
const words = ["dots", "y", "log"];

const record = (step: number) => ({
  step,
  loss: 1 / step,
  innerSteps: step,
  gradientNorm: 1,
  durationMs: 1,
  [`metric${evil}`]: step,
  theta: { [`leaf${evil}`]: [step] },
});

const run: RunView = {
  label: `label${evil}`,
  folder: `/runs/${evil}`,
  manifest: {
    experiment: `name${evil}`,
    config: {
      [`key${evil}`]: evil,
      inner: { markup: "<script>alert(3)</script>" },
      list: [{ markup: "<b>" }],
    },
    seed: 1,
    steps: 2,
    status: `done${evil}` as "done",
    startedAt: `2026-01-02${evil}`,
    updatedAt: evil,
    error: { code: evil, message: evil },
    environment: { [evil]: evil },
    command: { file: evil },
  },
  about: { summary: evil, paper: evil },
  metrics: [record(1), record(2)],
  evaluation: {
    metrics: { [`a${evil}`]: 1 },
    table: spoil({ title: "t", columns: ["c"], rows: [["cell"], [1]] }),
  },
  figures: [spoil(figure, words), spoil({ ...figure, heatmap: undefined, id: "plain" }, words) as never],
  figureProblems: [evil],
};

const pages = {
  "report of one run": () => reportPage([run]),
  "report of two runs": () => reportPage([run, { ...run, label: `other${evil}` }]),
  "compare, diagnose, analyse": () =>
    sectionedPage(
      spoil(
        {
          title: "title",
          summary: "summary",
          facts: [["name", "value"]] as [string, string][],
          sections: [
            {
              title: "s",
              text: ["paragraph"],
              tables: [{ title: "t", columns: ["c"], rows: [["r"], [1]] }],
              figures: [figure],
            },
          ],
        },
        words,
      ),
    ),
};

test.each(Object.entries(pages))("%s: hostile text stays text", (_name, make) => {
  const page = make();
  expect(page).not.toMatch(/<script|<img/i);
  const { document } = parseHTML(page);
  expect(document.querySelectorAll("script, img, iframe, object, embed, base")).toHaveLength(0);
  for (const element of document.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      expect(name).not.toMatch(/^on|^srcdoc$/i);
      expect(value).not.toMatch(/^\s*javascript:/i);
    }
  }
  // Two style elements would be one that was closed and opened again; drawings have one of their own.
  expect(document.querySelectorAll("head style")).toHaveLength(1);
  expect(document.querySelectorAll("main")).toHaveLength(1);
  expect(document.querySelector("meta[http-equiv]")!.getAttribute("content")).toContain("default-src 'none'");
});

test("a record that looks like finished markup is shown, not obeyed", () => {
  const fake = JSON.parse('{"markup": "<script>alert(1)</script>"}') as never;
  expect(markupText(html`<p>${fake}</p>`)).toBe(
    "<p>{&quot;markup&quot;:&quot;&lt;script&gt;alert(1)&lt;/script&gt;&quot;}</p>",
  );
  expect(markupText(html`<p>${[fake, true as never, 3]}</p>`)).not.toContain("<script");
});
