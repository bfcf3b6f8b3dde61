/** Returns along runs, from their records. */
import type { StepRecord } from "unspool";

/** Mean return of the episodes that ended in each outer step, at the inner steps spent; a search's loss is minus it. */
export function returnsAlong(metrics: readonly StepRecord[]): { x: number[]; y: number[] } {
  const points = metrics.flatMap((record) => {
    const { meanReturn, candidates, loss, innerSteps } = record;
    if (typeof meanReturn === "number") return [[innerSteps, meanReturn] as const];
    // A search plays an episode of every candidate.
    return typeof candidates === "number" && typeof loss === "number" ? [[innerSteps, -loss] as const] : [];
  });
  return { x: points.map(([steps]) => steps), y: points.map(([, value]) => value) };
}

/** Median over runs of what each has last reached, at `count` even budgets; from where all have begun. */
export function medianCurve(
  runs: readonly { x: number[]; y: number[] }[],
  budget: number,
  count: number,
): { x: number[]; y: number[] } {
  const at = Array.from({ length: count }, (_, i) => (budget * (i + 1)) / count);
  const points = at.flatMap((steps) => {
    const reached = runs.flatMap(({ x, y }) => {
      const last = x.findLastIndex((spent) => spent <= steps);
      return last < 0 ? [] : [y[last]!];
    });
    if (reached.length < runs.length) return [];
    const sorted = reached.toSorted((a, b) => a - b);
    const middle = sorted.length >> 1;
    const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
    return [[steps, median] as const];
  });
  return { x: points.map(([steps]) => steps), y: points.map(([, value]) => value) };
}
