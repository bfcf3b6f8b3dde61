/** Imports flow one way: a lower room never imports a higher one, and rooms meet at their index files. */
import { expect, test } from "vitest";
import { importsOf, packageOf, sources, target } from "./repository.ts";

const library = "packages/unspool/src";

/** Rooms of the library from the ground up. Rooms on one line are siblings: neither imports the other. */
const floors: readonly (readonly string[])[] = [
  ["errors"],
  ["sizes", "registry", "json"],
  ["numerics"],
  ["array"],
  ["program"],
  ["engine"],
  ["unroll"],
  ["distributions", "networks"],
  ["estimators", "optimizers"],
  ["search"],
  ["methods"],
  ["bilevel", "diagnostics", "inference", "invariance", "quantum", "rl", "subspace"],
  ["problems"],
  ["train"],
  ["advice"],
  ["conformance"],
  ["index"],
];

/** Imports that pass by another room's index: importing file, imported file, why. */
const doors: readonly (readonly [from: string, to: string, why: string])[] = [
  [
    "unroll/referenceExecutor.ts",
    "array/device.ts",
    "executors keep arrays on the device between calls; nobody else may",
  ],
];

interface Edge {
  from: string;
  to: string;
}

/** Relative imports within the library, as paths from its `src`. */
const edges: readonly Edge[] = sources(library).flatMap((path) =>
  importsOf(path)
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => ({
      from: path.slice(library.length + 1),
      to: target(path, specifier).slice(library.length + 1),
    })),
);

const roomOf = (path: string): string => path.split("/")[0]!.replace(/\.ts$/, "");
const floorOf = (path: string): number => floors.findIndex((rooms) => rooms.includes(roomOf(path)));
const show = ({ from, to }: Edge): string => `${from} -> ${to}`;

test("every room of the library has a floor", () => {
  const unknown = sources(library)
    .map((path) => path.slice(library.length + 1))
    .filter((path) => floorOf(path) < 0);
  expect(unknown, "a new room: add it to `floors` where it belongs").toEqual([]);
});

test("no room imports a higher room or a sibling", () => {
  const upward = edges.filter(({ from, to }) => roomOf(from) !== roomOf(to) && floorOf(from) <= floorOf(to));
  expect(upward.map(show)).toEqual([]);
});

test("rooms import each other through index.ts only", () => {
  const isDoor = ({ from, to }: Edge): boolean => doors.some((door) => door[0] === from && door[1] === to);
  const around = edges.filter(
    (edge) =>
      roomOf(edge.from) !== roomOf(edge.to) &&
      !["errors.ts", "sizes.ts", "registry.ts", "json.ts"].includes(edge.to) &&
      edge.to !== `${roomOf(edge.to)}/index.ts` &&
      !isDoor(edge),
  );
  expect(around.map(show)).toEqual([]);
});

test("every listed exception is still needed", () => {
  const stale = doors.filter(([from, to]) => !edges.some((edge) => edge.from === from && edge.to === to));
  expect(stale).toEqual([]);
});

test("the library imports Node in train/node only", () => {
  const leaks = sources(library)
    .filter((path) => !path.startsWith(`${library}/train/node/`))
    .flatMap((path) =>
      importsOf(path)
        .filter((specifier) => specifier.startsWith("node:"))
        .map((specifier) => `${path} -> ${specifier}`),
    );
  expect(leaks).toEqual([]);
});

test("only train/node imports train/node", () => {
  const isNode = (path: string): boolean => path.startsWith("train/node/");
  expect(edges.filter(({ from, to }) => isNode(to) && !isNode(from)).map(show)).toEqual([]);
});

test("@jax-js/jax is imported in array/ only", () => {
  const leaks = sources("packages")
    .filter((path) => !path.startsWith(`${library}/array/`))
    .filter((path) => importsOf(path).some((specifier) => packageOf(specifier) === "@jax-js/jax"));
  expect(leaks).toEqual([]);
});

test("experiments, reports and workers import the library only, the library none of its faces", () => {
  const forbidden: Readonly<Record<string, readonly string[]>> = {
    "packages/experiments": ["@unspool/cli", "@unspool/report", "@unspool/workers"],
    "packages/report": ["@unspool/cli", "@unspool/experiments", "@unspool/workers"],
    "packages/workers": ["@unspool/cli", "@unspool/experiments", "@unspool/report"],
    "packages/unspool": ["@unspool/cli", "@unspool/experiments", "@unspool/report", "@unspool/workers"],
  };
  const found = Object.entries(forbidden).flatMap(([folder, names]) =>
    sources(folder, { withTests: true }).flatMap((path) =>
      importsOf(path)
        .filter((specifier) => names.includes(packageOf(specifier)))
        .map((specifier) => `${path} -> ${specifier}`),
    ),
  );
  expect(found).toEqual([]);
});

test("packages do not reach into each other by relative paths", () => {
  const found = sources("packages", { withTests: true }).flatMap((path) =>
    importsOf(path)
      .filter((specifier) => specifier.startsWith("."))
      .map((specifier) => target(path, specifier))
      .filter((to) => !to.startsWith(path.split("/").slice(0, 2).join("/") + "/"))
      .map((to) => `${path} -> ${to}`),
  );
  expect(found).toEqual([]);
});
