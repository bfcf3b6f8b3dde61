/** docs/subspaces.md with its tables as they should be now: methods from their registry, options and costs from the sources. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { streamingRules, subspaceMethods } from "unspool";
import { type AlgorithmDoc, documented } from "../optimizersPage/sources.ts";
import { type Page, root, table } from "../page.ts";
import { fillParts } from "../readme/page.ts";

const path = "docs/subspaces.md";
const room = join(root, "packages/unspool/src/subspace");
/** Files that import what is documented: that is how sources are found. */
const importers = {
  principalSubspace: join(room, "subspaceDescent.test.ts"),
  subspaceDescent: join(room, "subspaceDescent.test.ts"),
} as const;
const rulesFile = join(room, "streaming/registry.ts");

export function subspacesPage(): Page {
  const docOf = documented([...new Set([...Object.values(importers), rulesFile])]);
  const lacks: string[] = [];
  const found = (file: string, name: string): AlgorithmDoc | undefined => {
    const doc = docOf(file, name);
    if (doc === undefined) lacks.push(`${file}: imports no function "${name}", so its source is not found`);
    return doc;
  };
  const options = (["principalSubspace", "subspaceDescent"] as const).map((name) =>
    optionTable(name, found(importers[name], name), lacks),
  );
  const rules = streamingRules.entries.map(({ name, summary }) => {
    const doc = found(rulesFile, name);
    if (doc?.cost === undefined) lacks.push(`${doc?.file ?? name}: no sentence "Cost: …"`);
    return [`\`${name}\``, summary, paperOf(doc), (doc?.cost ?? "").replace(/\.$/, "")];
  });
  const parts = {
    subspaceMethods: methodTable(),
    subspaceOptions: options.join("\n\n"),
    streamingRules: table(
      ["rule", "what it is", "paper", "cost of a step, n columns [S], k components"],
      rules,
    ),
  };
  const filled = fillParts(readFileSync(join(root, path), "utf8"), parts);
  return { path, text: filled.text, lacks: [...lacks, ...filled.lacks.map((lack) => `${path}: ${lack}`)] };
}

const paperOf = (doc: AlgorithmDoc | undefined): string =>
  doc === undefined || doc.papers.length === 0 ? "common practice" : doc.papers.join("; ");

function methodTable(): string {
  const rows = subspaceMethods.entries.map((entry) => [
    `\`"${entry.name}"\``,
    entry.summary,
    entry.isUnbiased ? "the gradient" : "biased",
    entry.needs,
    entry.cost,
  ]);
  return table(
    ["`method`", "weights of a column", "mean of the update", "needs", "features in a step"],
    rows,
  );
}

function optionTable(name: string, doc: AlgorithmDoc | undefined, lacks: string[]): string {
  const rows = (doc?.options ?? []).map((option) => {
    const { meaning, said, remark } = option;
    if (meaning === "" && remark === undefined)
      lacks.push(`${doc!.file}: the option ${option.name} has no comment`);
    const standard = said === undefined ? (remark ?? "") : `\`${said.replaceAll("`", "")}\``;
    const more = said === undefined ? undefined : remark;
    return [`\`${option.name}\``, standard, [meaning, more].filter((text) => text).join(" Default: ")];
  });
  return `**Options of \`${name}\`**\n\n${table(["option", "default", "meaning"], rows)}`;
}
