/** A pool in one thread: episodes of the simulator, in the order of jobs, and errors that say where. */
import { expect, test } from "vitest";
import { random } from "../../array/index.ts";
import { OptionError, SimulatorError } from "../../errors.ts";
import {
  type SimulatedSamplers,
  linearPolicy,
  momentsOf,
  playSimulated,
  simulatedSamplers,
  zoac,
} from "../../rl/index.ts";
import { type SimulatorPoolOptions, simulatorPool } from "./simulatorPool.ts";
import { ball } from "./testing/simulatedBall.ts";

const module = new URL("./testing/simulatedBall.ts", import.meta.url);
const poolOf = (options: Partial<SimulatorPoolOptions> = {}) =>
  simulatorPool({ module, name: "ball", threads: 1, ...options });

/** Two policies. */
const thetas = Float64Array.of(-1, -0.5, 0.2, 0.1);

test("plays the episodes that the simulator plays alone", async () => {
  const pool = await poolOf();
  const key = random.key(4);
  const { returns, lengths, isTerminated, innerSteps, moments } = pool.play(thetas, key, {
    episodes: 3,
    hasMoments: true,
    discount: 0.9,
  });
  const { environment, policy } = ball(null);
  const instance = await environment.create();
  const rows: number[][] = [];
  const own = [0, 1, 2, 3, 4, 5].map((job) =>
    playSimulated(
      environment,
      instance,
      policy,
      thetas.slice(2 * Math.floor(job / 3), 2 * Math.floor(job / 3) + 2),
      random.foldIn(key, job % 3),
      { discount: 0.9, onStep: ({ observation }) => rows.push(Array.from(observation)) },
    ),
  );
  expect([...returns]).toEqual(own.map(({ value }) => value));
  expect([...lengths]).toEqual(own.map(({ length }) => length));
  expect([...isTerminated]).toEqual(own.map((one) => Number(one.isTerminated)));
  expect(new Set(isTerminated).size).toBe(2);
  expect(innerSteps).toBe(rows.length);
  const wanted = momentsOf(rows);
  expect(moments!.count).toBe(rows.length);
  moments!.mean.forEach((x, i) => expect(x).toBeCloseTo(wanted.mean[i]!, 12));
  moments!.squares.forEach((x, i) => expect(x).toBeCloseTo(wanted.squares[i]!, 10));
  const filter = { mean: [1, 0], std: [0.5, 2], clip: 0.1 };
  const filtered = pool.play(thetas, key, { filter });
  expect(filtered.returns[0]).not.toBe(pool.play(thetas, key).returns[0]);
});

test("samplers of a pool play what simulators in the caller's thread play, beside its episodes", async () => {
  const pool = await poolOf({ samplers: 3 });
  const { environment, policy } = ball(null);
  const own = await simulatedSamplers({ environment, policy, samplers: 3 });
  const method = (simulators: SimulatedSamplers) =>
    zoac({ environment: simulators, policy: linearPolicy(simulators), segmentLength: 15, critic: null });
  const theta = linearPolicy(own).init(random.key(1));
  const key = random.key(2);
  const walk = (simulators: SimulatedSamplers, between: () => void) => {
    const one = method(simulators);
    let at = { theta, state: one.init(theta, key) };
    for (let i = 0; i < 3; i++) {
      at = one.step(at.theta, at.state, random.foldIn(key, i));
      between();
    }
    return at;
  };
  expect(walk(pool.samplers!, () => pool.play(thetas, key))).toEqual(walk(own, () => undefined));
  expect((await poolOf()).samplers).toBeUndefined();
  await expect(poolOf({ samplers: -1 })).rejects.toThrow(/samplers must be an integer of at least 0/);
  await pool.close();
});

test("what fails says in which step of which job", async () => {
  const broken = await poolOf({ options: { breaksAt: 1 } });
  expect(() => broken.play(thetas, random.key(0))).toThrow(
    /^ball, step \d+: observation\[0\] must be a finite/,
  );
  expect(() => broken.play(thetas, random.key(0))).toThrow(expect.objectContaining({ code: "NON_FINITE" }));
  const whole = await poolOf();
  expect(() => whole.play(Float64Array.of(0, 0, 1e9, 0), random.key(0))).toThrow(
    expect.objectContaining({ message: "the ball has burst", details: { job: 1 } }),
  );
});

test("an episode that breaks down is NaN where that is asked for, and the others are as without it", async () => {
  const pool = await poolOf();
  const key = random.key(5);
  const bursting = Float64Array.of(-1, -0.5, 1e9, 0, 0.2, 0.1);
  const { returns, lengths, moments, breakdown } = pool.play(bursting, key, {
    ...{ episodes: 2, hasMoments: true, onBreakdown: "nan" },
  });
  const whole = pool.play(thetas, key, { episodes: 2, hasMoments: true });
  expect([...returns]).toEqual([...whole.returns.slice(0, 2), NaN, NaN, ...whole.returns.slice(2)]);
  // The ball bursts in the first step.
  expect([...lengths]).toEqual([...whole.lengths.slice(0, 2), 0, 0, ...whole.lengths.slice(2)]);
  expect(moments).toEqual(whole.moments);
  expect(breakdown).toMatchObject({ message: "the ball has burst", details: { job: 2 } });
  expect(whole.breakdown).toBeUndefined();
  const late = (await poolOf({ options: { breaksAt: 1.2 } })).play(Float64Array.of(1, 0), key, {
    onBreakdown: "nan",
  });
  // A step that gave NaN was not one.
  expect(late.innerSteps).toBe(Number(/step (\d+)/.exec(late.breakdown!.message)![1]));
  const unfit = await poolOf({ name: "unfitting" });
  expect(() => unfit.play(Float64Array.of(1, 1), key, { onBreakdown: "nan" })).toThrow(
    /is one of 1 observations/,
  );
  expect(() => pool.play(thetas, key, { onBreakdown: "stop" as never })).toThrow(
    /onBreakdown must be one of/,
  );
});

test("what it is given is checked", async () => {
  await expect(poolOf({ module: "" })).rejects.toThrow(/module must be the address of a module/);
  await expect(poolOf({ module: "./players.js" })).rejects.toThrow(
    /got ".\/players.js". Write new URL\(".\/players.js", import.meta.url\)/,
  );
  await expect(poolOf({ name: "balls" })).rejects.toThrow(
    /name must be a function that .* exports, got "balls"/,
  );
  await expect(poolOf({ name: "notAFunction" })).rejects.toThrow(/name must be a function/);
  const gives = (name: string) => expect(poolOf({ name })).rejects;
  await gives("noPlayer").toThrow(
    /^simulatorPool: what "noPlayer" of .*simulatedBall\.ts gives must be \{ environment, policy \}, got \{environment\}\.$/,
  );
  await gives("noPlayer").toThrow(OptionError);
  await gives("throwing").toThrow(/^simulatorPool: "throwing" of .*simulatedBall\.ts threw: no ball here\.$/);
  await gives("throwing").toThrow(SimulatorError);
  await expect(poolOf({ threads: 0 })).rejects.toThrow(/threads/);
  await expect(poolOf({ module: new URL("./nowhere.js", import.meta.url) })).rejects.toThrow(SimulatorError);
  const pool = await poolOf();
  expect(() => pool.play(thetas.slice(1), random.key(0))).toThrow(/length of thetas must be a multiple of 2/);
  expect(() => pool.play(thetas, random.key(0), { episodes: 0 })).toThrow(/episodes/);
  expect(() => pool.play(thetas, random.key(0), { filter: { mean: [0], std: [1] } })).toThrow(/filter/);
});
