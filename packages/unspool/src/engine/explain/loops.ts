/** The kernel of a loop inside a section: what its body's kernels do, as often as they run, and the rows it moves. */
import type { CompiledLoop } from "../emit/loop.ts";
import type { Level, Node } from "../graph/node.ts";
import type { CompiledSection } from "../section.ts";
import type { KernelExplanation } from "./kernels.ts";
import { addWork, bytesOfNode, noWork, timesWork } from "./work.ts";

type Parts = Pick<KernelExplanation, "operations" | "lines" | "instructions" | "perUnit" | "perTile">;

/** What a part of the work of one unit, and of a tile, is of a value of a level. */
type Placed = (bytes: number, level: Level) => Pick<KernelExplanation, "perUnit" | "perTile">;

/** `explain` tells the kernels of a section; `line` is the loop's own line. */
export function explainLoop(
  node: Node,
  { length, sections, kernel }: CompiledLoop,
  line: string,
  explain: (section: CompiledSection) => readonly KernelExplanation[],
  placed: Placed,
): Parts {
  const passes = ([sections.start, sections.invariants, sections.step] as const).flatMap((section) =>
    explain(section).map((one) => ({ one, times: section === sections.step ? length : 1 })),
  );
  const counts = new Map<string, number>();
  for (const { one } of passes)
    for (const [name, count] of Object.entries(one.operations))
      counts.set(name, (counts.get(name) ?? 0) + count);
  const rows = movedRows(node).map(({ bytes, level }) => placed(bytes, level));
  const sum = (part: "perUnit" | "perTile") =>
    addWork(
      noWork,
      ...passes.map(({ one, times }) => timesWork(one[part], times)),
      ...rows.map((row) => row[part]),
    );
  return {
    operations: Object.fromEntries([...counts].toSorted(([, a], [, b]) => b - a)),
    lines: [line, ...passes.flatMap(({ one }) => one.lines.map((inner) => `  ${inner}`))],
    instructions: passes.reduce((total, { one }) => total + one.instructions, kernel.instructions),
    perUnit: sum("perUnit"),
    perTile: sum("perTile"),
  };
}

/** Arrays whose rows go in and come out, over all passes. */
function movedRows(node: Node): { bytes: number; level: Level }[] {
  const { length, numConsts, numCarry, body } = node.params.loop!;
  const { outputs, resultLevels } = body(node.inputs.map(({ level }) => level));
  const xs = node.inputs.slice(numConsts + numCarry).map((input) => ({
    bytes: bytesOfNode(input),
    level: input.level,
  }));
  const ys = outputs.slice(numCarry).map((output, i) => ({
    bytes: length * bytesOfNode(output),
    level: resultLevels[numCarry + i]!,
  }));
  return [...xs, ...ys];
}
