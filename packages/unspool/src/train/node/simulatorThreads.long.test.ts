/** A pool of worker threads from the sources, which a loader translates in each of them: that takes its seconds. */
import { expect, test } from "vitest";
import { random } from "../../array/index.ts";
import { linearPolicy, zoac } from "../../rl/index.ts";
import { simulatorPool } from "./simulatorPool.ts";

const module = new URL("./testing/simulatedBall.ts", import.meta.url);
const thetas = Float64Array.from({ length: 14 }, (_, i) => Math.sin(i));

test(
  "the same bits for one thread and for two, and failures of threads arrive",
  { timeout: 240_000 },
  async () => {
    const one = await simulatorPool({ module, name: "ball", threads: 1 });
    const two = await simulatorPool({ module, name: "ball", threads: 2 });
    const options = { episodes: 5, hasMoments: true } as const;
    for (const seed of [1, 2]) {
      const [a, b] = [one, two].map((pool) => pool.play(thetas, random.key(seed), options));
      expect(b).toEqual(a);
    }
    const bursting = Float64Array.of(0, 0, 1e9, 0, 0, 0, 1e9, 1e9);
    expect(() => two.play(bursting, random.key(0))).toThrow(
      expect.objectContaining({ message: "the ball has burst", details: { job: 1 } }),
    );
    const broken = [one, two].map((pool) =>
      pool.play(bursting, random.key(0), { episodes: 3, hasMoments: true, onBreakdown: "nan" }),
    );
    expect(broken[1]).toEqual(broken[0]);
    expect(broken[0]!.breakdown).toMatchObject({ message: "the ball has burst", details: { job: 3 } });
    expect(Array.from(broken[0]!.returns, Number.isNaN).filter(Boolean).length).toBe(6);
    // It goes on after a failure.
    expect(two.play(thetas, random.key(1), options)).toEqual(one.play(thetas, random.key(1), options));
    await two.close();
  },
);

test(
  "samplers keep their episodes in their threads: the same bits for one thread and for two",
  { timeout: 240_000 },
  async () => {
    const pools = await Promise.all(
      [1, 2].map((threads) => simulatorPool({ module, name: "ball", threads, samplers: 3 })),
    );
    const key = random.key(4);
    const ends = pools.map(({ samplers }) => {
      const policy = linearPolicy(samplers!);
      const method = zoac({ environment: samplers!, policy, segmentLength: 15, critic: null });
      const theta = policy.init(key);
      let at = { theta, state: method.init(theta, key) };
      for (let i = 0; i < 4; i++) at = method.step(at.theta, at.state, random.foldIn(key, i));
      // From where it was before, which its simulators have left.
      return [at, method.step(at.theta, at.state, key), method.step(at.theta, at.state, key)];
    });
    expect(ends[1]).toEqual(ends[0]);
    expect(ends[0]![2]).toEqual(ends[0]![1]);
    for (const pool of pools) await pool.close();
  },
);
