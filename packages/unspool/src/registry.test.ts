/** Names, aliases, and what a wrong name is answered. */
import { describe, expect, expectTypeOf, test } from "vitest";
import { OptionError } from "./errors.ts";
import { registry } from "./registry.ts";

interface Shape {
  readonly name: "square" | "circle";
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly corners: number;
  create(size: number): { area: number };
}

const shapes: readonly Shape[] = [
  {
    name: "square",
    aliases: ["box"],
    summary: "four equal sides",
    corners: 4,
    create: (size) => ({ area: size ** 2 }),
  },
  { name: "circle", summary: "round", corners: 0, create: (size) => ({ area: Math.PI * size ** 2 }) },
];

const strict = registry("createShape", shapes);
const lenient = registry("createShape", shapes, { ignoresCase: true });

describe("a registry", () => {
  test("lists names in order, and aliases", () => {
    expect(strict.names).toEqual(["square", "circle"]);
    expect(strict.aliases).toEqual({ box: "square" });
    expect(strict.entries).toBe(shapes);
  });

  test("finds entries, with their traits, by name and alias", () => {
    expect(strict.entry("circle").corners).toBe(0);
    expect(strict.entry("box").name).toBe("square");
    expect(strict.find("Box")).toBeUndefined();
    expect(lenient.find("BOX")?.name).toBe("square");
  });

  test("makes what the entry makes, from what it takes", () => {
    expect(strict.create("box", 3)).toEqual({ area: 9 });
  });

  test.each([
    ["squar", 'createShape: name must be one of "square", "circle", got "squar". Did you mean "square"?'],
    ["boxx", 'got "boxx". Did you mean "box"?'],
    ["Circle", 'got "Circle". Did you mean "circle"?'],
    ["dodecahedron", 'got "dodecahedron".'],
    [3 as never, 'one of "square", "circle", got 3.'],
    ["constructor", 'got "constructor".'],
  ])("answers %j with the names, and the nearest", (name, message) => {
    expect(() => strict.create(name, 1)).toThrow(OptionError);
    expect(() => strict.entry(name)).toThrow(message);
  });

  test("takes no name twice, nor an alias that is a name", () => {
    const twin = { ...shapes[1]!, aliases: ["Square"] };
    expect(registry("createShape", [shapes[0]!, twin]).names.length).toBe(2);
    expect(() => registry("createShape", [shapes[0]!, twin], { ignoresCase: true })).toThrow(
      'createShape: the name of an entry must be one that no other entry has, got "Square".',
    );
    expect(() => registry("createShape", [shapes[0]!, shapes[0]!])).toThrow('got "square"');
  });

  test("types: names, traits, and what constructors take and give", () => {
    expectTypeOf(strict.names).toEqualTypeOf<readonly ("square" | "circle")[]>();
    expectTypeOf(strict.entry("circle")).toEqualTypeOf<Shape>();
    expectTypeOf(strict.create("circle", 1)).toEqualTypeOf<{ area: number }>();
    // @ts-expect-error: a size is a number.
    expect(strict.create("circle", "large").area).toBeNaN();
    // @ts-expect-error: an entry has a summary.
    registry("createShape", [{ name: "line", create: () => 1 }]);
  });
});
