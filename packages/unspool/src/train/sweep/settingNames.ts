/** What a setting of a sweep is called, and the runs of it. */
import type { SweepPlan, SweepSetting } from "./sweepPlan.ts";

/** How a setting is called: `learningRate=0.01 estimator=pes`. */
export function settingLabel({ fields, fixed }: SweepPlan, { values }: SweepSetting): string {
  if (fields.length === 0) return fixed.length === 0 ? "defaults" : fixed.join(" ");
  return fields.map((field, i) => `${field}=${values[i]}`).join(" ");
}

/** Longer ones are cut, and told apart by a fingerprint. */
const longestName = 70;

/** The id of a cell, which is the same in a sweep of more seeds and settings: `learningRate-0.01_estimator-pes_seed-0`. */
export function sweepCellId(plan: SweepPlan, setting: SweepSetting, seed: number): string {
  const named = plan.fields.map((field, i) => `${field}-${setting.values[i]}`).join("_");
  const plain = named.replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  const isWhole = plain === named && plain.length <= longestName;
  const own = isWhole ? plain : `${plain.slice(0, longestName)}-${fingerprint(named)}`;
  return own === "" ? `seed-${seed}` : `${own}_seed-${seed}`;
}

/** FNV-1a, 32 bits. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
