/** ES-ENAS over a pool of MuJoCo's simulators, as docs/hybrid-spaces.md has it. */
import { OptionError, askTell, esEnas, hybridSpace, random, randomStream } from "unspool";
import { poolLoss } from "unspool/train/node";
import { expect, test } from "vitest";
import { mujocoEnvironments } from "./mujocoEnvironments.ts";
import { mujocoPool } from "./mujocoPool.ts";
import { mujocoChoices } from "./players.ts";

const timeLimit = 20;
const options = { environment: "swimmer", colours: 4, timeLimit };

test("losses are those of its candidates, played by hand", async () => {
  const policy = mujocoChoices(options);
  const space = hybridSpace({ discrete: policy.discreteSpace, continuous: policy.numParameters });
  const search = esEnas({ space, pairs: 3, sigma: 0.5, estimator: "ars" });
  const pool = await mujocoPool(options, { threads: 1 });
  const evaluate = poolLoss<ReturnType<typeof space.point>>(pool);
  const key = random.key(2);
  const { candidates } = search.ask(search.init(space.point(), key), key);
  const { losses, innerSteps } = evaluate(candidates, key);
  expect(innerSteps).toBe(6 * timeLimit);
  const body = await mujocoEnvironments.create("swimmer", { timeLimit }).create();
  const byHand = [0, 1, 2, 3, 4, 5].map((i) => {
    const choice = Int32Array.from(candidates.choice.slice(i).data);
    const theta = Float64Array.from(candidates.theta.slice(i).data);
    // All candidates play the same episode, number 0.
    let seen = body.reset(randomStream(random.foldIn(random.foldIn(key, 0), "reset").data));
    let total = 0;
    for (let t = 0; t < timeLimit; t++) {
      const { observation, reward } = body.step(policy.act(choice, theta, seen));
      seen = observation;
      total += reward;
    }
    return -total;
  });
  expect(new Set(byHand).size).toBe(6);
  expect([...losses]).toEqual(byHand);

  const method = askTell({ search, evaluate });
  let [theta, state] = [space.point(), method.init(space.point(), key)];
  for (let i = 0; i < 3; i++) ({ theta, state } = method.step(theta, state, random.foldIn(key, i)));
  expect(theta.theta.shape).toEqual([4]);
  expect(theta.choice.shape).toEqual([16]);
  await pool.close();
});

test("colours or edges, and not both", async () => {
  expect(() => mujocoChoices({ environment: "swimmer" })).toThrow(OptionError);
  expect(() => mujocoChoices({ ...options, edges: 3 })).toThrow(
    /colours must be given, or edges, and not both/,
  );
  const pruned = mujocoChoices({ environment: "hopper", hidden: [4], edges: 9 });
  const pool = await mujocoPool({ environment: "hopper", hidden: [4], edges: 9 }, { threads: 1 });
  expect(pool.sizes.thetaSize).toBe(9 + pruned.numParameters);
});
