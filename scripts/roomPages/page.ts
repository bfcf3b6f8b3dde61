/**
 * docs/reference/PAGE.md from the sources of a room, or of some of its folders and files: every function that it exports,
 * with options, errors and cost.
 */
import { join } from "node:path";
import { documentedExports } from "../optimizersPage/sources.ts";
import type { AlgorithmDoc, OptionDoc } from "../optimizersPage/sources.ts";
import { type Page, root, table } from "../page.ts";

export const roomPageNames = [
  "estimators",
  "bilevel",
  "subspace",
  "invariance",
  "search",
  "distributions",
  "inference",
  "quantum",
  "environments",
  "zoac",
  "design",
  "problems",
  "diagnostics",
] as const;

export type RoomPage = (typeof roomPageNames)[number];

interface Contents {
  title: string;
  /** The how-to page. */
  guide: string;
  /** Rooms whose exports it shows, and of which paths in them. Default: all of the room of the page's name. */
  shows?: readonly { room: string; under: readonly string[] }[];
}

const pages: Readonly<Record<RoomPage, Contents>> = {
  estimators: { title: "Gradient estimators: reference", guide: "../tutorial.md" },
  bilevel: { title: "Bilevel optimisation: reference", guide: "../bilevel.md" },
  subspace: { title: "Principal subspaces: reference", guide: "../subspaces.md" },
  invariance: { title: "Invariance learning: reference", guide: "../invariance.md" },
  search: { title: "Searches: reference", guide: "../search.md" },
  distributions: { title: "Distributions: reference", guide: "../state-space-models.md" },
  inference: { title: "Inference: reference", guide: "../state-space-models.md" },
  quantum: { title: "Quantum thermal states: reference", guide: "../thermal-states.md" },
  environments: {
    title: "Environments and simulators: reference",
    guide: "../environments.md",
    shows: [
      { room: "rl", under: ["environments/"] },
      { room: "train/node", under: ["simulator", "poolLoss"] },
    ],
  },
  zoac: {
    title: "Zeroth-order actor-critic: reference",
    guide: "../tune-a-controller.md",
    shows: [{ room: "rl", under: ["actorCritic/"] }],
  },
  design: {
    title: "Design and control: reference",
    guide: "../design-and-control.md",
    shows: [{ room: "rl", under: ["design/"] }],
  },
  problems: { title: "Inner problems and data: reference", guide: "../tutorial.md" },
  diagnostics: { title: "Diagnostics: reference", guide: "../tutorial.md" },
};

const library = "packages/unspool/src";

/** The page as it should be now. */
export function roomPage(page: RoomPage): Page {
  const { title, guide, shows = [{ room: page, under: [""] }] } = pages[page];
  const functions = shows.flatMap(({ room, under }) =>
    documentedExports(join(root, library, room, "index.ts")).filter(({ doc }) =>
      under.some((path) => doc.file.startsWith(`${library}/${room}/${path}`)),
    ),
  );
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
    ...functions.map(({ name, doc }, i) => functionText(name, doc, isNewFile(functions, i))),
  ].join("\n\n")}\n`;
  return { path: `docs/reference/${page}.md`, text, lacks };
}

/** Types of options whose members are not options: what trees, tensors and functions are made of. */
function optionsIn(doc: AlgorithmDoc): OptionDoc[] {
  return doc.hasOptions ? doc.options : [];
}

/** What a file says of itself stands once, at the first of its functions. */
const isNewFile = (functions: readonly { doc: AlgorithmDoc }[], i: number): boolean =>
  functions.findIndex(({ doc }) => doc.file === functions[i]!.doc.file) === i;

function functionText(name: string, doc: AlgorithmDoc, isFirst: boolean): string {
  const options = optionsIn(doc);
  const { purpose, cost, example } = doc;
  const { prose, equations } = isFirst ? doc : { prose: [], equations: [] };
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
