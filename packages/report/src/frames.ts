/** Pictures of states side by side, all of one scale: lines and discs as SVG. */
import type { FigureFrame } from "unspool/train";
import type { Drawing } from "./drawing.ts";
import { escapeHtml } from "./html.ts";

type Shape = FigureFrame["shapes"][number];
type Role = NonNullable<Shape["role"]>;

interface Extent {
  x: [number, number];
  y: [number, number];
}

/** More pictures than this are thinned. */
const mostFrames = 24;
const width = 480;
const gap = 10;
const labelHeight = 18;
/** Of lines without a width of their own, pixels. */
const thinLine = 1.5;
/** A picture is at most so much higher, or wider, than it is wide, or high. */
const longest = 1.6;

const colours: Record<Role, string> = {
  body: "var(--series-0)",
  second: "var(--series-3)",
  ground: "currentColor",
  goal: "var(--series-2)",
};

/**
 * Pictures in rows. What moves far is followed: each picture is centred on what moves, in a window that holds the
 * largest of them.
 */
export function drawFrames(title: string, given: readonly FigureFrame[]): Drawing {
  const frames = thinned(given);
  const windows = windowsOf(frames);
  const [across, up] = sizeOf(windows[0] ?? { x: [0, 1], y: [0, 1] });
  const columns = Math.min(frames.length, across / up > 2.2 ? 2 : across / up > 1.2 ? 3 : 4) || 1;
  const cellWidth = (width - gap * (columns - 1)) / columns;
  const cellHeight = Math.min(
    Math.max((cellWidth * up) / across, cellWidth / (2 * longest)),
    cellWidth * longest,
  );
  const scale = Math.min(cellWidth / across, cellHeight / up);
  const rows = Math.ceil(frames.length / columns);
  const height = rows * (cellHeight + labelHeight) + (rows - 1) * gap;
  const cells = frames.map((frame, i) => {
    const left = (i % columns) * (cellWidth + gap);
    const top = Math.floor(i / columns) * (cellHeight + labelHeight + gap);
    return cellOf(frame, windows[i]!, { left, top, width: cellWidth, height: cellHeight, scale });
  });
  return {
    svg: `<svg role="img" aria-label="${escapeHtml(title)}" class="plot" viewBox="0 0 ${width} ${round(height)}" font-size="13">${cells.join("")}</svg>`,
    legend: [],
    heatmap: undefined,
    notes: frames.length < given.length ? [`${frames.length} of ${given.length} pictures are shown.`] : [],
  };
}

function thinned(frames: readonly FigureFrame[]): readonly FigureFrame[] {
  if (frames.length <= mostFrames) return frames;
  const at = (i: number) => Math.round((i * (frames.length - 1)) / (mostFrames - 1));
  return Array.from({ length: mostFrames }, (_, i) => frames[at(i)]!);
}

interface Cell {
  left: number;
  top: number;
  width: number;
  height: number;
  scale: number;
}

function cellOf(frame: FigureFrame, window: Extent, { left, top, width: wide, height, scale }: Cell): string {
  const middle = [(window.x[0] + window.x[1]) / 2, (window.y[0] + window.y[1]) / 2] as const;
  const place = ([x, y]: readonly [number, number]): [number, number] => [
    round(wide / 2 + (x - middle[0]) * scale),
    round(height / 2 - (y - middle[1]) * scale),
  ];
  const shapes = frame.shapes.filter(isDrawable).map((shape) => shapeOf(shape, place, scale));
  return (
    `<svg x="${round(left)}" y="${round(top)}" width="${round(wide)}" height="${round(height + labelHeight)}">` +
    `<text x="0" y="13" fill="currentColor">${escapeHtml(frame.label)}</text>` +
    `<svg y="${labelHeight}" width="${round(wide)}" height="${round(height)}">` +
    `<rect width="100%" height="100%" fill="currentColor" fill-opacity="0.05" />${shapes.join("")}</svg></svg>`
  );
}

function shapeOf(
  shape: Shape,
  place: (at: readonly [number, number]) => [number, number],
  scale: number,
): string {
  const colour = colours[shape.role ?? "body"];
  const opacity = shape.role === "ground" ? 0.45 : 1;
  if (shape.kind === "disc") {
    const [x, y] = place(shape.centre);
    const radius = Math.max(2, round(shape.radius * scale));
    return `<circle cx="${x}" cy="${y}" r="${radius}" fill="${colour}" fill-opacity="${opacity}" />`;
  }
  const points = shape.points.map((at) => place(at).join(",")).join(" ");
  if (shape.isClosed === true)
    return `<polygon points="${points}" fill="${colour}" fill-opacity="${opacity}" />`;
  const stroke = Math.max(thinLine, round((shape.width ?? 0) * scale));
  return `<polyline points="${points}" fill="none" stroke="${colour}" stroke-opacity="${opacity}" stroke-width="${stroke}" stroke-linecap="round" stroke-linejoin="round" />`;
}

/** Numbers that a simulation which broke down leaves are not drawn. */
function isDrawable(shape: Shape): boolean {
  const numbers = shape.kind === "disc" ? [...shape.centre, shape.radius] : shape.points.flat();
  return numbers.length > 0 && numbers.every(Number.isFinite);
}

/** The window of each picture, all of one size. */
function windowsOf(frames: readonly FigureFrame[]): Extent[] {
  const whole = extentOf(frames.flatMap(({ shapes }) => shapes));
  const moving = frames.map(({ shapes }) => {
    const bodies = shapes.filter(({ role = "body" }) => role !== "ground");
    return extentOf(bodies.length > 0 ? bodies : shapes);
  });
  const largest = [0, 1].map((axis) => Math.max(...moving.map((one) => sizeOf(one)[axis]!))) as [
    number,
    number,
  ];
  return moving.map((one) => ({
    x: windowAlong(one.x, whole.x, largest[0]),
    y: windowAlong(one.y, whole.y, largest[1]),
  }));
}

/** Everything, if that is not much more than what moves; else a window around it. */
function windowAlong(moving: [number, number], whole: [number, number], largest: number): [number, number] {
  const all = whole[1] - whole[0];
  const margin = 0.08 * Math.max(largest, 1e-6);
  if (all <= 3 * largest) return [whole[0] - margin, whole[1] + margin];
  const middle = (moving[0] + moving[1]) / 2;
  return [middle - 0.75 * largest, middle + 0.75 * largest];
}

function extentOf(shapes: readonly Shape[]): Extent {
  const extent: Extent = { x: [Infinity, -Infinity], y: [Infinity, -Infinity] };
  const take = ([x, y]: readonly [number, number], by: number) => {
    extent.x = [Math.min(extent.x[0], x - by), Math.max(extent.x[1], x + by)];
    extent.y = [Math.min(extent.y[0], y - by), Math.max(extent.y[1], y + by)];
  };
  for (const shape of shapes.filter(isDrawable)) {
    if (shape.kind === "disc") take(shape.centre, shape.radius);
    else for (const point of shape.points) take(point, (shape.width ?? 0) / 2);
  }
  return extent.x[0] <= extent.x[1] ? extent : { x: [0, 1], y: [0, 1] };
}

const sizeOf = ({ x, y }: Extent): [number, number] => [
  Math.max(x[1] - x[0], 1e-6),
  Math.max(y[1] - y[0], 1e-6),
];

const round = (x: number): number => Math.round(x * 100) / 100;
