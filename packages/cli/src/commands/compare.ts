/**
 * `unspool compare`: bias, variance and cost of estimators on the inner problem of an experiment, at fixed theta. Where a search
 * is among the names, which has no gradient: how far each of them gets with the same inner steps, too.
 */
import {
  type Comparison,
  type Key,
  type ProgressComparison,
  compareEstimators,
  compareProgress,
  contenderOf,
  estimators,
  findSearch,
  random,
  suitsProblem,
  tree,
} from "unspool";
import type { InnerProblem, Setup } from "unspool/train";
import { configureExecutor } from "unspool/unroll";
import { type CommandLine, choiceOption, integerOption, textOption } from "../commandLine/parse.ts";
import { exitCodes } from "../failure.ts";
import type { Reporter } from "../output/reporter.ts";
import { requirePage } from "../report/writePage.ts";
import type { SectionedPage } from "@unspool/report";
import { writeSectionedPage } from "../report/writeSectionedPage.ts";
import { fileName } from "../runs/fileName.ts";
import { budgetOption, integerOf } from "./budgetOption.ts";
import { comparisonLines, comparisonSections, lengthOf, plainComparison } from "./comparedGradients.ts";
import { progressLines, progressSection } from "./comparedProgress.ts";
import { engineSettings } from "./engineOptions.ts";
import { setupWithInner } from "./innerOf.ts";
import { preparedExperiment } from "./prepare.ts";

export async function compareCommand(line: CommandLine, reporter: Reporter): Promise<number> {
  const seed = integerOption(line, "seed", 0) ?? 0;
  const wanted: Wanted = {
    names: listOption(line, "estimators"),
    budget: budgetOption(line),
    horizon: integerOption(line, "horizon", 1),
    reference: choiceOption(line, "reference", ["auto", "bptt", "fullEs"]),
    truncations: listOption(line, "truncations")?.map((text) => integerOf(line, "truncations", text)),
    seeds: integerOption(line, "seeds", 1),
    onProgress: (what) => reporter.preparing(what),
  };
  configureExecutor(engineSettings(line));
  const { experiment, parsed } = await preparedExperiment(line);
  const key = random.key(seed);
  const setup = await setupWithInner(experiment, parsed, key);
  requireNames(wanted.names ?? [], setup.inner);
  const path = textOption(line, "out") ?? `runs/compare-${fileName(experiment.name)}.html`;
  await requirePage(path);
  const compareKey = random.foldIn(key, "compare");
  const comparison = gradientsOf(setup, wanted, compareKey);
  const progress = progressOf(setup, wanted, compareKey);
  const report = await writeSectionedPage(path, pageOf(experiment.name, comparison, progress));
  const parts = [comparison && comparisonLines(comparison), progress && progressLines(progress)];
  const told = parts.filter((part) => part !== undefined).flatMap((part) => [...part, ""]);
  reporter.answer([...told, `report  ${report}`], {
    event: "compare",
    ...(comparison === undefined ? { reference: null, estimators: [] } : plainComparison(comparison)),
    progress: progress ?? null,
    experiment: experiment.name,
    config: parsed,
    seed,
    report,
  });
  return exitCodes.done;
}

interface Wanted {
  names: string[] | undefined;
  budget: number | undefined;
  horizon: number | undefined;
  reference: "auto" | "bptt" | "fullEs" | undefined;
  truncations: number[] | undefined;
  seeds: number | undefined;
  onProgress: (what: string) => void;
}

type Prepared = Setup & { inner: InnerProblem };

/** Throws `OptionError` for what is neither an estimator nor a search, before anything is measured. */
function requireNames(names: readonly string[], { others = [] }: InnerProblem): void {
  for (const name of names)
    if (!others.some((other) => other.name === name)) contenderOf(name, "compare --estimators");
}

const isSearch = (name: string): boolean => findSearch(name) !== undefined;

/** Bias and variance of those that have a gradient; undefined where none of the names has one. */
function gradientsOf({ theta: whole, inner }: Prepared, wanted: Wanted, key: Key): Comparison | undefined {
  const { names, budget, horizon, reference, truncations, onProgress } = wanted;
  const gradients = names?.filter((name) => !isSearch(name));
  if (names !== undefined && names.length > 0 && gradients?.length === 0) return undefined;
  const theta = inner.theta ?? whole;
  const others = (inner.others ?? []).filter(({ name }) => gradients?.includes(name) ?? true);
  return compareEstimators(inner.problem, theta, {
    estimators:
      gradients?.filter((name) => !others.some((other) => other.name === name)) ??
      suitable(inner.problem.isDifferentiable, tree.size(theta)),
    others,
    options: inner.options,
    innerSteps: budget,
    horizon,
    truncations,
    reference,
    exactGradient: inner.exactGradient,
    key,
    onProgress,
  });
}

/** How far all of the names get, where a search is among them. */
function progressOf(setup: Prepared, wanted: Wanted, key: Key): ProgressComparison | undefined {
  const { inner } = setup;
  const { names = [], budget, seeds, onProgress } = wanted;
  if (!names.some(isSearch)) return undefined;
  return compareProgress({ ...setup, theta: inner.theta ?? setup.theta }, inner, {
    names,
    innerSteps: budget,
    seeds,
    key,
    onProgress: (what) => onProgress(`progress: ${what}`),
  });
}

/** Every estimator of the loss of all steps that the problem allows and that ends soon. */
function suitable(isDifferentiable: boolean, thetaSize: number): string[] {
  return estimators
    .filter((entry) => entry.objective !== "final" && suitsProblem(entry, { isDifferentiable, thetaSize }))
    .map(({ name }) => name);
}

function listOption(line: CommandLine, name: string): string[] | undefined {
  return textOption(line, name)
    ?.split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function pageOf(
  name: string,
  comparison: Comparison | undefined,
  progress: ProgressComparison | undefined,
): SectionedPage {
  const sections = [
    ...(comparison === undefined ? [] : comparisonSections(comparison)),
    ...(progress === undefined ? [] : [progressSection(progress)]),
  ];
  if (comparison === undefined) {
    return {
      title: `${name}: searches compared`,
      summary: "Progress from the same theta with the same number of inner steps.",
      facts: [],
      sections,
    };
  }
  const { reference, horizon, truncation, isDeterministic } = comparison;
  return {
    title: `${name}: estimators compared`,
    summary: `Bias, variance and cost at fixed theta, over whole trajectories of ${horizon} steps with common random numbers.`,
    facts: [
      ["Reference", reference.description],
      ["Length of the gradient", lengthOf(comparison)],
      ["Truncation", String(truncation)],
      ["Trajectories", isDeterministic ? "all the same" : "differ by their keys"],
    ],
    sections,
  };
}
