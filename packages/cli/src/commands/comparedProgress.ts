/** Progress at equal inner steps compared, in words, as plain data and as a section of a page. */
import type { ProgressComparison } from "unspool";
import { type PageSection, progressFigure, progressTable } from "@unspool/report";
import { formatTable, wrapText } from "@unspool/report/format";

/** What the table means. */
const legend =
  "Each is trained from the same theta with the same number of inner steps over all particles, the experiment's own options " +
  "and learning rate; a search has no gradient and no optimizer, and two candidates for each pair.";

/** What a terminal shows. */
export function progressLines(progress: ProgressComparison): string[] {
  const { title, columns, rows } = progressTable(progress);
  return [
    ...wrapText(`${title}. ${legend}`, 110),
    ...formatTable(columns, rows),
    ...progress.failed.map(({ name, error }) => `${name}: ${error}`),
  ];
}

export function progressSection(progress: ProgressComparison): PageSection {
  const { failed } = progress;
  return {
    title: "Progress at equal inner steps",
    text: [legend],
    tables: [
      progressTable(progress),
      ...(failed.length === 0
        ? []
        : [
            {
              title: "Not measured",
              columns: ["", "why"],
              rows: failed.map(({ name, error }) => [name, error]),
            },
          ]),
    ],
    figures: progress.measured.length === 0 ? [] : [progressFigure(progress)],
  };
}
