/** Functions of a problem are traced once: each is checked to give the same program twice, when it is first traced. */
import { requireRepeatable, tree } from "../array/index.ts";
import type { ErasedProblem } from "./problem.ts";

/** What has been checked of a problem: a memo, because the check costs two traces. */
const checked = new WeakMap<ErasedProblem, Set<string>>();

const instead = {
  init: "Draw with the key that init is given, and hand in what changes as part of theta.",
  step: "Draw with context.key, count with context.t, and keep what changes in the state.",
  finalLoss: "Draw in finalData with its key, and keep what changes in the state.",
};

/** Throws `TraceError` if a function of `problem` differs from trace to trace. Free unless `args` are traced. */
export function checkRepeatable(
  problem: ErasedProblem,
  part: keyof typeof instead,
  fn: (...args: never[]) => unknown,
  args: readonly unknown[],
): void {
  if (!problem.isTraceable) return;
  const leaves = tree.entries(args);
  if (!leaves.some(([, leaf]) => leaf.isTraced)) return;
  const signature = `${part}|${leaves.map(([path, leaf]) => `${path}:${leaf.toString()}`).join()}`;
  const known = checked.get(problem) ?? new Set();
  checked.set(problem, known);
  if (known.has(signature)) return;
  requireRepeatable(`${problem.name}.${part}`, fn, args, instead[part]);
  known.add(signature);
}
