/**
 * The control experiments of Vicol, Metz, Sohl-Dickstein (ICML 2021) and Li et al. (NeurIPS 2023): a linear policy for
 * MuJoCo's swimmer from unbiased estimates of windows of 100 actions, at the same number of actions for all methods.
 * `npm run test:paper`; recorded in docs/results.md.
 */
import { swimmer } from "@unspool/experiments";
import { expect, test } from "vitest";
import { train } from "unspool";

const seeds = [0, 1, 2];
const report = (claim: string, figures: unknown) => console.log(`${claim}: ${JSON.stringify(figures)}`);

/** Mean returns of the tuned policies over new episodes, by seed. */
async function returns(config: Record<string, unknown>): Promise<number[]> {
  const found: number[] = [];
  for (const seed of seeds) {
    const { evaluation, metrics } = await train(swimmer, { config: { ...config, curve: 0 }, seed });
    expect(metrics.at(-1)!.innerSteps).toBe(actions);
    found.push(evaluation!.metrics["return"]!);
  }
  return found;
}

/** Actions over all particles: 60 estimates of 8 pairs, 100 actions each. */
const actions = 96_000;
const mean = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length;

test("PES, NRES and full ES learn to swim; truncated ES does not", async () => {
  const initial = (await train(swimmer, { config: { steps: 1, curve: 0, evaluationEpisodes: 50 }, seed: 0 }))
    .evaluation!.metrics["initialReturn"]!;
  const found = {
    pes: await returns({ estimator: "pes" }),
    nres: await returns({ estimator: "nres" }),
    fullEs: await returns({ estimator: "fullEs", steps: 6, learningRate: 0.3 }),
    truncatedEs: await returns({ estimator: "truncatedEs", steps: 40, sigma: 0.1 }),
  };
  report("swimmer, return of 1000 actions", { initial, ...found });
  // Drifting counts for nothing; a linear policy can reach about 360 (Mania, Guy, Recht 2018, Table 1).
  expect(Math.abs(initial)).toBeLessThan(15);
  for (const name of ["pes", "nres", "fullEs"] as const) {
    expect(mean(found[name]), name).toBeGreaterThan(200);
    for (const value of found[name]) expect(value, name).toBeGreaterThan(150);
  }
  expect(mean(found.nres)).toBeGreaterThan(mean(found.fullEs));
  // Blind to what earlier windows did, it stays near what drifting gives.
  for (const value of found.truncatedEs) expect(value).toBeLessThan(60);
});
