/** docs/optimizers.md from the registries and the sources, and what a source lacks for it. */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { type Page, root, table } from "../page.ts";
import { type Entry, type Family, type Kind, families } from "./families.ts";
import { type AlgorithmDoc, type OptionDoc, documented } from "./sources.ts";

type Described = Entry & { doc: AlgorithmDoc };
type Section = Omit<Family, "entries"> & { entries: readonly Described[] };

const pagePath = "docs/optimizers.md";
const fragmentPath = "docs/fragments/optimizersLeftOut.md";

/** Meanings of options whose comment states only the default. */
const commonMeanings: Readonly<Record<string, string>> = {
  learningRate: "Length of a step.",
  weightDecay: "Part of theta that is taken away per step.",
  from: "Value at the first step.",
  to: "Value at the end.",
  steps: "Number of steps.",
  value: "The value.",
};

/** The page as it should be now. */
export async function optimizersPage(): Promise<Page> {
  const all = await families();
  const docOf = documented([...new Set(all.map(({ file }) => file))]);
  const lacks: string[] = [];
  const describe = (entry: Entry, { file, kind }: Family): Described[] => {
    const doc = docOf(file, entry.name);
    if (doc === undefined) {
      lacks.push(`${relative(root, file)}: imports no function "${entry.name}", so its source is not found`);
      return [];
    }
    lacks.push(...lacksOf(entry, doc, kind));
    return [{ ...entry, doc }];
  };
  const sections = all.map((family): Section => ({
    ...family,
    entries: family.entries.flatMap((entry) => describe(entry, family)),
  }));
  return { path: pagePath, text: pageText(sections), lacks };
}

function lacksOf({ name, defaults }: Entry, doc: AlgorithmDoc, kind: Kind): string[] {
  const found: string[] = [];
  const lack = (what: string): void => void found.push(`${doc.file}: ${what}`);
  if (doc.equations.length === 0) lack("the module comment has no equations (a block indented by 4 spaces)");
  if (kind !== "schedule" && doc.papers.length === 0 && !isPractice(doc)) {
    lack(
      'the module comment names no paper: "(authors, venue year)", or "common practice" where there is none',
    );
  }
  if (kind === "optimizer" && doc.cost === undefined)
    lack(`the docstring of ${name} has no sentence "Cost: …" at its end`);
  if (doc.purpose === "") lack(`the docstring of ${name} does not say what it is for`);
  for (const option of doc.options) {
    const { name: path, said, remark } = option;
    if (meaningOf(option) === "") lack(`the option ${path} has no comment`);
    if (path.includes(".") || !(path in defaults)) continue;
    const shown = valueText(defaults[path]);
    if (said === undefined && remark === undefined)
      lack(`the comment of the option ${path} states no default`);
    else if (said !== undefined && shown !== undefined && !isSame(said, defaults[path])) {
      lack(`the comment of the option ${path} says "Default ${said}", the registry says ${shown}`);
    }
  }
  return found;
}

function isPractice({ prose }: AlgorithmDoc): boolean {
  return /common practice/i.test(prose.join(" "));
}

function meaningOf({ name, meaning }: OptionDoc): string {
  return meaning === "" ? (commonMeanings[name] ?? "") : meaning;
}

/** Whether a comment states this default. */
function isSame(said: string, value: unknown): boolean {
  const plain = said.replaceAll("`", "");
  return typeof value === "number" ? Number(plain) === value : plain === JSON.stringify(value);
}

/** A default as one writes it in code; undefined for functions and other things without a short form. */
function valueText(value: unknown): string | undefined {
  if (typeof value === "function" || (typeof value === "object" && value !== null && !Array.isArray(value))) {
    return undefined;
  }
  if (typeof value !== "number") return JSON.stringify(value);
  return value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential() : String(value);
}

function pageText(sections: readonly Section[]): string {
  const leftOut = readFileSync(join(root, fragmentPath), "utf8").trim();
  return `${[
    "# Optimizers",
    "<!-- Generated from the sources by `npm run docs:optimizers`. What is left out: docs/fragments. -->",
    "Everything here is a pure function over plain data, differentiable, and made of `np` functions: it runs step by " +
      "step, in a compiled program, and as the inner process whose settings are learned. Where an option is a " +
      "`Hyperparameter`, it takes a number, a schedule, or a tensor. g is the gradient; products, powers and roots are " +
      "elementwise. Costs are per update: passes over theta, and copies of theta that the state holds.",
    useText,
    ...sections.map(summaryTable),
    ...sections.map(sectionText),
    leftOut,
  ].join("\n\n")}\n`;
}

/** Two loops of one's own: what the entries and their examples take for granted. */
const useText = [
  "An optimizer takes a gradient; what is evaluated is theta, or `evaluationTheta` of those that have it:",
  `\`\`\`js
let state = optimizer.init(theta);
for (const batch of batches) {
  const [loss, gradient] = valueAndGrad((at) => lossOf(at, batch))(theta);
  ({ theta, state } = optimizer.update(gradient, state, theta, { loss }));
}
const evaluated = optimizer.evaluationTheta?.(state, theta) ?? theta;
\`\`\``,
  "Those that evaluate the loss themselves take an objective, which `objectiveOf` makes of a batch; `firstOrder(optimizer)` " +
    "makes one of them of any other:",
  `\`\`\`js
const objectiveOf = (batch) => ({ loss: (theta) => lossOf(theta, batch) }); // a scalar tensor
const step = compiledStep(optimizer, objectiveOf);
let state = optimizer.init(theta, objectiveOf(batches[0]), random.key(0));
for (const [i, batch] of batches.entries()) {
  ({ theta, state } = step(theta, state, batch, random.foldIn(random.key(1), i)));
}
\`\`\``,
].join("\n\n");

function summaryTable({ title, kind, entries }: Section): string {
  // Schedules and batch controllers cost nothing to speak of.
  const hasCost = kind === "optimizer";
  const head = hasCost ? ["name", "what it is", "paper", "cost"] : ["name", "what it is"];
  return [
    `**${title}**`,
    table(
      head,
      entries.map(({ name, summary, doc }) => [
        `[\`${name}\`](#${name.toLowerCase()})`,
        summary,
        ...(hasCost ? [paperText(doc), (doc.cost ?? "").replace(/\.$/, "")] : []),
      ]),
    ),
  ].join("\n\n");
}

function paperText({ papers }: AlgorithmDoc): string {
  return papers.length === 0 ? "common practice" : papers.join("; ");
}

function sectionText({ title, intro, entries }: Section): string {
  return [`## ${title}`, ...(intro === "" ? [] : [intro]), ...entries.map(entryText)].join("\n\n");
}

function entryText(entry: Described): string {
  const { name, doc } = entry;
  return [
    `### ${name}`,
    ...doc.prose,
    ...(doc.equations.length === 0 ? [] : [`\`\`\`text\n${doc.equations.join("\n\n")}\n\`\`\``]),
    ...(doc.purpose === "" ? [] : [doc.purpose]),
    ...(doc.cost === undefined ? [] : [`Cost: ${doc.cost}`]),
    ...(doc.options.length === 0 ? [] : [table(["option", "type", "default", "meaning"], optionRows(entry))]),
    `\`\`\`js\n${doc.example ?? usage(entry)}\n\`\`\``,
  ].join("\n\n");
}

function optionRows({ defaults, doc }: Described): string[][] {
  return doc.options.map((option) => {
    const { name, type, said, remark } = option;
    const shown = name in defaults ? valueText(defaults[name]) : said;
    const value = shown === undefined ? "" : `\`${shown}\``;
    const both = value !== "" && remark !== undefined ? `${value}: ${remark}` : value + (remark ?? "");
    return [`\`${name}\``, `\`${type}\``, both === "" ? "required" : both, meaningOf(option)];
  });
}

/** A call with the first option at its default. */
function usage({ name, isWrapper = false, defaults }: Described): string {
  const option = Object.entries(defaults).find(
    ([key, value]) => key !== "inner" && typeof value === "number",
  );
  const options = option === undefined ? "" : `{ ${option[0]}: ${valueText(option[1])} }`;
  return `${name}(${[...(isWrapper ? ["adam()"] : []), options].filter((part) => part !== "").join(", ")});`;
}
