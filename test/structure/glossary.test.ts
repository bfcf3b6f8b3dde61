/** One word for one thing: exported names do not contain the words that the glossary has given up. */
import { expect, test } from "vitest";
import { read, sources } from "./repository.ts";

interface Retired {
  /** In lower case, one to each part of a name. */
  words: string[];
  instead: string;
  except: string[];
}

/** The rows of the glossary's table of words that are not used. */
const retired: readonly Retired[] = read("docs/glossary.md")
  .split("## Words that are not used")[1]!
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .slice(2)
  .map((line) => {
    const [not, instead, except] = line.split("|").slice(1, -1) as [string, string, string];
    return {
      words: not.trim().split(" "),
      instead: instead.trim(),
      except: [...except.matchAll(/`(\w+)`/g)].map(([, name]) => name!),
    };
  });

/** Names that files of the packages export where they declare them, and where. */
const names: readonly (readonly [name: string, path: string])[] = sources("packages").flatMap((path) =>
  [
    ...read(path).matchAll(
      /^export (?:declare )?(?:async )?(?:abstract )?(?:function\*?|const|class|interface|type) (\w+)/gm,
    ),
  ].map(([, name]) => [name!, path] as const),
);

/** The words of a name in camel case, lower case and singular. */
function wordsOf(name: string): string[] {
  return [...name.matchAll(/[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])/g)].map(([word]) => singular(word.toLowerCase()));
}

/** Good enough to find a word again: both sides of a comparison go through it. */
const singular = (word: string): string => word.replace(/(?<=\w{3})s$/, "");

/** Whether the words of a name contain others in a row. */
function contains(name: string, words: readonly string[]): boolean {
  return ` ${wordsOf(name).join(" ")} `.includes(` ${words.map(singular).join(" ")} `);
}

test("the words of a name", () => {
  expect(wordsOf("takeTurns")).toEqual(["take", "turn"]);
  expect(wordsOf("PESOptions")).toEqual(["pes", "option"]);
  expect(contains("trainingSteps", ["training", "step"])).toBe(true);
  expect(contains("exactReturn", ["turn"])).toBe(false);
});

test("the glossary names words that are not used, and the sources export names", () => {
  expect(retired.length).toBeGreaterThan(5);
  expect(retired.filter(({ words, instead }) => words[0] === "" || instead === "")).toEqual([]);
  expect(names.length).toBeGreaterThan(1000);
});

test("no exported name contains a word that the glossary has given up", () => {
  const found = retired.flatMap(({ words, instead, except }) =>
    names
      .filter(([name]) => contains(name, words) && !except.includes(name))
      .map(([name, path]) => `${path}: ${name}; instead of "${words.join(" ")}": ${instead}`),
  );
  expect(found).toEqual([]);
});

test("every exception is still needed", () => {
  const exported = new Set(names.map(([name]) => name));
  const stale = retired.flatMap(({ words, except }) =>
    except.filter((name) => !exported.has(name) || !contains(name, words)),
  );
  expect(stale).toEqual([]);
});

test("carry is the inner loop's: no room above the programs exports it", () => {
  // Those that describe or run loops of units, and the scans of the array.
  const rooms =
    /^packages\/unspool\/src\/(?:array|program|engine|unroll|estimators|diagnostics|rl|problems)\//;
  const found = names.filter(([name, path]) => /carr(?:y|ie)/i.test(name) && !rooms.test(path));
  expect(found).toEqual([]);
});
