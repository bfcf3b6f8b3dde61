/**
 * Where the distributions between flow and target lie: β_0 = 0, β_1 … β_n, β_{n+1} = 1 (FAB's authors, `ais.py`).
 * "linear": equally spaced. "geometric": the first floor(n / 4) + 1 linear in [0, 0.01), the rest geometric from 0.01 to 1.
 */
import { requireInteger, requireOneOf } from "../../../errors.ts";

export type AisSpacing = "linear" | "geometric";

/** n + 2 numbers from 0 to 1 for n intermediate distributions. */
export function aisBetas(levels: number, spacing: AisSpacing = "linear"): number[] {
  requireInteger("aisBetas", "levels", levels, 1);
  requireOneOf("aisBetas", "spacing", spacing, ["linear", "geometric"]);
  const count = levels + 2;
  if (spacing === "linear") return Array.from({ length: count }, (_, i) => i / (count - 1));
  const near = Math.floor(levels / 4) + 1;
  const far = count - near;
  return [
    ...Array.from({ length: near }, (_, i) => (0.01 * i) / near),
    ...Array.from({ length: far }, (_, i) => 0.01 ** (1 - i / (far - 1))),
  ];
}
