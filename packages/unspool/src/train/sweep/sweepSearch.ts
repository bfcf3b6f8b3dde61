/**
 * Settings that a method of `search/` asks for, in batches: a batch is run, the method is told what came of it, and asked for
 * the next. The loss of a setting is the mean over its seeds. It is told in the order of the batch, whichever run ended first,
 * and the method's state is in the plan: the same command tries the same settings, also after a stop and for any `--jobs`.
 */
import { type Tensor, np, random } from "../../array/index.ts";
import { NonFiniteError, OptionError, requireInteger, requireKnownOptions } from "../../errors.ts";
import { type Search, createSearch, searchEntry } from "../../search/index.ts";
import type { Json } from "../../methods/index.ts";
import { decodeSafetensors, encodeSafetensors } from "../safetensors.ts";
import { decodeState, encodeState } from "../stateCodec.ts";
import type { CellResults } from "../study/study.ts";
import { average } from "./interval.ts";
import { measuredOf, valueOf } from "./measured.ts";
import { type SearchField, type SearchSpace, checkedFields, searchSpace } from "./searchSpace.ts";
import { sweepCellId } from "./settingNames.ts";
import type { SweepPlan, SweepSetting } from "./sweepPlan.ts";

/** A search as far as it has come. */
export interface SweepSearch {
  /** The name of the method: one of `searchNames`. */
  readonly method: string;
  /** Candidates that it is asked for. */
  readonly trials: number;
  /** Candidates at once. Default null: as many as the method asks for by itself. */
  readonly batch: number | null;
  /** Of its random numbers. Default 0. */
  readonly seed: number;
  /** What each field is searched in. */
  readonly space: readonly SearchField[];
  /** Candidates that it has been told of. */
  readonly told: number;
  /** The values of the latest batch, which it has not been told of. */
  readonly asked: readonly (readonly string[])[];
  /** Of the method after it was asked for that: safetensors in base64. */
  readonly state: string;
}

export interface SweepSearchOptions {
  /** The name of the method, or an alias: one of `searchNames`. */
  method: string;
  /** Candidates that it is asked for. */
  trials: number;
  /** What each field is searched in. */
  space: readonly SearchField[];
  /** Candidates at once. Default: as many as the method asks for by itself. */
  batch?: number | undefined;
  /** Of its random numbers. Default 0. */
  seed?: number | undefined;
}

/** The config of a setting's runs, not parsed yet. */
export type ConfigOf = (plan: SweepPlan, values: readonly string[]) => unknown;

type Unit = { x: Tensor };

const names = [
  ...(["method", "trials", "batch", "seed", "space"] as const),
  ...(["told", "asked", "state"] as const),
];

/** The search of a plan that may come out of a folder. Throws `OptionError` that names what is wrong. */
export function checkedSearch(given: unknown, fields: number): SweepSearch {
  const where = "sweep, search";
  requireKnownOptions<SweepSearch>(where, given as SweepSearch, names);
  const search = given as SweepSearch;
  const { trials, batch, seed, told, asked, state } = search;
  const { name } = searchEntry(search.method);
  requireInteger(where, "trials", trials, 1);
  if (batch !== null) requireInteger(where, "batch", batch, 1);
  requireInteger(where, "seed", seed, 0);
  requireInteger(where, "told", told, 0);
  const isRow = (row: unknown): boolean =>
    Array.isArray(row) && row.length === fields && row.every((text) => typeof text === "string");
  if (!Array.isArray(asked) || asked.length === 0 || !asked.every(isRow))
    throw new OptionError(where, "asked", asked, "a list of at least one setting's values");
  if (typeof state !== "string") throw new OptionError(where, "state", state, "safetensors in base64");
  return { ...search, method: name, space: checkedFields(where, search.space, fields) };
}

/** `plan` with the first settings that the method asks for: those that it has are replaced. */
export async function beginSearch(
  plan: SweepPlan,
  options: SweepSearchOptions,
  configOf: ConfigOf = configOfTexts,
): Promise<SweepPlan> {
  const where = "beginSearch";
  requireKnownOptions(where, options, ["method", "trials", "space", "batch", "seed"]);
  const { trials, batch = null, seed = 0 } = options;
  const method = searchEntry(options.method).name;
  requireInteger(where, "trials", trials, 1);
  const space = checkedFields(where, options.space, plan.fields.length);
  const given = { method, trials, batch, seed, space, told: 0, asked: [], state: "" };
  const { search, coordinates, key } = methodOf(given);
  const begun = search.init(
    { x: np.array([...coordinates.start], { dtype: "float64" }) },
    random.foldIn(key, "init"),
  );
  return withTrials({ ...plan, settings: [], search: await askedFor(given, begun) }, trials, configOf);
}

/** The same search with so many candidates: what it has asked for already is added, the rest follows by its results. */
export async function withTrials(
  plan: SweepPlan,
  trials: number,
  configOf: ConfigOf = configOfTexts,
): Promise<SweepPlan> {
  const search = { ...plan.search!, trials };
  const known = new Set(plan.settings.map(({ values }) => values.join("\0")));
  const settings: SweepSetting[] = [...plan.settings];
  for (const values of search.asked.slice(0, Math.max(0, trials - search.told))) {
    if (known.has(values.join("\0"))) continue;
    known.add(values.join("\0"));
    settings.push({ values, config: await configOf(plan, values) });
  }
  return { ...plan, settings, search };
}

/** The plan with the next batch; undefined after the last. A batch whose settings have all been run is told at once. */
export async function nextBatch(
  results: CellResults,
  plan: SweepPlan,
  configOf: ConfigOf = configOfTexts,
): Promise<{ config: SweepPlan; note: string } | undefined> {
  let search = plan.search!;
  const lossOf = lossesOf(results, plan);
  for (;;) {
    const told = search.told + search.asked.length;
    if (told >= search.trials) return undefined;
    const { search: method } = methodOf(search);
    const state = method.tell(
      await decoded(search.state),
      toldLosses(search.asked.map(lossOf.of), lossOf.worst),
    );
    search = await askedFor({ ...search, told }, state.state);
    const config = await withTrials({ ...plan, search }, search.trials, configOf);
    const further = config.settings.length - plan.settings.length;
    if (further === 0) continue;
    const note = `${told} of ${search.trials} trials done, the best with ${plan.by} ${Number(lossOf.best.toPrecision(6))}; ${further} more settings.`;
    return { config, note };
  }
}

/** The method with its space, for the fields of a plan. */
function methodOf({ method, batch, seed, space }: SweepSearch): {
  search: Search<Unit>;
  coordinates: SearchSpace;
  key: ReturnType<typeof random.key>;
} {
  const { takesCategories = false } = searchEntry(method);
  const coordinates = searchSpace(space, takesCategories);
  const high = coordinates.categories.map((count) => (count === 0 ? 1 : count - 1));
  const search = createSearch<Unit>(method, {
    ...(batch !== null && { population: batch }),
    box: { low: 0, high: { x: np.array(high, { dtype: "float64" }) } },
    ...(takesCategories && { categories: coordinates.categories }),
  });
  return { search, coordinates, key: random.key(seed) };
}

/** With the next batch. The random numbers of a batch follow from the candidates before it. */
async function askedFor(given: SweepSearch, state: unknown): Promise<SweepSearch> {
  const { search, coordinates, key } = methodOf(given);
  const asked = search.ask(state, random.foldIn(random.foldIn(key, "ask"), given.told));
  const rows = asked.candidates.x;
  const [count, size] = rows.shape as [number, number];
  const texts = Array.from({ length: count }, (_, i) =>
    coordinates.valuesAt(rows.data.subarray(i * size, (i + 1) * size)),
  );
  return { ...given, asked: texts, state: await encoded(asked.state) };
}

/** What has come of the settings: NaN of one of whose runs has failed or is not there. The sign is that of a loss. */
function lossesOf(results: CellResults, plan: SweepPlan) {
  const measured = measuredOf([...results.values()], plan.by);
  const sign = plan.isMaximised ? -1 : 1;
  const losses = new Map(
    plan.settings.map((setting) => {
      const values = plan.seeds.map((seed) => {
        const result = results.get(sweepCellId(plan, setting, seed));
        return result === undefined ? Number.NaN : valueOf(result, measured);
      });
      return [setting.values.join("\0"), sign * average(values)] as const;
    }),
  );
  const finite = [...losses.values()].filter(Number.isFinite);
  return {
    of: (values: readonly string[]): number => losses.get(values.join("\0")) ?? Number.NaN,
    best: sign * finite.reduce((least, loss) => Math.min(least, loss), Infinity),
    worst: finite.length === 0 ? undefined : finite.reduce((most, loss) => Math.max(most, loss)),
  };
}

/** A setting that failed ranks last. Where a whole batch has failed, each of it counts as the worst that there was. */
function toldLosses(losses: readonly number[], worst: number | undefined): readonly number[] {
  if (losses.some(Number.isFinite)) return losses;
  if (worst !== undefined) return losses.map(() => worst);
  throw new NonFiniteError(
    "sweep, search",
    `all ${losses.length} settings of the first batch have failed, so that nothing is known of where they would not. Give other ranges, in another folder.`,
    { quantity: "loss", candidates: losses.length },
  );
}

async function encoded(state: unknown): Promise<string> {
  const { structure, tensors } = encodeState(state);
  const bytes = await encodeSafetensors(tensors, { structure: JSON.stringify(structure) });
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

async function decoded(text: string): Promise<unknown> {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const { tensors, metadata } = await decodeSafetensors(bytes, "the state of the search");
  return decodeState(JSON.parse(metadata["structure"] ?? "null") as Json, tensors);
}

/** Values at their paths, those of all settings among them: as JSON where they are that, else as texts. */
export function configOfTexts({ fields, fixed }: SweepPlan, values: readonly string[]): unknown {
  const config: Record<string, unknown> = {};
  const set = (path: string, text: string): void => {
    const parts = path.split(".");
    let target = config;
    for (const name of parts.slice(0, -1)) {
      const inner = Object.hasOwn(target, name) ? target[name] : {};
      target[name] = inner;
      target = inner as Record<string, unknown>;
    }
    target[parts.at(-1)!] = valueOfText(text);
  };
  for (const text of fixed) set(text.slice(0, text.indexOf("=")), text.slice(text.indexOf("=") + 1));
  fields.forEach((path, i) => set(path, values[i]!));
  return config;
}

function valueOfText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
