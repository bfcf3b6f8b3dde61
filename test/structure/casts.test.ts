/**
 * Casts that the type checker does not look at: `as never` and `as any`, which fit everywhere, and `as unknown as`, which
 * makes anything of anything. What must stay is listed with its reason; where a type can be said, no cast is needed.
 */
import ts from "typescript";
import { expect, test } from "vitest";
import { read, sources } from "./repository.ts";

/** Files with unchecked casts, how many, and why the types cannot say it. */
const known: readonly (readonly [path: string, count: number, why: string])[] = [
  [
    "packages/experiments/src/diskPacking/alongDirection.ts",
    1,
    "the tensors of a tree of tensors are that tree, which TypeScript does not see of a type parameter",
  ],
  ["packages/unspool/src/array/jaxInternals.ts", 1, "what jax-js declares private, or otherwise than it is"],
  [
    "packages/unspool/src/array/tensor.ts",
    2,
    "a scalar has no iterator, whatever the type of the getter; methods are guarded by their names",
  ],
  ["packages/unspool/src/array/trace.ts", 1, "the one call of a function of unknown arguments"],
  [
    "packages/unspool/src/conformance/registered.ts",
    1,
    "entries without those that are undefined are a record of fewer, which fromEntries does not say",
  ],
  [
    "packages/unspool/src/diagnostics/compareEstimators.ts",
    1,
    "a closed form takes theta, whose type the options do not repeat",
  ],
  [
    "packages/unspool/src/optimizers/wrappers/skipOverflow.ts",
    1,
    "a state without the leaf that was added to it is the state, which TypeScript does not see of a type parameter",
  ],
  [
    "packages/unspool/src/registry.ts",
    1,
    "constructors of one registry take the same arguments, which a union of them does not say",
  ],
  [
    "packages/unspool/src/rl/environments/bandit.ts",
    1,
    "who gives no `rate` has eta.rates; one signature cannot say so",
  ],
  [
    "packages/unspool/src/train/trainSteps.ts",
    1,
    "records are what JSON reads back: null for a number that is not finite",
  ],
];

/** Unchecked casts in a file. */
function castsOf(path: string): number {
  const text = read(path);
  if (!/\bas\s+(?:never|any|unknown\s+as)\b/.test(text)) return 0;
  let count = 0;
  const visit = (node: ts.Node): void => {
    if (ts.isAsExpression(node)) {
      const { expression, type } = node;
      const element = ts.isArrayTypeNode(type) ? type.elementType : type;
      const fits = element.kind === ts.SyntaxKind.NeverKeyword || element.kind === ts.SyntaxKind.AnyKeyword;
      const isDouble = ts.isAsExpression(expression) && expression.type.kind === ts.SyntaxKind.UnknownKeyword;
      if (fits || isDouble) count++;
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest));
  return count;
}

test("unchecked casts are those that are listed, each for a reason", () => {
  const found = sources("packages")
    .map((path) => [path, castsOf(path)] as const)
    .filter(([, count]) => count > 0);
  expect(Object.fromEntries(found), "say the type instead, or list the cast and why it must be").toEqual(
    Object.fromEntries(known.map(([path, count]) => [path, count])),
  );
});
