/**
 * Learned optimizers as files: JSON with the name, the options and the parameters of one, and how it was made. Numbers
 * of float32 are written so that they come back with the same bits.
 */
import { type Tensor, type Tree, np, random, tree } from "../../array/index.ts";
import { NonFiniteError, OptionError, UnspoolError } from "../../errors.ts";
import type { Optimizer } from "../optimizer.ts";
import type { LearnedOptimizer } from "./learnedOptimizer.ts";
import { createLearnedOptimizer } from "./registry.ts";

const format = "unspool-learned-optimizer";
const version = 1;

/** What a file of a learned optimizer holds. */
export interface LearnedOptimizerFile {
  format: typeof format;
  version: number;
  /** As in the registry. */
  name: string;
  options: Record<string, unknown>;
  /** By path: shape and elements. */
  parameters: Record<string, { readonly shape: readonly number[]; readonly data: readonly number[] }>;
  /** How it was made and what it is worth, for people: command, seed, task, measured losses. */
  origin: Record<string, unknown>;
}

/** A learned optimizer with its parameters. */
export interface LoadedOptimizer {
  learned: LearnedOptimizer;
  meta: Tree;
  /** Ready for use. */
  optimizer: Optimizer;
}

/** The file of a learned optimizer: `JSON.stringify` it. */
export function learnedOptimizerFile(
  name: string,
  options: Record<string, unknown>,
  meta: unknown,
  origin: Record<string, unknown> = {},
): LearnedOptimizerFile {
  requireSameParameters(name, createLearnedOptimizer(name, options), meta);
  for (const [path, leaf] of tree.entries(meta)) {
    if (tree.isFinite(leaf)) continue;
    const problem = `the parameters at "${path}" are not finite. JSON has no such numbers, and no use would be made of them.`;
    throw new NonFiniteError("learnedOptimizerFile", problem, { path });
  }
  const parameters = tree
    .entries(meta)
    .map(([path, leaf]) => [path, { shape: [...leaf.shape], data: written(leaf) }] as const);
  return { format, version, name, options, parameters: Object.fromEntries(parameters), origin };
}

/** Elements with as few digits as bring back the same bits. */
function written({ data, dtype }: Tensor): number[] {
  return Array.from(data, (x) => (dtype === "float32" ? Number(x.toPrecision(9)) : x));
}

/**
 * Reads a file of a learned optimizer, as text or parsed. Throws `UnspoolError` where it is not one, and `ShapeError`
 * where its parameters are not those of the optimizer that it names.
 *
 * @example
 * const { optimizer } = loadLearnedOptimizer(await readFile("mine.json", "utf8"));
 */
export function loadLearnedOptimizer(source: string | LearnedOptimizerFile): LoadedOptimizer {
  const file = typeof source === "string" ? parsed(source) : source;
  if (file?.format !== format || file.version !== version) {
    const got = `format ${JSON.stringify(file?.format)}, version ${JSON.stringify(file?.version)}`;
    throw new UnspoolError("FILE", `loadLearnedOptimizer: not a file of a learned optimizer (${got}, expected ${format}, ${version}).`, { got }); // prettier-ignore
  }
  const learned = createLearnedOptimizer(file.name, file.options);
  const like: unknown = learned.init(random.key(0));
  const paths = tree.entries(like).map(([path]) => path);
  const missing = paths.find((path) => file.parameters[path] === undefined);
  if (missing !== undefined || paths.length !== Object.keys(file.parameters).length) {
    const given = Object.keys(file.parameters);
    throw new OptionError(
      "loadLearnedOptimizer",
      "parameters",
      given,
      `the leaves of ${file.name}: ${paths.join(", ")}`,
    );
  }
  const leaves = paths.map((path): Tensor => {
    const { shape, data } = file.parameters[path]!;
    const bad = data.findIndex((x) => typeof x !== "number" || !Number.isFinite(Math.fround(x)));
    if (bad !== -1) {
      const place = `element ${bad} of parameters at "${path}"`;
      throw new OptionError("loadLearnedOptimizer", place, data[bad], "a finite number of float32");
    }
    return np.array([...data], { shape: [...shape] });
  });
  const meta = tree.unflatten(like, leaves) as Tree;
  requireSameParameters(file.name, learned, meta);
  return { learned, meta, optimizer: learned.optimizer(meta) };
}

function parsed(text: string): LearnedOptimizerFile {
  try {
    return JSON.parse(text) as LearnedOptimizerFile;
  } catch (cause) {
    throw new UnspoolError("FILE", `loadLearnedOptimizer: not JSON (${(cause as Error).message}).`, {});
  }
}

function requireSameParameters(name: string, learned: LearnedOptimizer, meta: unknown): void {
  const expected: unknown = learned.init(random.key(0));
  tree.requireSame("learned optimizer", `the parameters of ${name}`, expected, meta);
}
