/** What is imported is declared, what is declared is used, and every dependency has its line in the docs. */
import { expect, test } from "vitest";
import {
  type Manifest,
  importsOf,
  isTest,
  manifest,
  packageFolders,
  packageOf,
  read,
  repositoryFiles,
  sources,
} from "./repository.ts";

const workspace = manifest(".");
const packages = packageFolders().map((folder) => ({ folder, manifest: manifest(folder) }));

/** Used otherwise than by an import in a source file. */
const tools: Readonly<Record<string, string>> = {
  "@types/node": '"types": ["node"]', // tsconfig.json
  oxlint: "oxlint", // scripts, as the next ones
  prettier: "prettier",
  typescript: "tsc",
  vitest: "vitest",
};

const isBare = (specifier: string): boolean => !/^(?:\.|node:|\/)/.test(specifier);

function declared({ dependencies, peerDependencies, optionalDependencies }: Manifest): string[] {
  return Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies });
}

test("every import of a package is declared where it is used", () => {
  const undeclared = packages.flatMap(({ folder, manifest: own }) =>
    sources(folder, { withTests: true }).flatMap((path) => {
      const isDevelopment = isTest(path) || !path.startsWith(`${folder}/src/`);
      const known = [
        own.name,
        ...declared(own),
        ...(isDevelopment ? Object.keys(workspace.devDependencies!) : []),
      ];
      return importsOf(path)
        .filter((specifier) => isBare(specifier) && !known.includes(packageOf(specifier)))
        .map((specifier) => `${path} -> ${specifier}`);
    }),
  );
  expect(undeclared).toEqual([]);
});

test("every declared dependency of a package is used in its sources", () => {
  const unused = packages.flatMap(({ folder, manifest: own }) => {
    const text = sources(folder === "bench" ? folder : `${folder}/src`)
      .map(read)
      .join("\n");
    return declared(own)
      .filter((name) => !text.includes(`"${name}"`) && !text.includes(`"${name}/`))
      .map((name) => `${own.name}: ${name}`);
  });
  expect(unused).toEqual([]);
});

test("every development dependency is used by a test, a configuration file or a script", () => {
  const imported = repositoryFiles()
    .filter((path) => /\.(?:ts|js)$/.test(path))
    .flatMap(importsOf)
    .map(packageOf);
  const settings = read("package.json").replace(/"devDependencies"[^}]*}/, "") + read("tsconfig.json");
  const unused = Object.keys(workspace.devDependencies!).filter(
    (name) => !imported.includes(name) && !(name in tools && settings.includes(tools[name]!)),
  );
  expect(unused).toEqual([]);
});

test("every dependency has a line in docs/dependencies.md, and no line is out of date", () => {
  const text = read("docs/dependencies.md");
  const named = [...text.matchAll(/^\| `([^`]+)` \| ([^|]+) \|/gm)].map(
    ([, name, version]) => `${name} ${version!.trim()}`,
  );
  const versions = [workspace, ...packages.map((each) => each.manifest)].flatMap(
    ({ dependencies, peerDependencies, optionalDependencies, devDependencies }) =>
      Object.entries({ ...dependencies, ...peerDependencies, ...optionalDependencies, ...devDependencies }),
  );
  const own = packages.map((each) => each.manifest.name);
  const wanted = new Set(
    versions.filter(([name]) => !own.includes(name)).map(([name, version]) => `${name} ${version}`),
  );
  expect(named.toSorted()).toEqual([...wanted].toSorted());
});

test("versions are exact", () => {
  const loose = [workspace, ...packages.map((each) => each.manifest)].flatMap(
    ({ name, dependencies, devDependencies }) =>
      Object.entries({ ...dependencies, ...devDependencies })
        .filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))
        .map(([dependency, version]) => `${name}: ${dependency} ${version}`),
  );
  expect(loose).toEqual([]);
});
