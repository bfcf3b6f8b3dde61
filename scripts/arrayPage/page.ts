/**
 * docs/array.md: every function of the namespaces of `unspool/array`, what it does, and whether it has a derivative and
 * stands in traces. Names come from the namespaces, sentences from the comments over the functions, derivatives from
 * the tables that the tests check.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import {
  derivedNames,
  onlyOutside,
  withoutDerivative,
} from "../../packages/unspool/src/array/derived/testing/names.ts";
import * as transformationsByName from "../../packages/unspool/src/array/transformations.ts";
import { lax, linalg, nn, np, random } from "../../packages/unspool/src/array/index.ts";
import type { ArrayCase } from "../../packages/unspool/src/array/testing/contract.ts";
import {
  type BinaryCase,
  type UnaryCase,
  binary,
  integer,
  unary,
} from "../../packages/unspool/src/array/testing/elementwise.ts";
import { arrayLax, arrayLinalg, arrayNn } from "../../packages/unspool/src/array/testing/networks.ts";
import { structural } from "../../packages/unspool/src/array/testing/structural.ts";
import { type Page, root } from "../page.ts";

const pagePath = "docs/array.md";
const sources = join(root, "packages/unspool/src/array");

const head = `# Functions of \`unspool/array\`

Written by \`npm run docs:array\`; a test fails while it is out of date. Functions have NumPy's values and JAX's dtypes ([what is promised](numerics.md)), eagerly, inside \`jit\`, \`grad\`, \`vmap\`, and in compiled steps. Where nothing else is said, a function does what NumPy's or JAX's of that name does, in camel case, with options in one record at the end.
`;

interface Entry {
  name: string;
  sentence: string;
  hasDerivative: boolean;
}

/** The page, and what the sources lack for it. */
export function arrayPage(): Page {
  const lacks: string[] = [];
  const entries = (label: string, namespace: object, files: readonly string[]): Entry[] => {
    const comments = commentsIn(files);
    const names = Object.entries(namespace).flatMap(([name, value]) =>
      typeof value === "function" ? [name] : [],
    );
    for (const name of names) {
      if (comments.has(name) || isPlain(label, name)) continue;
      lacks.push(`${label}.${name} has no sentence over its definition.`);
    }
    return names
      .map((name) => ({
        name,
        sentence: comments.get(name) ?? "",
        hasDerivative: hasDerivative(label, name),
      }))
      .toSorted((a, b) => a.name.localeCompare(b.name));
  };
  const all = { np, nn, lax, linalg, random };
  const sections = Object.entries(all).map(([label, namespace]) => {
    const { title, files } = layout[label as keyof typeof all];
    return section(label, title, entries(label, namespace, files));
  });
  const transforms = transformations(entries("", transformationsByName, [...transformationFiles]));
  return { path: pagePath, text: `${[head, transforms, ...sections].join("\n")}\n`, lacks };
}

const transformationFiles = ["transforms.ts", "customJvp.ts", "customVjp.ts", "scan.ts", "trace.ts"];

function transformations(entries: readonly Entry[]): string {
  const lines = ["## Transformations of functions", "", "| function | |", "| --- | --- |"];
  for (const { name, sentence } of entries)
    lines.push(`| \`${name}\` | ${sentence.replaceAll("|", "\\|")} |`);
  return `${lines.join("\n")}\n`;
}

const layout = {
  np: { title: "Arrays", files: ["derived/np"] },
  nn: { title: "Neural networks", files: [] },
  lax: { title: "Control flow and low-level functions", files: ["derived/lax", "customLinearSolve.ts"] },
  linalg: { title: "Linear algebra", files: ["linalg.ts", "derived/linalg"] },
  random: { title: "Random numbers", files: ["random.ts", "derived/random"] },
};

/** The names of NumPy's and of networks' functions say all, and so do two lifted factorisations. */
function isPlain(namespace: string, name: string): boolean {
  if (namespace === "np" || namespace === "nn") return !derivedNames.includes(name);
  return ["lu", "triangularSolve", ...Object.keys(arrayLax), "erf", "erfc"].includes(name);
}

function section(namespace: string, title: string, entries: readonly Entry[]): string {
  const plain = entries.filter(({ sentence }) => sentence === "");
  const told = entries.filter(({ sentence }) => sentence !== "");
  const mark = ({ name }: Entry): string => `\`${name}\``;
  const lines = [`## \`${namespace}\`: ${title}`, ""];
  if (plain.length > 0) {
    const smooth = plain.filter((entry) => entry.hasDerivative);
    const other = plain.filter((entry) => !entry.hasDerivative);
    if (smooth.length > 0) lines.push(`With derivatives: ${smooth.map(mark).join(", ")}.`, "");
    if (other.length > 0) lines.push(`Constant, discrete or bool: ${other.map(mark).join(", ")}.`, "");
  }
  if (told.length > 0) {
    lines.push("| function | | derivative | in traces |", "| --- | --- | --- | --- |");
    for (const { name, sentence, hasDerivative: isSmooth } of told) {
      const inTraces = onlyOutside.includes(name) ? "no: says what to write" : "yes";
      lines.push(
        `| \`${name}\` | ${sentence.replaceAll("|", "\\|")} | ${isSmooth ? "yes" : ""} | ${inTraces} |`,
      );
    }
    lines.push("");
  }
  return lines.join("\n");
}

/** Made from numbers, of whole numbers, or constant between jumps. */
// prettier-ignore
const constant = [
  "arange", "array", "bitwiseNot", "eye", "full", "fullLike", "geomspace", "linspace", "logspace", "ones", "onesLike",
  "tri", "zeros", "zerosLike", "stopGradient", "bitcastConvertType", "oneHot", "invert",
];
/** Draws that depend on numbers through which derivatives go. */
const smoothDraws = ["beta", "dirichlet", "gamma", "multivariateNormal", "truncatedNormal"];

function hasDerivative(namespace: string, name: string): boolean {
  if (namespace === "random") return smoothDraws.includes(name);
  if (withoutDerivative.includes(name) || constant.includes(name)) return false;
  const one: UnaryCase | undefined = (unary as Record<string, UnaryCase>)[name];
  if (one !== undefined) return one.slope !== undefined && one.isTest !== true;
  const two: BinaryCase | undefined = (binary as Record<string, BinaryCase>)[name];
  if (two !== undefined) return two.slopes !== undefined && two.isTest !== true;
  if (name in integer) return false;
  const tables: readonly Readonly<Record<string, readonly ArrayCase[]>>[] = [
    structural,
    arrayNn,
    arrayLax,
    arrayLinalg,
  ];
  const cases = tables.flatMap((table) => table[name] ?? []);
  return name === "svd" || cases.length === 0 || cases.some((row) => row.isDifferentiable !== false);
}

/** The first sentence of the comment over each function in files and folders of the array room. */
function commentsIn(places: readonly string[]): Map<string, string> {
  const found = new Map<string, string>();
  const pattern = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(?:export )?(?:function|const) (\w+)[<(:= ]/g;
  for (const path of places.flatMap(filesOf)) {
    for (const [, comment, name] of readFileSync(path, "utf8").matchAll(pattern)) {
      const text = comment!
        .replaceAll(/\n\s*\* ?/g, "\n")
        .split("\n\n")[0]!
        .replaceAll(/\s+/g, " ")
        .trim();
      const sentence = /^(.*?[.])(?= [A-Z0-9`]|$)/.exec(text)?.[1] ?? text;
      found.set(name === "switchCase" ? "switch" : name!, sentence);
    }
  }
  return found;
}

function filesOf(place: string): string[] {
  const path = join(sources, place);
  if (path.endsWith(".ts")) return [path];
  return readdirSync(path)
    .toSorted()
    .map((file) => join(path, file));
}
