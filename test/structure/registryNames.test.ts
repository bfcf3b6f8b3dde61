/**
 * What others decide about an estimator or optimizer, they decide by its traits in the registry: no file spells names for
 * that, so that a new one is known everywhere by its line. Experiments use them as users do, and are left out.
 */
import ts from "typescript";
import {
  batchControllerNames,
  compressorNames,
  estimatorNames,
  learnedOptimizerNames,
  objectiveOptimizerNames,
  optimizerNames,
  scheduleNames,
} from "unspool";
import { expect, test } from "vitest";
import { read, sources } from "./repository.ts";

/** Files where a name is meant for itself: file, names, why. */
const meant: readonly (readonly [file: string, names: readonly string[], why: string])[] = [
  ["packages/cli/src/commands/compare.ts", ["bptt", "fullEs"], "by which the reference is computed"],
  ["packages/unspool/src/diagnostics/compareEstimators.ts", ["bptt", "fullEs"], "the same"],
  ["packages/unspool/src/diagnostics/referenceGradient.ts", ["bptt", "fullEs"], "the same"],
  ["packages/unspool/src/diagnostics/chaosVerdict.ts", ["mixture"], "a way to go, not yet an estimator"],
  [
    "packages/unspool/src/diagnostics/varianceLaw.ts",
    ["pes", "nres", "truncatedEs", "pesAnalytic"],
    "their laws",
  ],
  ["packages/unspool/src/diagnostics/dynamics/fixedPoints.ts", ["adam"], "by which points are sought"],
  ["packages/unspool/src/diagnostics/dynamics/plainSystems.ts", ["momentum"], "an option"],
  ["packages/unspool/src/problems/diskPacking.ts", ["momentum"], "an option"],
  ["packages/unspool/src/problems/ghostBatchNorm.ts", ["momentum"], "an option"],
  ["packages/unspool/src/problems/scheduleTuning.ts", ["momentum"], "an option"],
  ["packages/unspool/src/search/hybrid/esEnasOptions.ts", ["topK"], "an option"],
  ["packages/unspool/src/rl/actorCritic/policies/networkPolicy.ts", ["masked"], "weights with a mask"],
];

const others: ReadonlySet<string> = new Set([
  ...optimizerNames,
  ...objectiveOptimizerNames,
  ...learnedOptimizerNames,
  ...compressorNames,
  ...scheduleNames,
  ...batchControllerNames,
]);
const estimators: ReadonlySet<string> = new Set(estimatorNames);

/** The rooms of estimators and optimizers say their own names; what stands above them asks the registry. */
const below =
  /^packages\/unspool\/src\/(?:errors|sizes|registry|numerics|array|engine|unroll|distributions|networks|estimators|optimizers|search)\b/;
const asking = ["packages/unspool/src", "packages/cli/src", "packages/report/src", "scripts"]
  .flatMap((folder) => sources(folder))
  .filter((path) => !below.test(path));
const tables = ["estimators", "optimizers", "objectiveOptimizers"].map(
  (name) => `test/conformance/${name}.test.ts`,
);

interface Spelt {
  file: string;
  line: number;
  name: string;
}

/** Names of estimators as texts or keys; names of optimizers, which are common words, where something is decided. */
function speltIn(file: string): Spelt[] {
  const source = ts.createSourceFile(file, read(file), ts.ScriptTarget.Latest, true);
  const found: Spelt[] = [];
  const visit = (node: ts.Node): void => {
    const name = textOf(node);
    if (name !== undefined && (estimators.has(name) || (others.has(name) && isDecision(node)))) {
      found.push({ file, line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1, name });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** A text in quotes, or the key of a record. */
function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  return ts.isIdentifier(node) && ts.isPropertyAssignment(node.parent) && node.parent.name === node
    ? node.text
    : undefined;
}

const comparisons: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
]);

function isDecision(node: ts.Node): boolean {
  const { parent } = node;
  return (
    (ts.isBinaryExpression(parent) && comparisons.has(parent.operatorToken.kind)) ||
    ts.isCaseClause(parent) ||
    ts.isArrayLiteralExpression(parent)
  );
}

const isMeant = ({ file, name }: Spelt): boolean =>
  meant.some(([path, names]) => path === file && names.includes(name));

test("no file above the registries spells a name to decide something", () => {
  const found = [...asking, ...tables].flatMap(speltIn).filter((one) => !isMeant(one));
  expect(
    found.map(({ file, line, name }) => `${file}:${line} "${name}"`),
    "make it a trait of the entry: estimators/traits.ts, optimizers/traits.ts",
  ).toEqual([]);
});

test("every listed exception is still needed", () => {
  const stale = meant.flatMap(([file, names]) => {
    const spelt = new Set(speltIn(file).map(({ name }) => name));
    return names.filter((name) => !spelt.has(name)).map((name) => `${file} "${name}"`);
  });
  expect(stale).toEqual([]);
});
