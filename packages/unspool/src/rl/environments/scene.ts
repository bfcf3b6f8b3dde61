/** Pictures of states as plain data: lines and discs in the environment's own units, drawn by whoever makes reports. */

/** A line through points, or a filled shape if it is closed. */
export interface ScenePath {
  kind: "path";
  /** x and y of each point, in the environment's units; y points up. */
  points: readonly (readonly [x: number, y: number])[];
  isClosed?: boolean;
  /** Of the line, in the same units. Default: a thin line, whatever the scale. */
  width?: number;
  /** Which of the figure's colours: what moves, what stands still, or a goal. Default "body". */
  role?: SceneRole;
}

export interface SceneDisc {
  kind: "disc";
  centre: readonly [x: number, y: number];
  radius: number;
  role?: SceneRole;
}

export type SceneRole = "body" | "second" | "ground" | "goal";

export interface Scene {
  shapes: readonly (ScenePath | SceneDisc)[];
}
