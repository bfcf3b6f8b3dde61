/**
 * Claims on search methods, at CPU size: on the 17 functions of BBOB in Vizier's forms, reflected, starts from [-4, 4]^d, 3 seeds.
 * Each claim is one that the methods' papers make. `npm run test:paper -- search`; recorded in docs/results.md.
 */
import { runStudy } from "unspool";
import { bbob } from "@unspool/experiments";
import { beforeAll, describe, expect, test } from "vitest";

/** Share of the 187 pairs of function and target that were reached, by search. */
let share: Record<string, number>;
/** ERT / d to 0.01 in ten dimensions, by function and search. */
let runtime: (name: string, search: string) => number | undefined;

const searches = ["cmaEs", "sepCmaEs", "bipopCmaEs", "snes", "xnes", "differentialEvolution", "nelderMead", "randomSearch"]; // prettier-ignore

beforeAll(async () => {
  const config = { searches, dimensions: [10], evaluations: 1000, seeds: 3 };
  const { summary } = await runStudy(bbob, { config, seed: 11 });
  share = Object.fromEntries(
    Object.entries(summary.metrics!).map(([name, value]) => [name.split(",")[0]!, value]),
  );
  const table = summary.tables!.at(-1)!;
  runtime = (name, search) => {
    const value = table.rows.find(([one]) => one === name)![table.columns.indexOf(search)];
    return typeof value === "number" ? value : undefined;
  };
}, 1_200_000);

describe("on 17 functions in ten dimensions with 1000 d evaluations", () => {
  test("CMA-ES or its restarts reach more targets than all others but xNES (Hansen et al. 2010)", () => {
    const others = searches.filter((name) => !["cmaEs", "bipopCmaEs", "xnes"].includes(name)); // prettier-ignore
    const best = Math.max(share["cmaEs"]!, share["bipopCmaEs"]!);
    for (const name of others) expect(share[name]!, name).toBeLessThan(best);
  });

  test("every search reaches more than random search", () => {
    for (const name of searches.slice(0, -1))
      expect(share[name]!, name).toBeGreaterThan(share["randomSearch"]!);
  });

  test("a full covariance pays where numbers depend on each other: the cigar takes CMA-ES less than SNES (Ros and Hansen 2008)", () => {
    const [full, diagonal] = [runtime("bentCigar", "cmaEs"), runtime("bentCigar", "snes")];
    // Undefined: not reached. CMA-ES has to.
    expect(full ?? Infinity).toBeLessThan(diagonal ?? Infinity);
  });

  test("the sphere takes CMA-ES 20 to 150 evaluations per number to 0.01 (log-linear convergence)", () => {
    const found = runtime("sphere", "cmaEs")!;
    expect(found).toBeGreaterThan(20);
    expect(found).toBeLessThan(150);
  });
});
