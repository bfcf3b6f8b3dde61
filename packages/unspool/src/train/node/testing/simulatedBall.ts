/** For tests of pools: a ball that is held up by noisy thrusts, and simulators that fail. */
import type { Json } from "../../../methods/index.ts";
import { boxSpace, linearSimulated, simulatedEnvironment } from "../../../rl/index.ts";
import type { RandomStream } from "../../../array/index.ts";
import type { SimulatorPlayer } from "../simulatorJobs.ts";

/** Options: from which height on `step` gives NaN (`breaksAt`). It throws where the thrust is beyond a million. */
export function ball(options: Json): SimulatorPlayer {
  const { breaksAt = Infinity } = (options ?? {}) as { breaksAt?: number };
  const environment = simulatedEnvironment({
    name: "ball",
    observationSpace: boxSpace({ shape: [2] }),
    actionSpace: boxSpace({ low: [-1], high: [1] }),
    timeLimit: 50,
    create() {
      let [height, velocity] = [1, 0];
      let draws: RandomStream;
      return {
        reset(random) {
          draws = random;
          [height, velocity] = [1 + 0.1 * random.normal(), 0];
          return [height, velocity];
        },
        step([thrust]) {
          if (Math.abs(thrust!) > 1e6) throw new Error("the ball has burst");
          velocity += 0.1 * (Math.max(-1, Math.min(1, thrust!)) + 0.05 * draws.normal());
          height += 0.1 * velocity;
          const observation = [height > breaksAt ? NaN : height, velocity];
          return { observation, reward: -Math.abs(height - 1), terminated: height < 0 };
        },
      };
    },
  });
  return { environment, policy: linearSimulated({ observationSize: 2, actionSize: 1 }) };
}

export const notAFunction = 3;

export const noPlayer = (): object => ({ environment: "ball" });

export const throwing = (): SimulatorPlayer => {
  throw new TypeError("no ball here");
};

/** One whose policy is of another environment. */
export const unfitting = (): SimulatorPlayer => ({
  ...ball(null),
  policy: linearSimulated({ observationSize: 1, actionSize: 2 }),
});
