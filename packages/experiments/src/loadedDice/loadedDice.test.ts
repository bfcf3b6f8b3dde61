/** The claims of Farquhar, Whiteson, Foerster (2019) on one random MDP; on more of them in test/paper. */
import { random, train, valuesOf } from "unspool";
import { expect, test } from "vitest";
import { loadedDice } from "./loadedDice.ts";
import { randomMdp, valuesWithNoise } from "./loadedDiceStudy.ts";

test("correlations, sweeps and the run of one MDP", { tags: ["long"] }, async () => {
  const steps = 15;
  const { evaluation, figures } = await train(loadedDice, { seed: 0, config: { trajectories: 4096, steps } });
  const drawn = (id: string, series: string) =>
    figures.find((figure) => figure.id === id)!.series.find(({ name }) => name === series)!.y;
  for (const { series } of figures) for (const { y } of series) expect(y.every(Number.isFinite)).toBe(true);

  const [dice, whole, short, lvc] = ["DiCE", "Loaded DiCE, tau 1", "Loaded DiCE, tau 0", "LVC"].map((name) =>
    drawn("correlation-2", name),
  );
  for (const loaded of [whole!, short!]) expect(loaded[3]).toBeGreaterThan(loaded[0]! + 0.3);
  expect(short![0]).toBeGreaterThan(whole![0]!);
  expect(whole![0]).toBeGreaterThan(dice![0]!);
  expect(short![3]).toBeGreaterThan(0.95);
  // LVC: best at 64 trajectories, and biased.
  expect(lvc![0]).toBeGreaterThan(short![0]!);
  expect(lvc![3]).toBeLessThan(0.9);
  expect(drawn("correlation-1", "Loaded DiCE, tau 0")[0]).toBeGreaterThan(0.95);
  expect(drawn("correlation-1", "DiCE")[0]).toBeLessThan(0.5);

  // Less decay of dependencies: less bias and more deviation. The first order does not depend on it.
  const bias = drawn("decay-errors", "bias, order 2");
  expect(bias[0]).toBeGreaterThan(2 * bias[4]!);
  const deviation = drawn("decay-errors", "deviation, order 2");
  for (let i = 1; i < 5; i++) expect(deviation[i]).toBeGreaterThan(deviation[i - 1]!);
  const first = drawn("decay-errors", "deviation, order 1");
  expect(first[0]).toBeCloseTo(first[4]!, 12);
  // Wrong values: tau 1 has less bias than tau 0, and more deviation.
  expect(drawn("tau-errors", "bias, order 1")[0]).toBeGreaterThan(
    2 * drawn("tau-errors", "bias, order 1")[4]!,
  );
  expect(drawn("tau-errors", "deviation, order 1")[4]).toBeGreaterThan(
    drawn("tau-errors", "deviation, order 1")[0]!,
  );

  const { initialReturn, return: tuned } = evaluation!.metrics as { initialReturn: number; return: number };
  const exact = drawn("return", "exact gradients");
  expect(exact[0]).toBeCloseTo(initialReturn, 9);
  expect(exact).toHaveLength(steps + 1);
  expect(tuned - initialReturn).toBeGreaterThan(0.7 * (exact.at(-1)! - initialReturn));
});

test("the random MDP: rewards per state, and errors of values at every step but the last", () => {
  const mdp = randomMdp(random.key(1));
  expect(mdp.transitions.flat(2)).toHaveLength(4 * 5 * 5);
  for (const row of mdp.rewards) expect(new Set(row).size).toBe(1);
  const logits = mdp.rewards.map((row) => row.map(() => 0));
  const exact = valuesOf(mdp, logits);
  const errors = valuesWithNoise(mdp, logits, 2, random.key(2)).map((row, h) =>
    row.map((value, s) => value - exact[h]![s]!),
  );
  expect(errors[50]).toEqual([0, 0, 0, 0, 0]);
  errors[0]!.forEach((error, s) => expect(errors[49]![s]).toBeCloseTo(error, 10));
  expect(Math.max(...errors[0]!.map(Math.abs))).toBeGreaterThan(0.1);
});
