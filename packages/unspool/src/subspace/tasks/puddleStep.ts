/**
 * One move in PuddleWorld: the unit square with puddles in which moving costs more. Puddles are applied one after the
 * other to the end of the move: the way from start to end costs its length, inside a puddle its length over m, and the
 * move stops when the cost is the whole length. m = 0 is a wall. Shapes are convex and exact (the authors' are polygons),
 * so that what a move has inside one is an interval of its way.
 */
import { OptionError } from "../../errors.ts";

export type PuddlePoint = readonly [x: number, y: number];

/** A disc, the points within a radius of a segment, or a rectangle. */
export type PuddleShape =
  | { kind: "disc"; center: PuddlePoint; radius: number }
  | { kind: "capsule"; from: PuddlePoint; to: PuddlePoint; radius: number }
  | { kind: "rectangle"; low: PuddlePoint; high: PuddlePoint };

export interface Puddle {
  shape: PuddleShape;
  /** Speed inside, from 0 (a wall) to 1. */
  multiplier: number;
}

export type PuddleArena = "empty" | "sutton" | "hydrogen" | "two_room" | "two_room_slow";

const walls: readonly PuddleShape[] = [
  { kind: "rectangle", low: [0.4, 0.6], high: [0.6, 1] },
  { kind: "rectangle", low: [0.4, 0], high: [0.6, 0.4] },
];
const slow = (shape: PuddleShape): Puddle => ({ shape, multiplier: 0.5 });

/** The authors' arenas. */
export const puddleArenas: Readonly<Record<PuddleArena, readonly Puddle[]>> = {
  empty: [],
  sutton: [
    slow({ kind: "capsule", from: [0.1, 0.75], to: [0.45, 0.75], radius: 0.1 }),
    slow({ kind: "capsule", from: [0.45, 0.4], to: [0.45, 0.8], radius: 0.1 }),
  ],
  hydrogen: [
    slow({ kind: "disc", center: [0.5, 0.5], radius: 0.3 }),
    slow({ kind: "disc", center: [0.5, 0.5], radius: 0.15 }),
  ],
  two_room: walls.map((shape) => ({ shape, multiplier: 0 })),
  two_room_slow: walls.map(slow),
};

export const puddleActions = ["up", "right", "down", "left"] as const;
export type PuddleAction = (typeof puddleActions)[number];

const thrusts: Readonly<Record<PuddleAction, PuddlePoint>> = {
  up: [0, 1],
  right: [1, 0],
  down: [0, -1],
  left: [-1, 0],
};

export interface PuddleMove {
  /** Length of a move. Default 0.05. */
  thrust?: number;
  /** Added to the move. Default none; the authors' worlds draw it with standard deviation 0.01 per axis. */
  noise?: PuddlePoint;
}

/** Where a move ends: clipped to the square, then slowed by the puddles. */
export function puddleStep(
  puddles: readonly Puddle[],
  [x, y]: PuddlePoint,
  action: PuddleAction,
  { thrust = 0.05, noise = [0, 0] }: PuddleMove = {},
): PuddlePoint {
  const along = thrusts[action];
  if (along === undefined)
    throw new OptionError("puddleStep", "action", action, `one of ${puddleActions.join(", ")}`);
  const start: PuddlePoint = [x, y];
  const end: PuddlePoint = [
    clipped(x + thrust * along[0] + noise[0]),
    clipped(y + thrust * along[1] + noise[1]),
  ];
  return puddles.reduce((to, puddle) => slowed(puddle, start, to), end);
}

const clipped = (x: number): number => Math.min(1, Math.max(0, x));

function slowed({ shape, multiplier }: Puddle, start: PuddlePoint, end: PuddlePoint): PuddlePoint {
  const inside = intervalWithin(shape, start, end);
  if (inside === undefined) return end;
  const [enter, leave] = inside;
  const within = (leave - enter) / multiplier;
  // Shares of the way, of which there is 1 to spend.
  if (enter + within < 1) {
    const left = 1 - enter - within;
    return along(start, end, Math.min(1, leave + left));
  }
  return along(start, end, enter + (1 - enter) * multiplier);
}

const along = (start: PuddlePoint, end: PuddlePoint, share: number): PuddlePoint => [
  start[0] + share * (end[0] - start[0]),
  start[1] + share * (end[1] - start[1]),
];

type Interval = readonly [enter: number, leave: number];

/** The part of the way from start to end that is inside, as shares of it; undefined if there is none. */
function intervalWithin(shape: PuddleShape, start: PuddlePoint, end: PuddlePoint): Interval | undefined {
  const step: PuddlePoint = [end[0] - start[0], end[1] - start[1]];
  const found = lineWithin(shape, start, step);
  if (found === undefined) return undefined;
  const interval: Interval = [Math.max(0, found[0]), Math.min(1, found[1])];
  return interval[1] > interval[0] ? interval : undefined;
}

function lineWithin(shape: PuddleShape, start: PuddlePoint, step: PuddlePoint): Interval | undefined {
  switch (shape.kind) {
    case "disc":
      return withinDisc(shape.center, shape.radius, start, step);
    case "rectangle":
      return withinBox(shape.low, shape.high, start, step);
    default:
      return withinCapsule(shape, start, step);
  }
}

function withinDisc(
  center: PuddlePoint,
  radius: number,
  start: PuddlePoint,
  step: PuddlePoint,
): Interval | undefined {
  const [x, y] = [start[0] - center[0], start[1] - center[1]];
  const a = step[0] ** 2 + step[1] ** 2;
  const half = x * step[0] + y * step[1];
  const root = half * half - a * (x * x + y * y - radius * radius);
  if (a === 0 || root <= 0) return undefined;
  return [(-half - Math.sqrt(root)) / a, (-half + Math.sqrt(root)) / a];
}

function withinBox(
  low: PuddlePoint,
  high: PuddlePoint,
  start: PuddlePoint,
  step: PuddlePoint,
): Interval | undefined {
  let [enter, leave] = [-Infinity, Infinity];
  for (const axis of [0, 1] as const) {
    const [s, d] = [start[axis], step[axis]];
    if (d === 0) {
      if (s <= low[axis] || s >= high[axis]) return undefined;
      continue;
    }
    const [a, b] = [(low[axis] - s) / d, (high[axis] - s) / d];
    enter = Math.max(enter, Math.min(a, b));
    leave = Math.min(leave, Math.max(a, b));
  }
  return leave > enter ? [enter, leave] : undefined;
}

/** Two discs and a rectangle between them: together convex, so that their intervals are one. */
function withinCapsule(
  { from, to, radius }: Extract<PuddleShape, { kind: "capsule" }>,
  start: PuddlePoint,
  step: PuddlePoint,
): Interval | undefined {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const [ux, uy] = [(to[0] - from[0]) / length, (to[1] - from[1]) / length];
  // Coordinates along the segment and across it.
  const turned = ([x, y]: PuddlePoint): PuddlePoint => [x * ux + y * uy, y * ux - x * uy];
  const local = turned([start[0] - from[0], start[1] - from[1]]);
  const parts = [
    withinBox([0, -radius], [length, radius], local, turned(step)),
    withinDisc(from, radius, start, step),
    withinDisc(to, radius, start, step),
  ].filter((part) => part !== undefined);
  if (parts.length === 0) return undefined;
  return [Math.min(...parts.map(([enter]) => enter)), Math.max(...parts.map(([, leave]) => leave))];
}
