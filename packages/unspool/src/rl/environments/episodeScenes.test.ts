import { describe, expect, test } from "vitest";
import { type Tensor, np, random } from "../../array/index.ts";
import { cartPole } from "./cartPole.ts";
import { episodePlayer } from "./episodePlayer.ts";
import { episodeObservations, episodeScenes, spread } from "./episodeScenes.ts";
import { adaptiveCruise } from "./adaptiveCruise.ts";
import { lqr } from "./lqr.ts";
import { pathTracking } from "./pathTracking.ts";
import type { Scene } from "./scene.ts";

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
  const { scene: _, ...unseen } = environment;
  expect(() => episodeScenes(unseen, trajectories!)).toThrow(/environment must be one that has a `scene`/);
  expect(spread(100, 4)).toEqual([0, 33, 66, 99]);
});

describe("scenes are where the state is", () => {
  const bodies = ({ shapes }: Scene) =>
    shapes.filter(({ role = "body" }) => role === "body" || role === "second");
  const centre = (shape: Scene["shapes"][number]): [number, number] => {
    if (shape.kind === "disc") return [...shape.centre];
    const mean = (axis: 0 | 1) => shape.points.reduce((sum, at) => sum + at[axis], 0) / shape.points.length;
    return [mean(0), mean(1)];
  };

  test("of a linear system: a row for each coordinate", () => {
    const places = bodies(lqr().scene!({ x: np.array([0.5, -1]) })).map(centre);
    expect(places).toEqual([
      [0.5, -0],
      [-1, -1],
    ]);
  });

  test("of a cruise: the car ahead is as far off its place as the error says", () => {
    const environment = adaptiveCruise();
    const at = (error: number): number => {
      const state = environment.reset(random.key(0));
      const numbers = [error, ...Array.from({ length: 9 }, () => 0)];
      return centre(bodies(environment.scene!({ ...state, cars: np.array(numbers) }))[1]!)[0];
    };
    expect(at(2) - at(0)).toBeCloseTo(2, 6);
    expect(at(-3) - at(0)).toBeCloseTo(-3, 6);
  });

  test("of a car on a road: the road is at the distance that is observed", () => {
    const environment = pathTracking();
    const state = environment.reset(random.key(3));
    const { shapes } = environment.scene!(state);
    const [x, , , , y] = Array.from(state.car.data);
    const [path, car] = shapes;
    if (path?.kind !== "path" || car?.kind !== "path") throw new Error("not paths");
    // The middle of the car lies behind its centre of mass, by half of what the rear is longer.
    expect(Math.hypot(centre(car)[0] - x!, centre(car)[1] - y!)).toBeCloseTo((1.85 - 1.06) / 2, 5);
    const after = path.points.findIndex(([at]) => at > x!);
    const [a, b] = [path.points[after - 1]!, path.points[after]!];
    const road = a[1] + ((b[1] - a[1]) * (x! - a[0])) / (b[0] - a[0]);
    // The observed distance; the road is drawn in straight pieces of 2 m.
    expect(Math.abs(y! - road - environment.observe(state).data[3]!)).toBeLessThan(0.02);
  });
});
