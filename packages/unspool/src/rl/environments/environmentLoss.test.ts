import { expect, test } from "vitest";
import { type Tensor, np, random } from "../../array/index.ts";
import { adaptiveCruise, cruisePid } from "./adaptiveCruise.ts";
import { environmentLoss } from "./environmentLoss.ts";
import { episodePlayer } from "./episodePlayer.ts";

test("losses are minus mean returns, and tell good controllers from bad ones", () => {
  const environment = adaptiveCruise({ timeLimit: 200 });
  const policy = cruisePid();
  const evaluate = environmentLoss(environment, policy, { episodes: 4 });
  const gains = random.uniform(random.key(3), [32, 4], { minval: -1, maxval: 1 });
  const { losses, innerSteps } = evaluate({ gains }, random.key(1));
  const player = episodePlayer(environment, policy);
  const third = player.play({ gains: gains.slice(2) }, random.key(1), { episodes: 4 });
  const mean = Array.from(third.returns.data).reduce((sum, x) => sum + x / 4, 0);
  expect(losses[2]).toBeCloseTo(-mean, 9);
  expect(losses).toHaveLength(32);
  expect(innerSteps).toBeLessThanOrEqual(32 * 4 * 200);
  // Some jump between the bounds of the control, which costs about 0.8 a step; the best of 32 are quiet.
  expect(Math.max(...losses)).toBeGreaterThan(100);
  expect(Math.min(...losses)).toBeLessThan(20);
  expect(() => evaluate({ gains: gains.slice(0).slice(0) as Tensor }, random.key(1))).toThrow(/candidates/);
  expect(() => environmentLoss(environment, policy, { episodes: 0 })).toThrow(/episodes/);
  expect(np.array([...losses]).shape).toEqual([32]);
});
