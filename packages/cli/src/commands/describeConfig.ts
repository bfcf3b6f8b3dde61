/** `unspool run EXPERIMENT --help`: what can be set in the experiment's config. */
import { describeNodes, listPaths, schemaTree } from "../config/schemaTree.ts";
import { findRunnable } from "../experiments/find.ts";

/** One line per path: what it may hold, its default, what it is. */
export async function describeConfig(nameOrFile: string): Promise<string> {
  const found = await findRunnable(nameOrFile);
  const { name, summary, config } = "study" in found ? found.study : found.experiment;
  const tree = schemaTree(config);
  if (tree === undefined) return `The config of ${name} has no schema that can be shown.`;
  const rows = listPaths(tree).flatMap((path) => {
    let nodes = [tree.root];
    let fallback: unknown;
    for (const name of path.split(".")) {
      const children = nodes.flatMap((node) => tree.children(node, name));
      // A default of the record around it holds where the place has none of its own.
      const around = (fallback as Record<string, unknown> | null | undefined)?.[name];
      fallback = children.find((node) => node.default !== undefined)?.default ?? around;
      nodes = children;
    }
    const isRecord = nodes.some((node) =>
      tree.alternatives(node).some(({ properties }) => properties !== undefined),
    );
    if (nodes.length === 0 || isRecord) return [];
    const about = nodes.find(({ description }) => description !== undefined)?.description ?? "";
    return [
      [path, describeNodes(tree, nodes), fallback === undefined ? "" : JSON.stringify(fallback), about],
    ];
  });
  const table = [["PATH", "VALUE", "DEFAULT", ""], ...rows];
  const widths = [0, 1, 2].map((i) => Math.min(60, Math.max(...table.map((row) => row[i]!.length))));
  const lines = table.map((row) =>
    `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")}`.trimEnd(),
  );
  return [`${name}: ${summary}`, "", "What --set can set:", ...lines].join("\n");
}
