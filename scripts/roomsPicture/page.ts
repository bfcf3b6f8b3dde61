/**
 * docs/rooms.svg: the rooms of the library and the packages around them from the ground up, drawn from the imports. A
 * line is an import of a lower room by a higher one; what follows from others (a room that is reached through another)
 * is left out, so that the lines can be read.
 */
import { importsOf, packageOf, sources, target } from "../../test/structure/repository.ts";
import type { Page } from "../page.ts";

const library = "packages/unspool/src";
const packages = ["experiments", "report", "cli"] as const;
/** Not drawn: everybody imports these, or they only gather the others. */
const hidden = new Set(["errors", "sizes", "index", "registry"]);

const box = { width: 148, height: 34, gapX: 26, gapY: 30, margin: 24 };

type Edges = ReadonlyMap<string, ReadonlySet<string>>;

/** Who imports whom, directly; without tests. */
function roomEdges(): Edges {
  const edges = new Map<string, Set<string>>();
  const add = (from: string, to: string): void => {
    if (from === to || hidden.has(from) || hidden.has(to)) return;
    edges.set(from, (edges.get(from) ?? new Set()).add(to));
    if (!edges.has(to)) edges.set(to, new Set());
  };
  const roomOf = (path: string): string =>
    path
      .slice(library.length + 1)
      .split("/")[0]!
      .replace(/\.ts$/, "");
  for (const path of sources(library)) {
    for (const specifier of importsOf(path).filter((one) => one.startsWith(".")))
      add(roomOf(path), roomOf(target(path, specifier)));
  }
  for (const name of packages) {
    for (const path of sources(`packages/${name}/src`)) {
      for (const specifier of importsOf(path)) {
        const other = packageOf(specifier);
        if (other === "unspool") add(`@unspool/${name}`, specifier.split("/")[1] ?? "train");
        else if (other.startsWith("@unspool/")) add(`@unspool/${name}`, other);
      }
    }
  }
  return edges;
}

/** The floor of each room: one above the highest that it imports. */
function floorsOf(edges: Edges): Map<string, number> {
  const floors = new Map<string, number>();
  const floorOf = (room: string): number => {
    const known = floors.get(room);
    if (known !== undefined) return known;
    const below = [...(edges.get(room) ?? [])].map(floorOf);
    const floor = below.length === 0 ? 0 : Math.max(...below) + 1;
    floors.set(room, floor);
    return floor;
  };
  for (const room of edges.keys()) floorOf(room);
  return floors;
}

/** Edges that no longer way replaces. */
function directOnly(edges: Edges): [string, string][] {
  const reaches = (from: string, to: string): boolean =>
    [...(edges.get(from) ?? [])].some((next) => next === to || reaches(next, to));
  return [...edges].flatMap(([from, all]) =>
    [...all]
      .filter((to) => ![...all].some((other) => other !== to && reaches(other, to)))
      .map((to): [string, string] => [from, to]),
  );
}

export function roomsPicture(): Page {
  const edges = roomEdges();
  const floors = floorsOf(edges);
  const top = Math.max(...floors.values());
  const rows = Array.from({ length: top + 1 }, (_, floor) =>
    [...floors.keys()].filter((room) => floors.get(room) === floor).toSorted(),
  );
  const widest = Math.max(...rows.map((row) => row.length));
  const width = 2 * box.margin + widest * box.width + (widest - 1) * box.gapX;
  const height = 2 * box.margin + rows.length * box.height + (rows.length - 1) * box.gapY;
  const places = new Map<string, { x: number; y: number }>();
  rows.forEach((row, floor) => {
    const rowWidth = row.length * box.width + (row.length - 1) * box.gapX;
    row.forEach((room, i) =>
      places.set(room, {
        x: (width - rowWidth) / 2 + i * (box.width + box.gapX),
        y: height - box.margin - box.height - floor * (box.height + box.gapY),
      }),
    );
  });
  const lines = directOnly(edges)
    .toSorted(([a, b], [c, d]) => `${a} ${b}`.localeCompare(`${c} ${d}`))
    .map(([from, to]) => {
      const [above, below] = [places.get(from)!, places.get(to)!];
      const [x1, y1] = [above.x + box.width / 2, above.y + box.height];
      const [x2, y2] = [below.x + box.width / 2, below.y];
      const bend = (y1 + y2) / 2;
      return `<path d="M${x1} ${y1}C${x1} ${bend} ${x2} ${bend} ${x2} ${y2}"><title>${from} imports ${to}</title></path>`;
    });
  const boxes = [...places].map(
    ([room, { x, y }]) =>
      `<g><rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="6"/>` +
      `<text x="${x + box.width / 2}" y="${y + box.height / 2 + 4}">${room}</text></g>`,
  );
  const text = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Rooms and packages from the ground up; lines are imports">
<style>
svg { background: #fdfdfc; font: 12px system-ui, sans-serif; }
rect { fill: #eef3f8; stroke: #5b7a99; }
path { fill: none; stroke: #8aa1b8; stroke-width: 1.2; }
text { fill: #16202b; text-anchor: middle; }
@media (prefers-color-scheme: dark) {
  svg { background: #14181d; }
  rect { fill: #1f2a35; stroke: #7e9ab5; }
  path { stroke: #55687c; }
  text { fill: #e6ebf0; }
}
</style>
${lines.join("\n")}
${boxes.join("\n")}
</svg>
`;
  return { path: "docs/rooms.svg", text, lacks: [] };
}
