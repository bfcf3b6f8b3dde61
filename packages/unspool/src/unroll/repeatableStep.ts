/** Functions of a problem are traced once: each is checked to give the same program twice, when it is first traced. */
import { type TracedProgram, requireRepeatable, tree } from "../array/index.ts";
import type { ErasedProblem } from "./problem.ts";

/** What has been checked of a problem: a memo, because the check costs two traces. */
const checked = new WeakMap<ErasedProblem, Map<string, TracedProgram>>();

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
  // The functions of a problem without constants are those of the whole one, which have been traced.
  if (!problem.isTraceable || (problem.whole !== undefined && part !== "finalLoss")) return;
  if (tree.leaves(args).some((leaf) => leaf.isTraced)) repeatable(problem, part, fn, args);
}

/** The program of a function of `problem`. Throws `TraceError` if it differs from trace to trace. */
export function repeatable(
  problem: ErasedProblem,
  part: keyof typeof instead,
  fn: (...args: never[]) => unknown,
  args: readonly unknown[],
): TracedProgram {
  const shapes = tree
    .entries(args)
    .map(([path, { shape, dtype, isWeak }]) => `${path}:${dtype}[${shape.join()}]${isWeak ? "weak" : ""}`);
  const signature = `${part}|${shapes.join()}`;
  const known = checked.get(problem) ?? new Map<string, TracedProgram>();
  checked.set(problem, known);
  const program =
    known.get(signature) ?? requireRepeatable(`${problem.name}.${part}`, fn, args, instead[part]);
  known.set(signature, program);
  return program;
}
