/** Figures of `mnist-mixed-rivals`. */
import type { Figure } from "unspool";

/** What was found, by inner steps spent. */
export interface Courses {
  /** Of the run: where its thetas of the moment, `current`, were judged. */
  x: number[];
  current: number[];
  /** What random search chose, each better than all before it in the one run that it was judged by. */
  search: readonly { innerSteps: number; value: number }[];
}

/** The run beside random search, and its best so far alone, which a report of several runs draws over each other. */
export function comparisonFigures({ x, current, search }: Courses): Figure[] {
  const best = { name: "best so far", x, y: runningMinimum(current) };
  const found = runningMinimum(search.map(({ value }) => value));
  const last = Math.max(x.at(-1)!, search.at(-1)?.innerSteps ?? 0);
  // A staircase: what was found holds until something better is.
  const stairs = search.flatMap(({ innerSteps }, i) => [
    [innerSteps, found[i]!] as const,
    [search[i + 1]?.innerSteps ?? last, found[i]!] as const,
  ]);
  const shared = {
    x: { label: "inner steps spent, over all particles" },
    y: { label: "mean validation loss" },
  };
  return [
    {
      id: "comparison",
      title: "Validation loss against inner steps, beside random search",
      caption:
        "Mean validation loss of networks from new seeds: with the hyperparameters of the moment, with the best of those so far, and with the best of random search, which chooses by single runs but is drawn at the best that it ever chose.",
      ...shared,
      series: [
        { name: "current", x, y: current },
        best,
        ...(stairs.length === 0
          ? []
          : [{ name: "random search", x: stairs.map(([at]) => at), y: stairs.map(([, y]) => y) }]),
      ],
    },
    {
      id: "best",
      title: "Best validation loss so far",
      caption:
        "The paper's comparison of PES, truncated ES and random search (PES, section 5.2; ES-Single, Figure 9). The dashed line is where random search ends.",
      ...shared,
      series: [best],
      references:
        found.length === 0 ? [] : [{ axis: "y", value: found.at(-1)!, label: "best of random search" }],
    },
  ];
}

function runningMinimum(values: readonly number[]): number[] {
  let least = Infinity;
  return values.map((value) => (least = Math.min(least, value)));
}
