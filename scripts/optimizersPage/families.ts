/** The families of what the optimizers' room registers by name: docs/optimizers.md and the README's table are made of them. */
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "../page.ts";

/** What every registry of the optimizers' room says of an algorithm. */
export interface Entry {
  readonly name: string;
  /** One line for lists. */
  readonly summary: string;
  readonly defaults: Readonly<Record<string, unknown>>;
  readonly isWrapper?: boolean;
}

export type Kind = "optimizer" | "controller" | "schedule";

export interface Family {
  title: string;
  intro: string;
  kind: Kind;
  /** The registry, as an absolute path. */
  file: string;
  entries: readonly Entry[];
}

const room = join(root, "packages/unspool/src/optimizers");

/** Titles and introductions by registry file; the order is that of the page. */
const chapters: readonly (readonly [file: string, title: string, intro: string])[] = [
  [
    "registry.ts",
    "First-order rules",
    "An `Optimizer` turns gradients into new parameters; where they come from is not its business.",
  ],
  [
    "objective/objectiveRegistry.ts",
    "Rules that evaluate the objective",
    "These ask for more than one gradient per step: further gradients, products with a curvature matrix, or the value of the loss elsewhere.",
  ],
  [
    "communication/compression/registry.ts",
    "Compressors of gradients",
    "What workers may send instead of a gradient. In one process they save nothing: they are here to study what compression does to training, and to count bytes.",
  ],
  [
    "learned/registry.ts",
    "Learned optimizers",
    "Update rules with parameters of their own, to be meta-trained on tasks like those that they are for. `loadLearnedOptimizer` and `pretrainedOptimizer` make an `Optimizer` of one that is.",
  ],
  [
    "schedules/registry.ts",
    "Schedules",
    "A schedule stands wherever a hyperparameter may stand. It counts the updates of its own optimizer, from 0.",
  ],
  [
    "largeBatches/registry.ts",
    "Batch controllers",
    "A controller says how large the next batches should be, from statistics of the last ones: `next(state, statistics)`. It is plain code between calls of compiled programs. Beside them, `adaScale` sets the learning rate of a large batch from measured gains (Johnson et al., ICML 2020), and `noiseScaleMeter` measures what two of them need.",
  ],
];

/** The second half of the first registry. */
const wrappers = {
  title: "Around another optimizer",
  intro: "Each of these takes an optimizer as its first argument, also one that is itself around another.",
};

/** Every family, in the order of the pages. A registry without a title is called as its folder. */
export async function families(): Promise<Family[]> {
  const found: Family[] = [];
  for (const file of inOrder(registryFiles())) {
    const entries = await entriesOf(file);
    const [, title, intro] = chapters[place(file)] ?? [file, untitled(file), ""];
    const family = { title, intro, kind: kindOf(file), file, entries };
    if (endOf(file) !== "registry.ts") {
      found.push(family);
      continue;
    }
    const part = (isWrapper: boolean) => entries.filter((entry) => (entry.isWrapper ?? false) === isWrapper);
    found.push({ ...family, entries: part(false) }, { ...family, ...wrappers, entries: part(true) });
  }
  return found.filter(({ entries }) => entries.length > 0);
}

/** Files of the optimizers' room that hold a registry. */
export function registryFiles(): string[] {
  return readdirSync(room, { recursive: true, encoding: "utf8" })
    .filter((path) => /(?:^|[/\\]|[a-z])[rR]egistry\.ts$/.test(path))
    .map((path) => join(room, path))
    .toSorted();
}

async function entriesOf(file: string): Promise<Entry[]> {
  const exported = Object.values((await import(/* @vite-ignore */ file)) as Record<string, unknown>);
  const isEntry = (value: unknown): value is Entry =>
    typeof value === "object" &&
    value !== null &&
    "name" in value &&
    "summary" in value &&
    "defaults" in value;
  return exported.flatMap((value) =>
    Array.isArray(value) && value.length > 0 && value.every(isEntry) ? (value as Entry[]) : [],
  );
}

const endOf = (file: string): string => relative(room, file);
const kindOf = (file: string): Kind =>
  endOf(file).startsWith("schedules")
    ? "schedule"
    : endOf(file).startsWith("largeBatches")
      ? "controller"
      : "optimizer";
const place = (file: string): number => {
  const at = chapters.findIndex(([end]) => end === endOf(file));
  return at < 0 ? chapters.length : at;
};

function inOrder(files: readonly string[]): string[] {
  return files.toSorted((a, b) => place(a) - place(b));
}

const untitled = (file: string): string => endOf(file).replace(/\/?[rR]egistry\.ts$/, "");
