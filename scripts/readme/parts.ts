/** The README's tables, names and counts, from the registries and the docstrings of what they hold. */
import { join, relative } from "node:path";
import { experiments, studies, systems } from "../../packages/experiments/src/index.ts";
import { estimators } from "../../packages/unspool/src/estimators/index.ts";
import { searches } from "../../packages/unspool/src/search/index.ts";
import { families } from "../optimizersPage/families.ts";
import { documented } from "../optimizersPage/sources.ts";
import { root, table } from "../page.ts";

export interface Parts {
  /** Content by the name of its place. */
  parts: Record<string, string>;
  /** What the sources lack: file, and what to write there. */
  lacks: string[];
}

/** Experiments and studies, which one asks for by name. */
const named = [...experiments, ...studies];

/** The parts of a README; of its text only the table of systems is read. */
export async function readmeParts(text: string): Promise<Parts> {
  const found = await families();
  const sizeOf = (title: string): number =>
    found.find((family) => family.title === title)?.entries.length ?? 0;
  const rules = sizeOf("First-order rules") + sizeOf("Around another optimizer");
  const { rows, lacks: lackingEstimators } = estimatorRows();
  const { rows: searchTable, lacks: lackingSearches } = searchRows();
  const lacks = [...lackingEstimators, ...lackingSearches];
  return {
    parts: {
      estimatorCount: inWords(estimators.length),
      estimators: table(["name", "what it is", "kind", "unbiased", "cost of one estimate"], rows),
      searchCount: inWords(searches.length),
      searches: table(["name", "what it is", "keeps", "recommends", "cost"], searchTable),
      optimizers: table(
        ["", "", "names"],
        found.map(({ title, entries }) => [
          title,
          String(entries.length),
          entries.map(({ name }) => `[\`${name}\`](docs/optimizers.md#${name.toLowerCase()})`).join(", "),
        ]),
      ),
      experimentCount: String(named.length),
      experiments: table(
        ["system", "name", "what it is", "after"],
        systems.flatMap((system, i) =>
          system.named.map(({ name, summary, paper }) => [
            String(i + 1),
            `\`${name}\``,
            summary,
            paper ?? "",
          ]),
        ),
      ),
      studies: listOf(studies.map(({ name }) => name)),
      withoutEstimator: listOf(named.filter((each) => !hasEstimator(each)).map(({ name }) => name)),
      systemCount: capital(inWords(systemsWithCode(text))),
      ruleCount: String(rules),
      objectiveRuleCount: String(sizeOf("Rules that evaluate the objective")),
    },
    lacks,
  };
}

const registry = join(root, "packages/unspool/src/estimators/registry.ts");

function estimatorRows(): { rows: string[][]; lacks: string[] } {
  const docOf = documented([registry]);
  const lacks: string[] = [];
  const rows = estimators.map(({ name, summary, kind, isUnbiased }) => {
    const doc = docOf(registry, name);
    if (doc === undefined) {
      lacks.push(`${relative(root, registry)}: imports no function "${name}", so its source is not found`);
    } else if (doc.cost === undefined) {
      lacks.push(`${doc.file}: the docstring of ${name} has no sentence "Cost: …" at its end`);
    }
    const cost = doc?.cost?.replace(/\.$/, "") ?? "";
    return [`\`${name}\``, summary, kind, isUnbiased ? "yes" : "no", cost];
  });
  return { rows, lacks };
}

const searchRegistry = join(root, "packages/unspool/src/search/registry.ts");

/** Rows of the table of searches, here and in the how-to page. */
export function searchRows(): { rows: string[][]; lacks: string[] } {
  const docOf = documented([searchRegistry]);
  const lacks: string[] = [];
  const rows = searches.map(({ name, summary, kind, incumbent }) => {
    const doc = docOf(searchRegistry, name);
    if (doc?.cost === undefined) {
      const file = doc?.file ?? relative(root, searchRegistry);
      lacks.push(`${file}: the docstring of ${name} has no sentence "Cost: …" at its end`);
    }
    return [`\`${name}\``, summary, kind, incumbent, doc?.cost?.replace(/\.$/, "") ?? ""];
  });
  return { rows, lacks };
}

/** Whether a config has the field `estimator`. */
function hasEstimator({ config }: { config: object }): boolean {
  return "shape" in config && "estimator" in (config.shape as object);
}

/** Rows of the table of systems, `| 6 | title | what there is |`, that do not say "not yet". */
function systemsWithCode(text: string): number {
  return [...text.matchAll(/^\| \d+ \| [^|]+ \| ([^|]+) \|$/gm)].filter(([, now]) => now !== "not yet")
    .length;
}

const listOf = (names: readonly string[]): string => {
  const marked = names.map((name) => `\`${name}\``);
  return marked.length < 2 ? marked.join("") : `${marked.slice(0, -1).join(", ")} and ${marked.at(-1)}`;
};

// prettier-ignore
const words = [
  "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
  "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
];
const inWords = (count: number): string => words[count] ?? String(count);
const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
