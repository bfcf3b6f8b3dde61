/** docs/optimizers.md is what the sources say, and the sources say what the page needs. */
import { expect, test } from "vitest";
import { moduleComment, splitCost, splitDefault } from "../../scripts/optimizersPage/comments.ts";
import { optimizersPage } from "../../scripts/optimizersPage/page.ts";
import { expectUpToDate } from "./generatedPages.ts";

test("every optimizer names its paper, equations, options and cost, and docs/optimizers.md is up to date", async () => {
  expectUpToDate(await optimizersPage(), "npm run docs:optimizers");
});

test("module comments are cut into prose, equations and papers", () => {
  const comment = moduleComment(
    [
      "/**",
      " * Heavy ball (Polyak 1964), as Sutskever et al. (2013) write it. State: `leaves.ts`.",
      " *",
      " *     v ← m · v + g",
      " *     x ← x - v",
      " *",
      " * Second paragraph.",
      " */",
    ].join("\n"),
  );
  expect(comment).toEqual({
    prose: ["Heavy ball (Polyak 1964), as Sutskever et al. (2013) write it.", "Second paragraph."],
    equations: ["v ← m · v + g\nx ← x - v"],
    papers: ["Polyak 1964", "Sutskever et al. 2013"],
    files: ["leaves.ts"],
  });
});

test("costs and defaults are told from the rest of a comment", () => {
  expect(splitCost("Gradient descent. Cost: two passes,\none copy.")).toEqual({
    purpose: "Gradient descent.",
    cost: "two passes, one copy.",
  });
  expect(splitCost("Gradient descent.").cost).toBeUndefined();
  expect(splitDefault("Added under the root. Default 1e-8; none is needed.")).toEqual({
    meaning: "Added under the root.",
    value: "1e-8",
    remark: "none is needed",
  });
  expect(splitDefault("Solves. Default `direct()`, which writes the matrix out: for few.")).toEqual({
    meaning: "Solves.",
    value: "`direct()`",
    remark: "which writes the matrix out: for few",
  });
  expect(splitDefault("Leaves that decay. Default: all.")).toEqual({
    meaning: "Leaves that decay.",
    value: undefined,
    remark: "all",
  });
});
