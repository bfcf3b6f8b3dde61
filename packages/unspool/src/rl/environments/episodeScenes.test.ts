import { expect, test } from "vitest";
import { type Tensor, np, random } from "../../array/index.ts";
import { cartPole } from "./cartPole.ts";
import { episodePlayer } from "./episodePlayer.ts";
import { episodeObservations, episodeScenes, spread } from "./episodeScenes.ts";
import { lqr } from "./lqr.ts";

test("pictures of an episode end where it does", () => {
  const environment = cartPole();
  const left = {
    name: "left",
    init: () => ({ w: np.zeros([1]) }),
    act: ({ w }: { w: Tensor }) => w.sum().astype("int32"),
  };
  const player = episodePlayer(environment, left, { isRecorded: true, steps: 40 });
  const { trajectories, lengths } = player.play({ w: np.zeros([1]) }, random.key(0), { episodes: 2 });
  const last = lengths.data[1]! - 1;
  const scenes = episodeScenes(environment, trajectories!, { episode: 1, count: 3 });
  expect(scenes.map(({ label }) => label)).toEqual(["t = 0", `t = ${Math.round(last / 2)}`, `t = ${last}`]);
  // A pole pushed from below to the left falls to the right.
  const tips = scenes.map(({ shapes: [, , pole] }) => (pole?.kind === "path" ? pole.points[1]![1] : NaN));
  expect(tips[2]).toBeLessThan(tips[0]!);
  const [positions] = episodeObservations(trajectories!, 1);
  expect(positions).toHaveLength(lengths.data[1]!);
  expect(positions!.at(-1)).toBeLessThan(positions![0]!);
  expect(() => episodeScenes(environment, trajectories!, { episode: 2 })).toThrow(/episode must be below 2/);
  expect(() => episodeScenes(lqr() as never, trajectories!)).toThrow(
    /environment must be one that has a `scene`/,
  );
  expect(spread(100, 4)).toEqual([0, 33, 66, 99]);
});
