/** docs/reference/ROOM.md from the sources of a room: every function that it exports, with options, errors and cost. */
import { join } from "node:path";
import { documentedExports } from "../optimizersPage/sources.ts";
import type { AlgorithmDoc, OptionDoc } from "../optimizersPage/sources.ts";
import { type Page, root, table } from "../page.ts";

export type Room =
  "bilevel" | "subspace" | "invariance" | "search" | "distributions" | "inference" | "quantum";

/** Rooms with a page, their title, and the how-to page. */
const rooms: Readonly<Record<Room, { title: string; guide: string }>> = {
  bilevel: { title: "Bilevel optimisation: reference", guide: "../bilevel.md" },
  subspace: { title: "Principal subspaces: reference", guide: "../subspaces.md" },
  invariance: { title: "Invariance learning: reference", guide: "../invariance.md" },
  search: { title: "Searches: reference", guide: "../search.md" },
  distributions: { title: "Distributions: reference", guide: "../state-space-models.md" },
  inference: { title: "Inference: reference", guide: "../state-space-models.md" },
  quantum: { title: "Quantum thermal states: reference", guide: "../thermal-states.md" },
};

/** The page as it should be now. */
export function roomPage(room: Room): Page {
  const functions = documentedExports(join(root, `packages/unspool/src/${room}/index.ts`));
  const { title, guide } = rooms[room];
  const lacks = functions.flatMap(({ name, doc }) => [
    ...(doc.purpose === "" ? [`${doc.file}: the docstring of ${name} does not say what it is for`] : []),
    ...optionsIn(doc)
      .filter(({ meaning, said, remark }) => meaning === "" && said === undefined && remark === undefined)
      .map((option) => `${doc.file}: the option ${option.name} of ${name} has no comment`),
  ]);
  const text = `${[
    `# ${title}`,
    `<!-- Generated from the sources by \`npm run docs\`. -->`,
    `What each function takes, throws and costs. How to choose among them is in [the how-to page](${guide}).`,
    functions.map(({ name }) => `[\`${name}\`](#${name.toLowerCase().replaceAll(".", "")})`).join(", "),
    ...functions.map(({ name, doc }) => functionText(name, doc)),
  ].join("\n\n")}\n`;
  return { path: `docs/reference/${room}.md`, text, lacks };
}

/** Types of options whose members are not options: what trees, tensors and functions are made of. */
function optionsIn(doc: AlgorithmDoc): OptionDoc[] {
  return doc.hasOptions ? doc.options : [];
}

function functionText(name: string, doc: AlgorithmDoc): string {
  const options = optionsIn(doc);
  const { prose, equations, purpose, cost, example } = doc;
  return [
    `## ${name}`,
    ...prose,
    ...(equations.length === 0 ? [] : [`\`\`\`text\n${equations.join("\n\n")}\n\`\`\``]),
    ...(purpose === "" ? [] : [purpose]),
    ...(cost === undefined ? [] : [`Cost: ${cost}`]),
    ...(options.length === 0
      ? []
      : [table(["option", "type", "default", "meaning"], options.map(optionRow))]),
    ...(example === undefined ? [] : [`\`\`\`js\n${example}\n\`\`\``]),
  ].join("\n\n");
}

function optionRow({ name, type, said, remark, meaning, isOptional }: OptionDoc): string[] {
  const value = said === undefined ? "" : `\`${said.replaceAll("`", "")}\``;
  const both = value !== "" && remark !== undefined ? `${value}: ${remark}` : value + (remark ?? "");
  return [`\`${name}\``, `\`${type}\``, both === "" && !isOptional ? "required" : both, meaning];
}
